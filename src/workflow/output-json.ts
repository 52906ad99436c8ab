/**
 * Expected outputs of a model as conformance reads them: `{"output_data": [{"shape": [...], "data": [...]}, ...]}`, one
 * entry a graph output. Elements are numbers, booleans, strings of an output of strings, or "nan", "inf" and "-inf".
 */
import type { GraphOutput } from '../network/graph.js';
import { sizeOf, type Shape } from '../tensor/shape.js';
import { parseJson } from '../user-json.js';
import { InputFormatError } from './errors.js';

export interface ExpectedOutput {
  readonly shape: Shape;
  readonly data: readonly (number | string)[];
}

const NOT_FINITE: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, '-inf': -Infinity };

/** @throws InputFormatError where the text is not of that form */
export function parseOutputs(text: string, source: string): ExpectedOutput[] {
  let parsed: unknown;
  try {
    parsed = parseJson(text);
  } catch (cause) {
    throw new InputFormatError(`${source} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const outputs = (parsed as { output_data?: unknown } | null)?.output_data;
  if (!Array.isArray(outputs)) throw new InputFormatError(`${source} must be {"output_data": [...]}`);
  return outputs.map((entry: unknown, k) => {
    const { shape, data } = (entry ?? {}) as { shape?: unknown; data?: unknown };
    if (
      !Array.isArray(shape) ||
      !Array.isArray(data) ||
      !shape.every((dimension) => Number.isInteger(dimension)) ||
      data.length !== sizeOf(shape as Shape)
    ) {
      throw new InputFormatError(
        `${source}: output_data[${k}] must hold a shape and as many elements, in one flat array`,
      );
    }
    return {
      shape: shape as Shape,
      data: data.map((value: unknown, i) => {
        if (typeof value === 'number' || typeof value === 'string') return value;
        if (typeof value === 'boolean') return Number(value);
        throw new InputFormatError(`${source}: output_data[${k}].data[${i}] is no number, boolean or string`);
      }),
    };
  });
}

/**
 * The largest error of any element, as a share of the range of the expected elements, zero counted among them; the
 * error itself where that is zero. Infinite where an element is not finite and should be, or the other way round (left out
 * where `finiteAlone`), or where the number of elements is another. Strings are compared by their positions among the output's labels.
 */
export function errorAgainst(
  { data }: ExpectedOutput,
  { labels, named }: Pick<GraphOutput, 'labels' | 'named'>,
  values: Float64Array,
  finiteAlone = false,
): number {
  if (values.length !== data.length) return Infinity;
  const expected = data.map((value) => {
    if (typeof value === 'number') return value;
    return named ? (labels?.indexOf(value) ?? -1) : (NOT_FINITE[value] ?? NaN);
  });
  const finite = expected.filter(Number.isFinite);
  const least = finite.reduce((a, b) => Math.min(a, b), 0);
  const range = finite.reduce((a, b) => Math.max(a, b), 0) - least;
  const errors = expected.map((value, i) =>
    Object.is(value, values[i]) || value === values[i] || (finiteAlone && !Number.isFinite(value))
      ? 0
      : Math.abs(value - values[i]),
  );
  const error = errors.reduce((a, b) => (Number.isNaN(b) ? Infinity : Math.max(a, b)), 0);
  return range > 0 ? error / range : error;
}
