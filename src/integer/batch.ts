/**
 * Batches: a model whose runs take many rows, each through the same ops. What a run takes and gives holds the rows one
 * after the other, tensor by tensor; nothing passes from row to row.
 */
import { sizeOf, type Shape } from '../tensor/shape.js';
import { InputShapeError } from './errors.js';
import { encodeInputs, inputCodes } from './encode.js';
import type { IntegerModel } from './integer-model.js';

/** Most rows of a batch. */
export const MOST_ROWS = 2 ** 16;

export const isBatchSize = (rows: unknown): boolean =>
  Number.isSafeInteger(rows) && (rows as number) >= 1 && (rows as number) <= MOST_ROWS;

/** Rows of one run. */
export function rowsInRun({ batch }: Pick<IntegerModel, 'batch'>): number {
  return batch ?? 1;
}

/** The model of one row. */
export function ofOneRow({ batch: _, ...model }: IntegerModel): IntegerModel {
  return model;
}

/** Shape of a run's tensor: rows first, where there are many. */
export function batchShape(batch: number | undefined, shape: Shape): Shape {
  return batch === undefined ? shape : [batch, ...shape];
}

/** Numbers of the elements of one row, for all rows. */
export function inEachRow(batch: number | undefined, values: Float64Array): Float64Array {
  if (batch === undefined) return values;
  const all = new Float64Array(batch * values.length);
  for (let row = 0; row < batch; row += 1) all.set(values, row * values.length);
  return all;
}

/** The rows of a run, each as the model's ops take it. */
export function* rowsOfRun(
  { batch, inputs }: Pick<IntegerModel, 'batch' | 'inputs'>,
  arrays: readonly Float64Array[],
): Generator<readonly Float64Array[]> {
  if (batch === undefined) {
    yield arrays;
    return;
  }
  for (let row = 0; row < batch; row += 1) {
    yield inputs.map(({ shape }, k) => arrays[k].subarray(row * sizeOf(shape), (row + 1) * sizeOf(shape)));
  }
}

/** Rows one after the other, tensor by tensor. */
export function joinBatch(
  { batch }: Pick<IntegerModel, 'batch'>,
  rows: readonly (readonly Float64Array[])[],
): Float64Array[] {
  if (batch === undefined) return [...rows[0]];
  return rows[0].map((first, k) => {
    const all = new Float64Array(rows.length * first.length);
    rows.forEach((row, i) => all.set(row[k], i * first.length));
    return all;
  });
}

/** What a run gives, from what each of its rows gives. */
export function resultOfRun(
  model: Pick<IntegerModel, 'batch' | 'summed'>,
  rows: readonly (readonly Float64Array[])[],
): Float64Array[] {
  if (!model.summed) return joinBatch(model, rows);
  return rows[0].map((first, k) => first.map((_, i) => rows.reduce((sum, row) => sum + row[k][i], 0)));
}

/** Shape of an output of a run. */
export function resultShape({ batch, summed }: Pick<IntegerModel, 'batch' | 'summed'>, shape: Shape): Shape {
  return summed ? shape : batchShape(batch, shape);
}

/**
 * Integers of what a run takes: one array of reals for each input, of a batch all rows one after the other.
 * @throws InputShapeError, InputRangeError, InputTypeError
 */
export function encodeRun(
  model: Pick<IntegerModel, 'batch' | 'inputs'>,
  reals: readonly ArrayLike<number>[],
): Float64Array[] {
  const { batch, inputs } = model;
  if (batch === undefined) return encodeInputs(inputs, reals);
  const fits =
    reals.length === inputs.length && reals.every(({ length }, k) => length === batch * sizeOf(inputs[k].shape));
  if (!fits) {
    throw new InputShapeError(
      `a batch of ${batch} rows takes ${inputs.map(({ name, shape }) => `${batch * sizeOf(shape)} numbers of '${name}'`).join(', ')}; ` +
        `given: ${reals.map(({ length }) => length).join(', ')}`,
    );
  }
  const rows = rowsOfRun(
    model,
    reals.map((values) => Float64Array.from(values)),
  );
  return joinBatch(
    model,
    Array.from(rows, (row, i) => encodeRow(model, row, i)),
  );
}

function encodeRow({ inputs }: Pick<IntegerModel, 'inputs'>, row: readonly Float64Array[], i: number): Float64Array[] {
  try {
    return encodeInputs(inputs, row);
  } catch (error) {
    if (error instanceof Error) error.message = `row ${i} of the batch: ${error.message}`;
    throw error;
  }
}

/** Codes of a run's inputs as the circuit takes them: row by row, in each input by input. */
export function codesOfRun(model: Pick<IntegerModel, 'batch' | 'inputs'>, integers: readonly Float64Array[]): number[] {
  return Array.from(rowsOfRun(model, integers), (row) => inputCodes(model.inputs, row)).flat();
}
