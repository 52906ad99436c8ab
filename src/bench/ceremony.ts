/**
 * `npm run bench:ceremony`: a contribution to a key, and the key's verification, beside snarkjs on the same key in the
 * same run. The powers of tau are made here from known numbers, since snarkjs takes minutes for true ones; neither tool
 * can tell the difference. Writes bench/results/ceremony.json and, with --doc, the block `ceremony` of
 * docs/ceremony.md.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { Command } from 'commander';
import * as snarkjs from 'snarkjs';

import { UsageError } from '../errors.js';
import type { NativeBackend } from '../groth16/binding.js';
import { loadNative } from '../groth16/native.js';
import { markdownTable, writeBlocks } from './document.js';
import { count, powers } from './options.js';
import { describeCommit, describeMachine, endSnarkjs, saveReport, type BenchResult } from './results.js';
import { median } from './statistics.js';
import { duration } from './table.js';
import { nativeProgram } from './workload.js';

interface CeremonyRow {
  readonly power: number;
  readonly step: string;
  /** Milliseconds. */
  readonly ours: readonly number[];
  /** Empty where snarkjs has no such step. */
  readonly snarkjs: readonly number[];
  /**
   * Medians of the ratios round by round: of time, and of processor time, which other programs on the machine disturb
   * less.
   */
  readonly ratio?: number;
  readonly processorRatio?: number;
}

interface Seconds {
  readonly wall: number;
  readonly processor: number;
}

interface Options {
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly doc: boolean;
}

async function measure(native: NativeBackend, folder: string, power: number, rounds: number): Promise<CeremonyRow[]> {
  const at = (name: string): string => join(folder, `${power}-${name}`);
  const [r1cs, wtns, ptau, initial, contributed] = [
    'circuit.r1cs',
    'witness.wtns',
    'powers.ptau',
    'initial.zkey',
    'contributed.zkey',
  ].map(at);
  execFileSync(nativeProgram('zkinfer-synth'), [String(power), 'nn', r1cs, wtns], { stdio: 'pipe' });
  execFileSync(nativeProgram('zkinfer-synth'), ['ptau', String(power), ptau], { stdio: 'pipe' });
  await native.setup(r1cs, initial, { ptau, checkPowers: false });
  const { ceremony } = native;
  const rows = [
    await paired(
      power,
      'contribution',
      rounds,
      () => ceremony.contribute(initial, contributed),
      () => snarkjs.zKey.contribute(initial, at('theirs.zkey'), 'bench', 'entropy'),
    ),
    await paired(
      power,
      'verification',
      rounds,
      () => ceremony.verifyKey(contributed, { r1cs, ptau, checkPowers: false }),
      () => accepted(snarkjs.zKey.verifyFromR1cs(r1cs, ptau, contributed)),
    ),
  ];
  const check = await timed(() => ceremony.checkPowers(ptau));
  console.log(
    `2^${power}: powers of tau checked in ${duration(check.wall)}, ${duration(check.processor)} of processor time`,
  );
  // snarkjs's verification refuses powers that nobody contributed to, as these are.
  rows.push({ power, step: 'powers of tau', ours: [check.wall], snarkjs: [] });
  return rows;
}

async function accepted(answer: Promise<boolean>): Promise<void> {
  if (!(await answer)) throw new Error('snarkjs refuses a key that was made here');
}

async function paired(
  power: number,
  step: string,
  rounds: number,
  ours: () => Promise<unknown>,
  theirs: () => Promise<unknown>,
): Promise<CeremonyRow> {
  const samples: { ours: Seconds; theirs: Seconds }[] = [];
  for (let i = 0; i < rounds; i += 1) samples.push({ ours: await timed(ours), theirs: await timed(theirs) });
  const ratio = median(samples.map((sample) => sample.theirs.wall / sample.ours.wall));
  const processorRatio = median(samples.map((sample) => sample.theirs.processor / sample.ours.processor));
  const row = {
    power,
    step,
    ours: samples.map((sample) => sample.ours.wall),
    snarkjs: samples.map((sample) => sample.theirs.wall),
    ratio,
    processorRatio,
  };
  const durations = `${duration(median(row.ours))}, snarkjs ${duration(median(row.snarkjs))}`;
  console.log(
    `2^${power} ${step}: ${durations}, ${ratio.toFixed(1)} times, ${processorRatio.toFixed(1)} times the processor time`,
  );
  return row;
}

async function timed(work: () => Promise<unknown>): Promise<Seconds> {
  const [started, used] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(used);
  return { wall: performance.now() - started, processor: (user + system) / 1000 };
}

type Report = Omit<BenchResult, 'workloads'> & { readonly rows: readonly CeremonyRow[] };

function table({ machine, commit, date, rounds, load, rows }: Report): string {
  return [
    markdownTable(
      ['step', 'domain', 'zkinfer', 'snarkjs', 'ratio', 'of processor time'],
      rows.map(({ step, power, ours, snarkjs: theirs, ratio, processorRatio }) => [
        step,
        `2^${power}`,
        duration(median(ours)),
        theirs.length === 0 ? '' : duration(median(theirs)),
        times(ratio),
        times(processorRatio),
      ]),
    ),
    '',
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; commit ${commit}, ${date.slice(0, 10)}. Medians of ${rounds} round${rounds === 1 ? '' : 's'}, both tools in turn in ` +
      `one process; load average ${load.map((value) => value.toFixed(1)).join(' at the start, ')} at the end. Written by \`npm run bench:ceremony -- --doc\`.`,
  ].join('\n');
}

function times(ratio: number | undefined): string {
  return ratio === undefined ? '' : `${ratio.toFixed(1)}×`;
}

const options = new Command('bench:ceremony')
  .description('Times contributions to a key, and their verification, beside snarkjs.')
  .option('--sizes <powers>', 'domain sizes', powers, [14, 17])
  .option('--rounds <count>', 'timed rounds', count, 3)
  .option('--doc', 'write the table into docs/ceremony.md', false)
  .parse()
  .opts<Options>();

const loaded = loadNative();
if ('reason' in loaded) throw new UsageError(loaded.reason);
const loadBefore = loadavg()[0];
const folder = mkdtempSync(join(tmpdir(), 'zkinfer-bench-'));
try {
  const rows: CeremonyRow[] = [];
  for (const power of options.sizes) rows.push(...(await measure(loaded.backend, folder, power, options.rounds)));
  const report: Report = {
    machine: describeMachine(),
    commit: describeCommit(),
    date: new Date().toISOString(),
    rounds: options.rounds,
    load: [loadBefore, loadavg()[0]],
    rows,
  };
  saveReport('ceremony', report);
  console.log(`\n${table(report)}`);
  if (options.doc) await writeBlocks({ ceremony: table(report) });
} finally {
  rmSync(folder, { recursive: true });
  await endSnarkjs();
}
