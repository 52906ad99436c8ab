/**
 * `npm run bench:wasm`: proofs by the WebAssembly prover beside snarkjs on one thread, in one run of Node, on the same
 * keys and witnesses, of the fixtures mnist-mlp and lenet5 (or of builds that are named). Prints times, ratios and the
 * module's size.
 *
 * The traps: V8 compiles both anew in the first proofs, so one round of each is not counted; and on a machine with other
 * work only processor time means something, so both are printed.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { gzipSync } from 'node:zlib';

import { Command } from 'commander';
import * as snarkjs from 'snarkjs';

import { wholeNumber } from '../cli/options.js';
import { chooseBackend } from '../groth16/backends.js';
import type { Groth16Backend, LoadedKey } from '../groth16/types.js';
import { wasmBackendOver } from '../groth16/wasm.js';
import { encodeWtns } from '../r1cs/witness.js';
import { markdownTable } from './document.js';
import { buildFixture, openSubject } from './gas-fixtures.js';
import { describeMachine } from './results.js';
import { median, pairedRatio } from './statistics.js';

const FIXTURES = ['mnist-mlp', 'lenet5'];
const MODULE = new URL('../../native/zkinfer.wasm', import.meta.url);

/** Milliseconds of a proof, on the clock and on processors. */
interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

/** A backend whose next loaded key hands over the witnesses that it is asked to prove. */
function listening(backend: Groth16Backend, hear: (witness: Uint8Array) => void): Groth16Backend {
  const loadKey = async (...args: Parameters<Groth16Backend['loadKey']>): Promise<LoadedKey> => {
    const key = await backend.loadKey(...args);
    return {
      ...key,
      prove: (witness, options) => {
        hear(witness.slice());
        return key.prove(witness, options);
      },
    };
  };
  return { ...backend, loadKey };
}

async function cost(prove: () => Promise<unknown>): Promise<Cost> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await prove();
  const { user, system } = process.cpuUsage(before);
  return { wall: performance.now() - start, cpu: (user + system) / 1000 };
}

async function measure(build: string, wasm: Groth16Backend, rounds: number): Promise<string[]> {
  let witness: Uint8Array = new Uint8Array();
  const subject = await openSubject(
    build,
    listening(wasm, (heard) => (witness = heard)),
  );
  await subject.prove(0n);
  await subject.close();
  const zkey = join(build, 'proving.zkey');
  const key = await wasm.loadKey(zkey);
  const data = await readFile(zkey);
  const contestants = [
    async () => {
      const { proof, publicSignals } = await snarkjs.groth16.prove(
        { type: 'mem', data },
        { type: 'mem', data: encodeWtns(witness) },
      );
      return wasm.verify(subject.key, publicSignals, proof as never);
    },
    () => key.prove(witness),
  ];
  const costs: Cost[][] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    for (const [index, prove] of contestants.entries()) {
      const spent = await cost(prove);
      if (round > 0) costs[index].push(spent);
    }
  }
  const { domainSize } = key.shape;
  await key.close();
  const of = (index: number, what: keyof Cost): number[] => costs[index].map((spent) => spent[what]);
  const times = (what: keyof Cost): string[] => [
    ...[0, 1].map((index) => `${median(of(index, what)).toFixed(0)} ms`),
    `${pairedRatio(of(0, what), of(1, what)).toFixed(2)}×`,
  ];
  return [basename(build), `2^${Math.log2(domainSize)}`, ...times('cpu'), ...times('wall')];
}

await new Command('bench:wasm')
  .description('the WebAssembly prover beside snarkjs on one thread')
  .argument('[builds...]', 'build folders with keys; default: the fixtures mnist-mlp and lenet5')
  .option('--rounds <n>', 'proofs of each; medians are reported', wholeNumber, 5)
  .action(async (builds: readonly string[], { rounds }: { readonly rounds: number }) => {
    const wasm = wasmBackendOver(1);
    const folder = await mkdtemp(join(tmpdir(), 'zkinfer-wasm-'));
    // snarkjs takes a curve that is there already, which has no threads.
    const curve = await snarkjs.curves.getCurveFromName('bn128', { singleThread: true });
    (globalThis as { curve_bn128?: unknown }).curve_bn128 = curve;
    try {
      const folders = [...builds];
      const maker = chooseBackend('auto', console.error);
      if (builds.length === 0) for (const name of FIXTURES) folders.push(await buildFixture(name, folder, maker));
      const rows: string[][] = [];
      for (const build of folders) rows.push(await measure(build, wasm, rounds));
      const columns = ['snarkjs', 'zkinfer', 'ratio'];
      const header = [
        'model',
        'domain',
        ...columns.map((name) => `${name}, processor`),
        ...columns.map((name) => `${name}, clock`),
      ];
      console.log(markdownTable(header, rows));
      const bytes = await readFile(MODULE);
      const { cpu, cores, node } = describeMachine();
      console.log(
        `\n${cpu}, ${cores} cores, Node ${node}; one thread each; medians of ${rounds} rounds. Module: ` +
          `${Math.round(bytes.length / 1000)} KB, ${Math.round(gzipSync(bytes, { level: 9 }).length / 1000)} KB compressed.`,
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  })
  .parseAsync();
