/**
 * `input.json`, the format EZKL users have: `{"input_data": [[...], ...]}`, one flat or nested array per graph input. A
 * file of samples holds one such entry per sample: for a model with one input a row each, else an array of arrays each;
 * or, as EZKL has them, all samples of an input end to end in one array.
 */
import { InputFormatError } from './errors.js';
import type { GraphInput } from '../network/graph.js';
import { InputRangeError, InputShapeError, InputTypeError } from '../integer/errors.js';
import { showShape, sizeOf } from '../tensor/shape.js';
import { parseJson } from '../user-json.js';

export { InputFormatError } from './errors.js';

/** One flat array per graph input. */
export type Sample = readonly Float64Array[];

/**
 * Reads one input of a model. @throws InputFormatError, InputShapeError
 */
export function parseInput(
  text: string,
  inputs: readonly Pick<GraphInput, 'name' | 'shape'>[],
  source: string,
): Sample {
  const data = inputData(text, source);
  if (data.length !== inputs.length) {
    throw new InputShapeError(
      `${source}: "input_data" has ${data.length} array(s), the model ${inputs.length} input(s): ${inputs.map((input) => input.name).join(', ')}`,
    );
  }
  return inputs.map((input, k) => flat(data[k], input, `${source}: input_data[${k}]`));
}

/** Reads many inputs of a model. @throws InputFormatError, InputShapeError */
export function parseSamples(
  text: string,
  inputs: readonly Pick<GraphInput, 'name' | 'shape'>[],
  source: string,
): Sample[] {
  const given = inputData(text, source);
  const data = unstacked(given, inputs) ?? given;
  if (inputs.length === 1) {
    const [input] = inputs;
    // A single input file is a file of one sample; so is one row wrapped once more.
    return data.map((row, s) => [flat(row, input, `${source}: input_data[${s}]`)]);
  }
  if (
    data.length === inputs.length &&
    data.every((row, k) => entriesOf(row, `${source}: input_data[${k}]`).length === sizeOf(inputs[k].shape))
  )
    return [parseInput(text, inputs, source)];
  return data.map((row, s) => {
    if (!Array.isArray(row) || row.length !== inputs.length) {
      throw new InputShapeError(
        `${source}: input_data[${s}] must hold one array for each of the model's ${inputs.length} inputs`,
      );
    }
    return inputs.map((input, k) => flat(row[k], input, `${source}: input_data[${s}][${k}]`));
  });
}

/**
 * Samples laid end to end, one flat array for each input, as EZKL's calibration files have them; undefined where the
 * data are not so. Gives one array a sample for a model with one input, else an array of arrays each.
 */
function unstacked(data: readonly unknown[], inputs: readonly Pick<GraphInput, 'shape'>[]): unknown[] | undefined {
  if (data.length !== inputs.length) return undefined;
  const counts = data.map((row, k) =>
    Array.isArray(row) && row.every((entry) => !Array.isArray(entry)) ? row.length / sizeOf(inputs[k].shape) : NaN,
  );
  const [count] = counts;
  if (!(Number.isInteger(count) && count > 1 && counts.every((other) => other === count))) return undefined;
  // As many numbers a row as there are inputs: a row of one number for each input, which is a sample already.
  if (inputs.length > 1 && count === inputs.length && inputs.every(({ shape }) => sizeOf(shape) === 1))
    return undefined;
  const pick = (k: number, s: number): unknown[] =>
    (data[k] as unknown[]).slice(s * sizeOf(inputs[k].shape), (s + 1) * sizeOf(inputs[k].shape));
  return Array.from({ length: count }, (_, s) =>
    inputs.length === 1 ? pick(0, s) : inputs.map((_input, k) => pick(k, s)),
  );
}

/**
 * Samples that a caller of the library made: shapes, finiteness and types checked.
 * @throws InputShapeError, InputFormatError, InputTypeError, InputRangeError
 */
export function checkSamples(samples: readonly Sample[], inputs: readonly GraphInput[]): readonly Sample[] {
  samples.forEach((sample, s) => {
    if (sample.length !== inputs.length)
      throw new InputShapeError(`sample ${s} has ${sample.length} arrays, the model ${inputs.length} inputs`);
    inputs.forEach((input, k) => {
      const size = sizeOf(input.shape);
      if (sample[k].length !== size)
        throw new InputShapeError(
          `sample ${s}: input '${input.name}' of shape ${showShape(input.shape)} needs ${size} numbers, not ${sample[k].length}`,
        );
      const bad = sample[k].findIndex((value) => !Number.isFinite(value));
      if (bad >= 0)
        throw new InputFormatError(
          `sample ${s}: input '${input.name}'[${bad}] is ${sample[k][bad]}; give finite numbers`,
        );
      if (input.integers !== undefined) checkIntegers(sample[k], input.integers, `sample ${s}: input '${input.name}'`);
    });
  });
  return samples;
}

function checkIntegers(values: Float64Array, [least, most]: readonly [number, number], where: string): void {
  const fraction = values.findIndex((value) => !Number.isInteger(value));
  if (fraction >= 0) {
    throw new InputTypeError(
      `${where}[${fraction}] is ${values[fraction]}, and the input takes integers; round it as the model's author means it`,
    );
  }
  const outside = values.findIndex((value) => value < least || value > most);
  if (outside >= 0)
    throw new InputRangeError(
      `${where}[${outside}] is ${values[outside]}; its type takes integers from ${least} to ${most}`,
    );
}

function inputData(text: string, source: string): unknown[] {
  let parsed: unknown;
  try {
    parsed = parseJson(text);
  } catch (cause) {
    throw new InputFormatError(`${source} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const data = (parsed as { input_data?: unknown } | null)?.input_data;
  if (!Array.isArray(data) || data.length === 0)
    throw new InputFormatError(`${source} must be {"input_data": [[...], ...]} with at least one array`);
  return data;
}

/** An entry in a message; an object may be as deep as a stranger liked. */
function shown(entry: unknown): string {
  return typeof entry === 'object' && entry !== null ? 'an object' : JSON.stringify(entry).slice(0, 80);
}

/** Deepest nesting of arrays: ONNX tensors have a handful of dimensions. */
const MOST_DIMENSIONS = 32;

/** The entries of nested arrays, in order. @throws InputFormatError, before a stranger's nesting exhausts the stack */
function entriesOf(value: unknown, where: string): unknown[] {
  const entries: unknown[] = [];
  const add = (part: unknown, depth: number): void => {
    if (!Array.isArray(part)) entries.push(part);
    else if (depth === MOST_DIMENSIONS)
      throw new InputFormatError(`${where} is nested more than ${MOST_DIMENSIONS} deep`);
    else for (const inner of part as unknown[]) add(inner, depth + 1);
  };
  add(value, 0);
  return entries;
}

function flat(value: unknown, input: Pick<GraphInput, 'name' | 'shape'>, where: string): Float64Array {
  const list = entriesOf(value, where);
  const size = sizeOf(input.shape);
  if (list.length !== size)
    throw new InputShapeError(
      `${where}: input '${input.name}' has shape ${showShape(input.shape)} = ${size} numbers, ${list.length} given`,
    );
  return Float64Array.from(list, (entry, i) => {
    const number = typeof entry === 'boolean' ? Number(entry) : entry;
    if (typeof number !== 'number' || !Number.isFinite(number)) {
      throw new InputFormatError(`${where}[${i}] is ${shown(entry)}; input '${input.name}' takes finite numbers`);
    }
    return number;
  });
}
