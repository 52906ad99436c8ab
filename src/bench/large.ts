/**
 * `npm run bench:large`: time and peak memory of compiling networks of millions of weights or, with --keys, of their
 * keys and a proof. Each is generated here, each verb runs in a fresh process, one after the other. Writes
 * bench/results/large.json or large-keys.json and, with --doc, docs/benchmarks.md. Takes gigabytes of memory and disk meanwhile.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { UsageError } from '../errors.js';
import { markdownTable, writeBlocks } from './document.js';
import type { LargeRun } from './large-child.js';
import type { KeyRun, KeyTask } from './large-key-child.js';
import { LARGE_MODELS } from './large-models.js';
import { describeCommit, describeMachine, saveReport } from './results.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Megabytes that a compile's heap may take, so that a defect cannot use up the machine's memory. */
const MOST_HEAP = 8192;

interface CompileRow extends LargeRun {
  readonly name: string;
}

interface KeyRow extends Readonly<Record<KeyTask, KeyRun>> {
  readonly name: string;
  readonly constraints: number;
  readonly nonZeros: number;
}

/** Makes a model and compiles it into a folder that is there as long as `use` runs. */
function compiled<T>(name: string, use: (result: CompileRow, folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'zkinfer-large-'));
  try {
    const { make, inputSize } = LARGE_MODELS[name];
    writeFileSync(join(folder, 'model.onnx'), make());
    const build = join(folder, 'build');
    const result = run(name, 'large-child.js', [join(folder, 'model.onnx'), String(inputSize), build]) as LargeRun;
    return use({ name, ...result }, build);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function measureKeys(name: string): KeyRow {
  return compiled(name, ({ constraints, nonZeros }, build) => {
    const task = (kind: KeyTask): KeyRun =>
      run(name, 'large-key-child.js', [kind, build, String(LARGE_MODELS[name].inputSize)]) as KeyRun;
    return { name, constraints, nonZeros, file: task('file'), setup: task('setup'), prove: task('prove') };
  });
}

function run(name: string, child: string, args: readonly string[]): unknown {
  const path = join(ROOT, 'dist', 'bench', child);
  const { stdout, stderr, status } = spawnSync(process.execPath, [`--max-old-space-size=${MOST_HEAP}`, path, ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${child} failed with ${name}: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout);
}

const megabytes = (sizes: readonly number[]): string =>
  `${(sizes.reduce((sum, size) => sum + size, 0) / 1e6).toFixed(0)} MB`;
const figures = ({ seconds, processor, peakMegabytes }: KeyRun): string[] => [
  `${seconds.toFixed(1)} s`,
  `${processor.toFixed(1)} s`,
  `${peakMegabytes.toFixed(0)} MB`,
];

function compileTable(rows: readonly CompileRow[]): string {
  return markdownTable(
    ['model', 'constraints', 'terms', 'compile', 'processor time', 'peak memory', 'build'],
    rows.map((row) => [
      row.name,
      row.constraints.toLocaleString('en-US'),
      row.nonZeros.toLocaleString('en-US'),
      `${row.seconds.toFixed(1)} s`,
      `${row.processor.toFixed(1)} s`,
      `${row.peakMegabytes.toFixed(0)} MB`,
      megabytes(Object.values(row.files)),
    ]),
  );
}

function keyTable(rows: readonly KeyRow[]): string {
  return markdownTable(
    ['model', 'what', 'time', 'processor time', 'peak memory', 'key', 'folder over key and weights'],
    rows.flatMap(({ name, file, setup, prove }) => {
      const { files } = setup;
      const least = files['proving.zkey'] + (files['weights.bin'] ?? 0);
      const whole = Object.values(files).reduce((sum, size) => sum + size, 0);
      return [
        [name, 'setup', ...figures(setup), megabytes([files['proving.zkey']]), `${(whole / least).toFixed(3)}×`],
        [name, 'setup by way of a `.r1cs`', ...figures(file), '', ''],
        [name, 'proof and its verification', ...figures(prove), '', ''],
      ];
    }),
  );
}

async function main(names: readonly string[], { doc, keys }: Options): Promise<void> {
  const unknown = names.find((name) => LARGE_MODELS[name] === undefined);
  if (unknown !== undefined)
    throw new UsageError(`no model is named ${unknown}; there are ${Object.keys(LARGE_MODELS).join(', ')}`);
  spawnSync(process.execPath, [join(ROOT, 'scripts', 'build.mjs'), '--quiet'], { stdio: 'inherit' });
  const load = [loadavg()[0]];
  const { rows, table } = keys ? keysOf(names) : compilesOf(names);
  load.push(loadavg()[0]);
  const machine = describeMachine();
  const commit = describeCommit();
  const date = new Date().toISOString();
  const text = [
    table,
    '',
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; commit ${commit}, ${date.slice(0, 10)}. Load average of the machine ` +
      `${load[0].toFixed(1)} at the start, ${load[1].toFixed(1)} at the end; processor time is that of all threads.`,
  ].join('\n');
  console.log(text);
  const block = keys ? 'large-keys' : 'large';
  saveReport(block, { machine, commit, date, load, rows });
  if (doc) await writeBlocks({ [block]: text });
}

interface Measured {
  readonly rows: readonly object[];
  readonly table: string;
}

function compilesOf(names: readonly string[]): Measured {
  const rows = names.map((name) => compiled(name, (row) => row));
  return { rows, table: compileTable(rows) };
}

function keysOf(names: readonly string[]): Measured {
  const rows = names.map(measureKeys);
  return { rows, table: keyTable(rows) };
}

interface Options {
  readonly doc: boolean;
  readonly keys: boolean;
}

const program = new Command('bench:large')
  .argument('[models...]', `of ${Object.keys(LARGE_MODELS).join(', ')}`)
  .option('--keys', 'measure keys, made with and without a .r1cs file, and a proof', false)
  .option('--doc', 'write the table into docs/benchmarks.md', false);
program.parse();
await main(program.args.length > 0 ? program.args : Object.keys(LARGE_MODELS), program.opts<Options>());
