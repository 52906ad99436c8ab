/** What a benchmark run says: numbers, and the machine and commit that they belong to. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import type { WitnessKind } from './workload.js';

/** Names of the two that are ours. */
export const NATIVE_PROCESS = 'zkinfer-prover';
export const NATIVE_IN_PROCESS = 'zkinfer in-process';

export interface Timing {
  readonly name: string;
  /** Milliseconds, one a round; rounds are shared by all contestants of a workload. */
  readonly samples: readonly number[];
  readonly medianMs: number;
  /** Median over the rounds of this time divided by zkinfer-prover's. */
  readonly ratio: number;
  /** Of the process, in MiB; absent for what runs inside Node. */
  readonly peakMiB?: number;
  /** Median processor time of the process, all threads; says more than wall time on a machine that is not idle. */
  readonly cpuMs?: number;
}

export interface WorkloadResult {
  readonly kind: WitnessKind;
  readonly power: number;
  readonly wires: number;
  readonly setupMs: number;
  readonly timings: readonly Timing[];
}

export interface BenchResult {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryGiB: number; readonly node: string };
  /** Short hash; `+` follows it where tracked files differ from the commit. */
  readonly commit: string;
  readonly date: string;
  readonly rounds: number;
  /** Load average (processes that want a core, one minute) when the run began and when it ended. */
  readonly load: readonly [number, number];
  readonly workloads: readonly WorkloadResult[];
}

export function describeMachine(): BenchResult['machine'] {
  const cores = cpus();
  return {
    cpu: cores[0].model.trim(),
    cores: cores.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
}

export function describeCommit(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
  const changed = git(
    'status',
    '--porcelain',
    '--untracked-files=no',
    '--',
    'native/src',
    'native/node',
    'native/Cargo.toml',
    'src/groth16',
  );
  return git('rev-parse', '--short', 'HEAD') + (changed === '' ? '' : '+');
}

/** Writes a benchmark's report into `bench/results/`. */
export function saveReport(name: string, report: object): void {
  saveResult(`${name}.json`, `${JSON.stringify(report, undefined, 1)}\n`);
}

/** A benchmark's last report in `bench/results/`. */
export function readReport(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../bench/results/${name}.json`, import.meta.url), 'utf8'));
}

/** Writes a file into `bench/results/`. */
export function saveResult(name: string, content: string): void {
  const folder = new URL('../../bench/results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(name, folder), content);
}

/** Ends snarkjs's worker threads: they keep the process alive. */
export async function endSnarkjs(): Promise<void> {
  await (globalThis as { curve_bn128?: { terminate(): Promise<void> } }).curve_bn128?.terminate();
}
