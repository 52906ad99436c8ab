/**
 * `npm run bench:stages`: cold compile, witness and peak memory of the fixtures, each in a fresh process with an empty gadget
 * cache; and, in the same run, one dense layer the way it is done today (weights printed into Circom) beside the linker.
 * Writes bench/results/stages.json and the block `stages` of README.md.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { jsonOption, wholeNumber } from '../cli/options.js';
import { execute } from '../cli/session.js';
import { table } from '../cli/table.js';
import { compileModel } from '../compile/compile.js';
import type { IntegerModel } from '../quantize/integer-model.js';
import { timeNaiveDense } from './naive-circom.js';
import { median } from './statistics.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface StageRow {
  readonly name: string;
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
  .description('time and memory of compile and witness, stage by stage, each in a fresh process with a cold gadget cache')
  .option('--rounds <n>', 'cold runs of each model; medians are reported', wholeNumber, 3)
  .option('--outputs <n>', "neurons of the layer that circom's own way is timed on", wholeNumber, 16)
  .addOption(jsonOption())
  .action(async (flags: { readonly rounds: number; readonly outputs: number; readonly json?: boolean }) => {
    await execute(
      flags,
      async (session) => {
        const result = await session.stage('stages', (update) => measure(flags.rounds, flags.outputs, update));
        await mkdir(join(root, 'bench', 'results'), { recursive: true });
        await writeFile(join(root, 'bench', 'results', 'stages.json'), `${JSON.stringify(result, null, 2)}\n`);
        await updateReadme(markdown(result));
        return { result, ok: result.models.every((row) => row.satisfied) };
      },
      markdown,
    );
  })
  .parseAsync();

async function measure(rounds: number, outputs: number, update: (text: string) => void): Promise<StageReport> {
  const wide = join(root, 'build', 'fixtures', 'wide', 'model.onnx');
  spawnSync(process.execPath, [join(root, 'scripts', 'make-wide.mjs'), wide], { stdio: 'inherit' });
  const mnist = join(root, 'fixtures', 'mnist-mlp');
  const fixture = (name: string): string[] => ['model.onnx', 'calibration.json', 'input.json'].map((file) => join(root, 'fixtures', name, file));
  const cases: [string, string[]][] = [
    ['tabular', fixture('tabular')],
    ['mnist-mlp', fixture('mnist-mlp')],
    ['wide 784→512→10', [wide, join(mnist, 'calibration.json'), join(mnist, 'input.json')]],
    ['lenet5', fixture('lenet5')],
  ];
  const models: StageRow[] = [];
  for (const [name, paths] of cases) {
    const runs: StageRow[] = [];
    for (let round = 0; round < rounds; round += 1) {
      update(`${name}, run ${round + 1} of ${rounds}`);
      runs.push({ ...runCold(paths), name });
    }
    const of = (pick: (row: StageRow) => number): number => median(runs.map(pick));
    models.push({
      ...runs[0],
      compileSeconds: of((row) => row.compileSeconds),
      witnessMedianMilliseconds: of((row) => row.witnessMedianMilliseconds),
      witnessFirstMilliseconds: of((row) => row.witnessFirstMilliseconds),
      peakMegabytes: of((row) => row.peakMegabytes),
    });
  }
  update('circom on printed weights');
  const peers = [await comparePeer(784, outputs)];
  const { stdout } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' });
  return { machine: `${os.cpus().length} cores, ${os.cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`, commit: stdout.trim(), rounds, models, peers };
}

function runCold(paths: readonly string[]): Omit<StageRow, 'name'> {
  const cache = mkdtempSync(join(tmpdir(), 'zkinfer-cache-'));
  try {
    const child = join(root, 'dist', 'bench', 'stages-child.js');
    const { stdout, status, stderr } = spawnSync(process.execPath, [child, ...paths, '20'], { encoding: 'utf8', env: { ...process.env, ZKINFER_CACHE: cache } });
    if (status !== 0) throw new Error(`the measured process failed (is dist/ built? npm run build): ${stderr}`);
    return JSON.parse(stdout) as Omit<StageRow, 'name'>;
  } finally {
    rmSync(cache, { recursive: true, force: true });
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
    inputs: [{ name: 'x', shape: [1, inputs], bits: 8, scale: Float64Array.of(1), low: Float64Array.of(0) }],
    ops: [{ kind: 'dense', inputs: ['x'], output: 'y', shape: [1, outputs], scale: 1, layer: 'dense', rows: 1, inFeatures: inputs, outFeatures: outputs, weight, bias: new Float64Array(outputs) }],
    outputs: [{ name: 'y', tensor: 'y', shape: [1, outputs], scale: 1 }],
    layers: [{ name: 'dense', op: 'Gemm', shape: [1, outputs] }],
    notes: [],
  };
  const circomSeconds = await timeNaiveDense(weight, inputs, outputs);
  const start = performance.now();
  await compileModel(model, { input: 'private', output: 'public' });
  const linkerSeconds = (performance.now() - start) / 1000;
  return { layer: `dense ${inputs}→${outputs}`, circomSeconds, linkerSeconds, ratio: circomSeconds / linkerSeconds };
}

function markdown({ machine, commit, rounds, models, peers }: StageReport): string {
  const rows = models.map((row) => [
    row.name,
    row.constraints,
    `2^${Math.log2(row.domainSize)}`,
    `${row.compileSeconds.toFixed(2)} s`,
    `${row.witnessMedianMilliseconds.toFixed(1)} ms`,
    `${row.peakMegabytes.toFixed(0)} MB`,
  ]);
  const peer = peers.map(({ layer, circomSeconds, linkerSeconds, ratio }) => `${layer} with constant weights: circom ${circomSeconds.toFixed(2)} s, linker (range checks and gadgets included) ${linkerSeconds.toFixed(2)} s, ratio ${ratio.toFixed(1)}.`);
  return ['```', table(['model', 'constraints', 'domain', 'cold compile', 'witness', 'peak memory'], rows), '```', '', ...peer, '', `Medians of ${rounds} cold runs; ${machine}; commit ${commit}.`].join('\n');
}

async function updateReadme(block: string): Promise<void> {
  const path = join(root, 'README.md');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  const updated = text?.replace(/(<!-- stages:begin -->\n)[\s\S]*?(<!-- stages:end -->)/, `$1${block}\n$2`);
  if (updated !== undefined && updated !== text) await writeFile(path, updated);
}
