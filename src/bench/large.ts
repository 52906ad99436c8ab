/**
 * `npm run bench:large`: time and peak memory of compiling networks of millions of weights, each generated here and compiled in a fresh
 * process, one after the other. Writes bench/results/large.json. Gigabytes of memory and of the temporary folder are used meanwhile.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { UsageError } from '../errors.js';
import { markdownTable } from './document.js';
import type { LargeRun } from './large-child.js';
import { LARGE_MODELS } from './large-models.js';
import { describeCommit, describeMachine } from './results.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Megabytes that a compile's heap may take, so that a defect does not take the machine along. */
const MOST_HEAP = 8192;

function compile(name: string): LargeRun {
  const folder = mkdtempSync(join(tmpdir(), 'zkinfer-large-'));
  try {
    const { make, inputSize } = LARGE_MODELS[name];
    writeFileSync(join(folder, 'model.onnx'), make());
    const child = join(ROOT, 'dist', 'bench', 'large-child.js');
    const args = [`--max-old-space-size=${MOST_HEAP}`, child, join(folder, 'model.onnx'), String(inputSize), join(folder, 'build')];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`the compile of ${name} failed: ${stderr.slice(-2000)}`);
    return JSON.parse(stdout) as LargeRun;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function main(names: readonly string[]): void {
  const unknown = names.find((name) => LARGE_MODELS[name] === undefined);
  if (unknown !== undefined) throw new UsageError(`no model is named ${unknown}; there are ${Object.keys(LARGE_MODELS).join(', ')}`);
  spawnSync(process.execPath, [join(ROOT, 'scripts', 'build.mjs'), '--quiet'], { stdio: 'inherit' });
  const load = [loadavg()[0]];
  const rows = names.map((name) => ({ name, ...compile(name) }));
  load.push(loadavg()[0]);
  const megabytes = (files: LargeRun['files']): string => (Object.values(files).reduce((sum, size) => sum + size, 0) / 1e6).toFixed(0);
  console.log(
    markdownTable(
      ['model', 'constraints', 'terms', 'compile', 'processor time', 'peak memory', 'build'],
      rows.map(({ name, constraints, nonZeros, seconds, processor, peakMegabytes, files }) => [
        name, constraints.toLocaleString('en-US'), nonZeros.toLocaleString('en-US'), `${seconds.toFixed(1)} s`, `${processor.toFixed(1)} s`,
        `${peakMegabytes.toFixed(0)} MB`, `${megabytes(files)} MB`,
      ]),
    ),
  );
  const machine = describeMachine();
  console.log(`\n${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${load.map((one) => one.toFixed(1)).join(' to ')}.`);
  const results = join(ROOT, 'bench', 'results');
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, 'large.json'), `${JSON.stringify({ machine, commit: describeCommit(), date: new Date().toISOString(), load, rows }, null, 1)}\n`);
}

const program = new Command('bench:large').argument('[models...]', `of ${Object.keys(LARGE_MODELS).join(', ')}`);
program.parse();
main(program.args.length > 0 ? program.args : Object.keys(LARGE_MODELS));
