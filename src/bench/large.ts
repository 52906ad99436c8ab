/**
 * `npm run bench:large`: time and peak memory of compiling networks of millions of weights, each generated here and
 * compiled in a fresh process, one after the other. Writes bench/results/large.json and, with --doc,
 * docs/benchmarks.md. Takes gigabytes of memory meanwhile.
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
import { LARGE_MODELS } from './large-models.js';
import { describeCommit, describeMachine, saveReport } from './results.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Megabytes that a compile's heap may take, so that a defect cannot use up the machine's memory. */
const MOST_HEAP = 8192;

function compile(name: string): LargeRun {
  const folder = mkdtempSync(join(tmpdir(), 'zkinfer-large-'));
  try {
    const { make, inputSize } = LARGE_MODELS[name];
    writeFileSync(join(folder, 'model.onnx'), make());
    const child = join(ROOT, 'dist', 'bench', 'large-child.js');
    const args = [
      `--max-old-space-size=${MOST_HEAP}`,
      child,
      join(folder, 'model.onnx'),
      String(inputSize),
      join(folder, 'build'),
    ];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`the compile of ${name} failed: ${stderr.slice(-2000)}`);
    return JSON.parse(stdout) as LargeRun;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(names: readonly string[], doc: boolean): Promise<void> {
  const unknown = names.find((name) => LARGE_MODELS[name] === undefined);
  if (unknown !== undefined)
    throw new UsageError(`no model is named ${unknown}; there are ${Object.keys(LARGE_MODELS).join(', ')}`);
  spawnSync(process.execPath, [join(ROOT, 'scripts', 'build.mjs'), '--quiet'], { stdio: 'inherit' });
  const load = [loadavg()[0]];
  const rows = names.map((name) => ({ name, ...compile(name) }));
  load.push(loadavg()[0]);
  const megabytes = (files: LargeRun['files']): string =>
    (Object.values(files).reduce((sum, size) => sum + size, 0) / 1e6).toFixed(0);
  const machine = describeMachine();
  const commit = describeCommit();
  const date = new Date().toISOString();
  const text = [
    markdownTable(
      ['model', 'constraints', 'terms', 'compile', 'processor time', 'peak memory', 'build'],
      rows.map(({ name, constraints, nonZeros, seconds, processor, peakMegabytes, files }) => [
        name,
        constraints.toLocaleString('en-US'),
        nonZeros.toLocaleString('en-US'),
        `${seconds.toFixed(1)} s`,
        `${processor.toFixed(1)} s`,
        `${peakMegabytes.toFixed(0)} MB`,
        `${megabytes(files)} MB`,
      ]),
    ),
    '',
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; commit ${commit}, ${date.slice(0, 10)}. Load average of the machine ` +
      `${load[0].toFixed(1)} at the start, ${load[1].toFixed(1)} at the end; processor time is that of all threads.`,
  ].join('\n');
  console.log(text);
  saveReport('large', { machine, commit, date, load, rows });
  if (doc) await writeBlocks({ large: text });
}

const program = new Command('bench:large')
  .argument('[models...]', `of ${Object.keys(LARGE_MODELS).join(', ')}`)
  .option('--doc', 'write the table into docs/benchmarks.md', false);
program.parse();
await main(
  program.args.length > 0 ? program.args : Object.keys(LARGE_MODELS),
  program.opts<{ readonly doc: boolean }>().doc,
);
