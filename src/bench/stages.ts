/**
 * `npm run bench:stages`: compile, witness and peak memory of the fixtures, each run in a fresh process. A compile is
 * timed three ways, from the start of the process to the last file written: cold, as after an installation (the user's
 * cache is empty, the package brings its Poseidon blocks); bare, with not one gadget compiled ahead; and again, with
 * the gadgets of the run before. In the same run, one dense layer the way it is done today (weights printed into
 * Circom) beside the linker. Writes bench/results/stages.json and the block `stages` of docs/benchmarks.md.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { PACKAGE_FOLDER } from '../circom/cache.js';
import { jsonOption, wholeNumber } from '../cli/options.js';
import { execute } from '../cli/session.js';
import { textTable } from '../cli/table.js';
import { compileModel } from '../compile/compile.js';
import type { IntegerModel } from '../integer/integer-model.js';
import { writeBlocks } from './document.js';
import { timeNaiveDense } from './naive-circom.js';
import { saveReport } from './results.js';
import { median } from './statistics.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Run {
  readonly constraints: number;
  readonly nonZeros: number;
  readonly domainSize: number;
  readonly compileSeconds: number;
  readonly witnessMedianMilliseconds: number;
  readonly witnessFirstMilliseconds: number;
  readonly peakMegabytes: number;
  readonly satisfied: boolean;
  readonly stages: Readonly<Record<string, number>>;
}

interface StageRow extends Run {
  readonly name: string;
  readonly bareSeconds: number;
  readonly againSeconds: number;
}

interface PeerRow {
  readonly layer: string;
  readonly circomSeconds: number;
  readonly linkerSeconds: number;
  readonly ratio: number;
}

interface StageReport {
  readonly machine: string;
  readonly commit: string;
  readonly rounds: number;
  readonly models: readonly StageRow[];
  readonly peers: readonly PeerRow[];
}

await new Command('bench:stages')
  .description('time and memory of compile and witness, stage by stage, each in a fresh process')
  .option('--rounds <n>', 'runs of each model and kind; medians are reported', wholeNumber, 3)
  .option('--outputs <n>', "neurons of the layer that circom's own way is timed on", wholeNumber, 16)
  .addOption(jsonOption())
  .action(async (flags: { readonly rounds: number; readonly outputs: number; readonly json?: boolean }) => {
    await execute(
      flags,
      async (session) => {
        const result = await session.stage('stages', (update) => measure(flags.rounds, flags.outputs, update));
        saveReport('stages', result);
        await writeBlocks({ stages: markdown(result) });
        return { result, ok: result.models.every((row) => row.satisfied) };
      },
      markdown,
    );
  })
  .parseAsync();

async function measure(rounds: number, outputs: number, update: (text: string) => void): Promise<StageReport> {
  spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs'), '--quiet'], { stdio: 'inherit' });
  const wide = join(root, 'build', 'fixtures', 'wide', 'model.onnx');
  spawnSync(process.execPath, [join(root, 'scripts', 'make-wide.mjs'), wide], { stdio: 'inherit' });
  const mnist = join(root, 'fixtures', 'mnist-mlp');
  const fixture = (name: string): string[] =>
    ['model.onnx', 'calibration.json', 'input.json'].map((file) => join(root, 'fixtures', name, file));
  const cases: [string, string[]][] = [
    ['tabular', fixture('tabular')],
    ['mnist-mlp', fixture('mnist-mlp')],
    ['wide 784→512→10', [wide, join(mnist, 'calibration.json'), join(mnist, 'input.json')]],
    ['lenet5', fixture('lenet5')],
  ];
  const models: StageRow[] = [];
  for (const [name, paths] of cases) {
    const runs: Record<'cold' | 'bare' | 'again', Run>[] = [];
    for (let round = 0; round < rounds; round += 1) {
      update(`${name}, round ${round + 1} of ${rounds}`);
      runs.push(runRound(paths));
    }
    const of = (pick: (round: (typeof runs)[number]) => number): number => median(runs.map(pick));
    models.push({
      ...runs[0].cold,
      name,
      compileSeconds: of(({ cold }) => cold.compileSeconds),
      bareSeconds: of(({ bare }) => bare.compileSeconds),
      againSeconds: of(({ again }) => again.compileSeconds),
      witnessMedianMilliseconds: of(({ cold }) => cold.witnessMedianMilliseconds),
      witnessFirstMilliseconds: of(({ cold }) => cold.witnessFirstMilliseconds),
      peakMegabytes: of(({ cold }) => cold.peakMegabytes),
    });
  }
  update('circom on printed weights');
  const peers = [await comparePeer(784, outputs)];
  const { stdout } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' });
  return {
    machine: `${os.cpus().length} cores, ${os.cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`,
    commit: stdout.trim(),
    rounds,
    models,
    peers,
  };
}

function runRound(paths: readonly string[]): { readonly cold: Run; readonly bare: Run; readonly again: Run } {
  const folder = mkdtempSync(join(tmpdir(), 'zkinfer-stages-'));
  const run = (...gadgetFolders: readonly string[]): Run => {
    const child = join(root, 'dist', 'bench', 'stages-child.js');
    const { stdout, status, stderr } = spawnSync(
      process.execPath,
      [child, ...paths, join(folder, 'build'), '20', ...gadgetFolders],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`the measured process failed: ${stderr}`);
    return JSON.parse(stdout) as Run;
  };
  try {
    const cold = run(join(folder, 'cold'), PACKAGE_FOLDER);
    const bare = run(join(folder, 'bare'));
    return { cold, bare, again: run(join(folder, 'bare')) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One dense layer: seeded weights, circom's way and the linker's. */
async function comparePeer(inputs: number, outputs: number): Promise<PeerRow> {
  let state = 7;
  const weight = new Float64Array(inputs * outputs).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 20) - 2048;
  });
  const model: IntegerModel = {
    activationBits: 8,
    inputs: [{ name: 'x', tensor: 0, shape: [1, inputs], bits: 8, scale: Float64Array.of(1), low: Float64Array.of(0) }],
    ops: [
      {
        kind: 'dense',
        inputs: [0],
        output: 1,
        shape: [1, outputs],
        scale: 1,
        layer: 'dense',
        rows: 1,
        inFeatures: inputs,
        outFeatures: outputs,
        weight,
        bias: new Float64Array(outputs),
      },
    ],
    outputs: [{ name: 'y', tensor: 1, shape: [1, outputs], scale: 1 }],
    layers: [{ name: 'dense', op: 'Gemm', shape: [1, outputs] }],
    notes: [],
  };
  const circomSeconds = await timeNaiveDense(weight, inputs, outputs);
  const start = performance.now();
  await compileModel(model, { input: 'private' });
  const linkerSeconds = (performance.now() - start) / 1000;
  return { layer: `dense ${inputs}→${outputs}`, circomSeconds, linkerSeconds, ratio: circomSeconds / linkerSeconds };
}

function markdown({ machine, commit, rounds, models, peers }: StageReport): string {
  const rows = models.map((row) => [
    row.name,
    row.constraints,
    `2^${Math.log2(row.domainSize)}`,
    `${row.compileSeconds.toFixed(2)} s`,
    `${row.bareSeconds.toFixed(2)} s`,
    `${row.againSeconds.toFixed(2)} s`,
    `${row.witnessMedianMilliseconds.toFixed(1)} ms`,
    `${row.peakMegabytes.toFixed(0)} MB`,
  ]);
  const peer = peers.map(
    ({ layer, circomSeconds, linkerSeconds, ratio }) =>
      `${layer} with constant weights: circom ${circomSeconds.toFixed(2)} s, linker (range checks and gadgets included) ${linkerSeconds.toFixed(2)} s, ratio ${ratio.toFixed(1)}.`,
  );
  const kinds =
    "Compile: from the start of the process to the last file written. Cold: as after an installation, the user's cache empty and the package's " +
    'Poseidon blocks there; bare: not one gadget compiled ahead; again: with the gadgets of the run before.';
  return [
    '```',
    textTable(['model', 'constraints', 'domain', 'cold compile', 'bare', 'again', 'witness', 'peak memory'], rows),
    '```',
    '',
    ...peer,
    '',
    kinds,
    '',
    `Medians of ${rounds} runs; ${machine}; commit ${commit}.`,
  ].join('\n');
}
