/**
 * `npm run bench:large`: time and peak memory of compiling networks of millions of weights and, with --keys, of their
 * keys and a proof. Each is generated here, each verb runs in a fresh process, one after the other. Writes
 * bench/results/large.json and, with --doc, docs/benchmarks.md. Takes gigabytes of memory and disk meanwhile.
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

type Keys = Readonly<Record<KeyTask, KeyRun>>;
type ModelRow = LargeRun & { readonly name: string; readonly keys?: Keys };

function measure(name: string, withKeys: boolean): ModelRow {
  const folder = mkdtempSync(join(tmpdir(), 'zkinfer-large-'));
  try {
    const { make, inputSize } = LARGE_MODELS[name];
    writeFileSync(join(folder, 'model.onnx'), make());
    const build = join(folder, 'build');
    const compiled = run(name, 'large-child.js', [join(folder, 'model.onnx'), String(inputSize), build]) as LargeRun;
    if (!withKeys) return { name, ...compiled };
    const task = (kind: KeyTask): KeyRun => run(name, 'large-key-child.js', [kind, build, String(inputSize)]) as KeyRun;
    // The way by the file first: the proof is by the keys that stay.
    return { name, ...compiled, keys: { file: task('file'), setup: task('setup'), prove: task('prove') } };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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

function compileTable(rows: readonly ModelRow[]): string {
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

function keyTable(rows: readonly ModelRow[]): string {
  return markdownTable(
    [
      'model',
      'setup',
      'processor time',
      'peak memory',
      'by a file',
      'processor time',
      'peak memory',
      'proof',
      'processor time',
      'peak memory',
      'key',
      'build over key and weights',
    ],
    rows.flatMap(({ name, keys }) => {
      if (keys === undefined) return [];
      const { files } = keys.setup;
      const least = files['proving.zkey'] + (files['weights.bin'] ?? 0);
      const whole = Object.values(files).reduce((sum, size) => sum + size, 0);
      const key = megabytes([files['proving.zkey']]);
      return [
        [
          name,
          ...figures(keys.setup),
          ...figures(keys.file),
          ...figures(keys.prove),
          key,
          `${(whole / least).toFixed(2)}×`,
        ],
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
  const rows = names.map((name) => measure(name, keys));
  load.push(loadavg()[0]);
  const machine = describeMachine();
  const commit = describeCommit();
  const date = new Date().toISOString();
  const text = [
    compileTable(rows),
    '',
    ...(keys
      ? [
          'Development keys; the same by way of a `.r1cs` file that is written first; and one proof with its verification, loading included:',
          '',
          keyTable(rows),
          '',
        ]
      : []),
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; commit ${commit}, ${date.slice(0, 10)}. Load average of the machine ` +
      `${load[0].toFixed(1)} at the start, ${load[1].toFixed(1)} at the end; processor time is that of all threads.`,
  ].join('\n');
  console.log(text);
  saveReport('large', { machine, commit, date, load, rows });
  if (doc) await writeBlocks({ large: text });
}

interface Options {
  readonly doc: boolean;
  readonly keys: boolean;
}

const program = new Command('bench:large')
  .argument('[models...]', `of ${Object.keys(LARGE_MODELS).join(', ')}`)
  .option('--keys', 'also make keys, with and without a .r1cs file, and a proof', false)
  .option('--doc', 'write the tables into docs/benchmarks.md', false);
program.parse();
await main(program.args.length > 0 ? program.args : Object.keys(LARGE_MODELS), program.opts<Options>());
