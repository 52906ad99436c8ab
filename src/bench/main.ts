/**
 * `npm run bench`: proving times side by side, in one run, on the same keys and witnesses. Each round times every
 * contestant once, in rotating order; what is reported are medians and medians of the rounds' ratios. Results go to
 * `bench/results/` and, with --doc, into docs/benchmarks.md.
 *
 * The trap: the first proof of each contestant reads the key into the page cache and compiles what is compiled lazily.
 * A warm-up round is therefore not counted; the proofs it makes are the ones that are verified.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';

import { Command } from 'commander';

import { UsageError } from '../errors.js';
import { loadNative } from '../groth16/native.js';
import type { Groth16Backend } from '../groth16/types.js';
import { Launcher, type Usage } from './command.js';
import { enter, type Contestant } from './contestants.js';
import { writeBlocks } from './document.js';
import { count, powers } from './options.js';
import { plot } from './plot.js';
import {
  describeCommit,
  describeMachine,
  endSnarkjs,
  NATIVE_PROCESS,
  saveReport,
  saveResult,
  type BenchResult,
  type Timing,
  type WorkloadResult,
} from './results.js';
import { median, pairedRatio } from './statistics.js';
import { resultTable } from './table.js';
import { makeWorkload, type WitnessKind, type Workload } from './workload.js';

interface Options {
  readonly sizes: readonly number[];
  readonly full: readonly number[];
  readonly rounds: number;
  readonly snarkjsUpTo: number;
  readonly doc: boolean;
}

async function benchmark(options: Options): Promise<void> {
  const native = loadNative();
  if ('reason' in native) throw new UsageError(native.reason);
  const wanted: (readonly [WitnessKind, number])[] = [
    ...options.sizes.map((power) => ['nn', power] as const),
    ...options.full.map((power) => ['full', power] as const),
  ];
  const loadBefore = loadavg()[0];
  const launcher = new Launcher();
  const workloads: WorkloadResult[] = [];
  for (const [kind, power] of wanted) {
    const result = await runWorkload(launcher, native.backend, kind, power, options);
    workloads.push(result);
    const times = result.timings.map(
      ({ name, medianMs, ratio }) => `${name} ${medianMs.toFixed(1)} ms (${ratio.toFixed(2)}x)`,
    );
    console.log(`${kind} 2^${power}: setup ${Math.round(result.setupMs)} ms; ${times.join(', ')}`);
  }
  launcher.close();
  const result: BenchResult = {
    machine: describeMachine(),
    commit: describeCommit(),
    date: new Date().toISOString(),
    rounds: options.rounds,
    load: [loadBefore, loadavg()[0]],
    workloads,
  };
  await save(result, options.doc);
}

async function runWorkload(
  launcher: Launcher,
  native: Groth16Backend,
  kind: WitnessKind,
  power: number,
  options: Options,
): Promise<WorkloadResult> {
  const directory = mkdtempSync(join(tmpdir(), 'zkinfer-bench-'));
  const contestants: Contestant[] = [];
  try {
    const workload = await makeWorkload(native, kind, power, directory);
    contestants.push(...(await enter(launcher, native, workload, directory, power <= options.snarkjsUpTo)));
    for (const contestant of contestants) await warmUp(native, workload, contestant);
    const samples = contestants.map((): number[] => []);
    for (let round = 0; round < options.rounds; round++) {
      for (let turn = 0; turn < contestants.length; turn++) {
        const index = (round + turn) % contestants.length;
        samples[index].push(await contestants[index].prove());
      }
    }
    const reference = samples[contestants.findIndex(({ name }) => name === NATIVE_PROCESS)];
    const timings: Timing[] = [];
    for (const [index, contestant] of contestants.entries()) {
      timings.push({
        name: contestant.name,
        samples: samples[index],
        medianMs: median(samples[index]),
        ratio: pairedRatio(samples[index], reference),
        ...(await usageOf(contestant)),
      });
    }
    return { kind, power, wires: workload.witness.length / 32, setupMs: workload.setupMs, timings };
  } finally {
    for (const contestant of contestants) await contestant.close();
    rmSync(directory, { recursive: true });
  }
}

const USAGE_RUNS = 5;

async function usageOf(contestant: Contestant): Promise<Pick<Timing, 'peakMiB' | 'cpuMs'>> {
  if (contestant.usage === undefined) return {};
  const runs: Usage[] = [];
  for (let i = 0; i < USAGE_RUNS; i++) runs.push(await contestant.usage());
  const cpu = runs.flatMap(({ cpuMs }) => cpuMs ?? []);
  return {
    peakMiB: Math.max(...runs.map(({ peakMiB }) => peakMiB)),
    cpuMs: cpu.length > 0 ? median(cpu) : undefined,
  };
}

async function warmUp(native: Groth16Backend, workload: Workload, contestant: Contestant): Promise<void> {
  await contestant.prove();
  const { publicSignals, proof } = contestant.lastProof();
  if (!(await native.verify(workload.verificationKey, publicSignals, proof))) {
    throw new Error(`${contestant.name} made a proof that does not verify (${workload.kind}, 2^${workload.power})`);
  }
}

async function save(result: BenchResult, doc: boolean): Promise<void> {
  saveReport('prove', result);
  if (result.workloads.some(({ kind }) => kind === 'nn')) saveResult('prove.svg', plot(result));
  console.log(`\n${resultTable(result)}`);
  if (doc) await writeBlocks({ bench: resultTable(result) });
}

const program = new Command('bench')
  .description('Times Groth16 provers side by side. ZKINFER_RAPIDSNARK and ZKINFER_PEERS add peers.')
  .option('--sizes <powers>', 'domain sizes with neural-network witnesses', powers, [12, 13, 14, 15, 16, 17, 18])
  .option('--full <powers>', 'domain sizes with full-width random witnesses', powers, [14])
  .option('--rounds <count>', 'timed rounds', count, 9)
  .option('--snarkjs-up-to <power>', 'largest domain that snarkjs is timed on', count, 16)
  .option('--doc', 'write the table into docs/benchmarks.md', false);

await benchmark(program.parse().opts<Options>());
await endSnarkjs();
