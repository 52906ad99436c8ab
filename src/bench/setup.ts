/**
 * `npm run bench:setup`: what a setup takes. Development keys for circuits of given sizes; and with --ptau FILE, keys
 * from a prepared powers-of-tau file, which snarkjs then verifies (and, with --snarkjs, makes itself, minutes long).
 * Writes bench/results/setup.json and, with --doc, the block `setup` of docs/benchmarks.md.
 *
 * Memory is that of a process which makes the circuit and then its key, so that it bounds the setup's from above.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { Command } from 'commander';
import * as snarkjs from 'snarkjs';

import { UsageError } from '../errors.js';
import type { NativeBackend } from '../groth16/binding.js';
import { loadNative } from '../groth16/native.js';
import { usage } from './command.js';
import { markdownTable, writeBlocks } from './document.js';
import { count, powers } from './options.js';
import { describeCommit, describeMachine, endSnarkjs, saveReport, type BenchResult } from './results.js';
import { median } from './statistics.js';
import { duration } from './table.js';
import { nativeProgram } from './workload.js';

interface SetupRow {
  readonly power: number;
  readonly from: 'fresh randomness' | 'powers of tau';
  readonly samples: readonly number[];
  readonly medianMs: number;
  readonly keyMiB: number;
  readonly peakMiB?: number;
  /** What `snarkjs zkey verify` said of the key; only of keys from powers of tau. */
  readonly verifiedBySnarkjs?: boolean;
  readonly snarkjsMs?: number;
}

interface SetupReport extends Omit<BenchResult, 'workloads'> {
  readonly rows: readonly SetupRow[];
}

interface Options {
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly ptau?: string;
  readonly ptauSize: readonly number[];
  readonly snarkjs: boolean;
  readonly doc: boolean;
}

async function measure(options: Options): Promise<SetupReport> {
  const loaded = loadNative();
  if ('reason' in loaded) throw new UsageError(loaded.reason);
  const loadBefore = loadavg()[0];
  const folder = mkdtempSync(join(tmpdir(), 'zkinfer-bench-'));
  try {
    const rows: SetupRow[] = [];
    for (const power of options.sizes) rows.push(say(await development(loaded.backend, folder, power, options.rounds)));
    for (const power of options.ptau === undefined ? [] : options.ptauSize)
      rows.push(say(await ceremony(loaded.backend, folder, power, options)));
    return {
      machine: describeMachine(),
      commit: describeCommit(),
      date: new Date().toISOString(),
      rounds: options.rounds,
      load: [loadBefore, loadavg()[0]],
      rows,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function say(result: SetupRow): SetupRow {
  console.log(`2^${result.power} from ${result.from}: ${duration(result.medianMs)}`);
  return result;
}

const filesIn = (folder: string): Record<'r1cs' | 'wtns' | 'zkey', string> => ({
  r1cs: join(folder, 'circuit.r1cs'),
  wtns: join(folder, 'witness.wtns'),
  zkey: join(folder, 'proving.zkey'),
});

async function development(native: NativeBackend, folder: string, power: number, rounds: number): Promise<SetupRow> {
  const { r1cs, wtns, zkey } = filesIn(folder);
  const { peakMiB } = await usage([nativeProgram('zkinfer-synth'), String(power), 'nn', r1cs, wtns, zkey]);
  const samples = await timed(rounds, () => native.setup(r1cs, zkey));
  return { power, from: 'fresh randomness', samples, medianMs: median(samples), keyMiB: mebibytes(zkey), peakMiB };
}

async function ceremony(native: NativeBackend, folder: string, power: number, options: Options): Promise<SetupRow> {
  const { r1cs, wtns, zkey } = filesIn(folder);
  const ptau = options.ptau as string;
  execFileSync(nativeProgram('zkinfer-synth'), [String(power), 'nn', r1cs, wtns], { stdio: 'pipe' });
  const samples = await timed(options.rounds, () => native.setup(r1cs, zkey, { ptau }));
  const verifiedBySnarkjs = await snarkjs.zKey.verifyFromR1cs(r1cs, ptau, zkey);
  const keyMiB = mebibytes(zkey);
  const snarkjsMs = options.snarkjs ? (await timed(1, () => snarkjs.zKey.newZKey(r1cs, ptau, zkey)))[0] : undefined;
  return { power, from: 'powers of tau', samples, medianMs: median(samples), keyMiB, verifiedBySnarkjs, snarkjsMs };
}

async function timed(rounds: number, work: () => Promise<unknown>): Promise<number[]> {
  const samples: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const started = performance.now();
    await work();
    samples.push(performance.now() - started);
  }
  return samples;
}

const mebibytes = (file: string): number => readFileSync(file).length / 2 ** 20;

function table({ machine, commit, date, rounds, load, rows }: SetupReport): string {
  const header = ['keys from', 'domain', 'time', 'key', 'peak memory', 'accepted by `snarkjs zkey verify`', 'snarkjs'];
  return [
    markdownTable(
      header,
      rows.map((result) => [
        result.from,
        `2^${result.power}`,
        duration(result.medianMs),
        `${Math.round(result.keyMiB)} MiB`,
        result.peakMiB === undefined ? '' : `${Math.round(result.peakMiB)} MiB`,
        result.verifiedBySnarkjs === undefined ? '' : result.verifiedBySnarkjs ? 'yes' : 'NO',
        result.snarkjsMs === undefined
          ? ''
          : `${duration(result.snarkjsMs)} (${Math.round(result.snarkjsMs / result.medianMs)}×)`,
      ]),
    ),
    '',
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; commit ${commit}, ${date.slice(0, 10)}. Medians of ${rounds}; circuits as in the ` +
      `prover's benchmark. Load average ${load.map((value) => value.toFixed(1)).join(' at the start, ')} at the end.`,
  ].join('\n');
}

const options = new Command('bench:setup')
  .description('Times Groth16 setup: development keys, and keys from a prepared powers-of-tau file.')
  .option('--sizes <powers>', 'domain sizes of development keys', powers, [14, 17, 20])
  .option('--rounds <count>', 'timed rounds', count, 3)
  .option('--ptau <file>', 'a prepared powers-of-tau file')
  .option('--ptau-size <powers>', 'domain sizes of keys from it', powers, [14])
  .option('--snarkjs', 'time snarkjs on the same file too', false)
  .option('--doc', 'write the table into docs/benchmarks.md', false)
  .parse()
  .opts<Options>();

const report = await measure(options);
saveReport('setup', report);
console.log(`\n${table(report)}`);
if (options.doc) await writeBlocks({ setup: table(report) });
await endSnarkjs();
