/**
 * Interval arithmetic over whole tensors (Moore, "Interval Analysis", 1966): for each element the smallest and the
 * largest value it can take when every input element moves freely in its own interval. Exact for one linear layer; over
 * several layers an over-approximation. On integers below 2^53 the bounds are exact integers. Bounds must be finite: 0
 * times infinity is NaN.
 */
import * as kernels from './kernels.js';
import type { Groups } from './groups.js';
import type { MatrixGeometry } from './kernels.js';

/** Element i lies in [low[i], high[i]]. */
export interface Intervals {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Loops, not `map`: a layer may have millions of weights, and a call for each takes ten times as long. */
function positive(values: Float64Array): Float64Array {
  const result = new Float64Array(values.length);
  for (let i = 0; i < values.length; i += 1) if (values[i] > 0) result[i] = values[i];
  return result;
}

function negative(values: Float64Array): Float64Array {
  const result = new Float64Array(values.length);
  for (let i = 0; i < values.length; i += 1) if (values[i] < 0) result[i] = values[i];
  return result;
}

const zerosLike = (values: Float64Array): Float64Array => new Float64Array(values.length);
const add = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value + b[i]);

/** A layer that is linear in its weights: `apply(x, weight, bias)`. */
export type WeightedLayer = (x: Float64Array, weight: Float64Array, bias: Float64Array) => Float64Array;

/** Bounds of a weighted layer: positive weights carry a bound through, negative weights swap the two. */
export function weightedIntervals(
  x: Intervals,
  layer: WeightedLayer,
  weight: Float64Array,
  bias: Float64Array,
): Intervals {
  const up = positive(weight);
  const down = negative(weight);
  const none = zerosLike(bias);
  return {
    low: add(layer(x.low, up, bias), layer(x.high, down, none)),
    high: add(layer(x.high, up, bias), layer(x.low, down, none)),
  };
}

export function affineIntervals(x: Intervals, factor: Float64Array, shift: Float64Array): Intervals {
  const low = x.low.map((value, i) => shift[i] + factor[i] * (factor[i] >= 0 ? value : x.high[i]));
  const high = x.high.map((value, i) => shift[i] + factor[i] * (factor[i] >= 0 ? value : x.low[i]));
  return { low, high };
}

export function groupSumIntervals(x: Intervals, groups: Groups): Intervals {
  return { low: kernels.groupSum(x.low, groups), high: kernels.groupSum(x.high, groups) };
}

export function maxIntervals(x: Intervals, groups: Groups): Intervals {
  return { low: kernels.groupMax(x.low, groups), high: kernels.groupMax(x.high, groups) };
}

export function moveIntervals(inputs: readonly Intervals[], index: Int32Array, constants: Float64Array): Intervals {
  return {
    low: kernels.move(
      inputs.map((input) => input.low),
      index,
      constants,
    ),
    high: kernels.move(
      inputs.map((input) => input.high),
      index,
      constants,
    ),
  };
}

export function sumIntervals(inputs: readonly Intervals[], coefficients: readonly number[]): Intervals {
  return {
    low: kernels.weightedSum(
      inputs.map((x, k) => (coefficients[k] >= 0 ? x.low : x.high)),
      coefficients,
    ),
    high: kernels.weightedSum(
      inputs.map((x, k) => (coefficients[k] >= 0 ? x.high : x.low)),
      coefficients,
    ),
  };
}

export function multiplyIntervals(a: Intervals, b: Intervals): Intervals {
  const corners = a.low.map((_, i) => i);
  const product = (i: number): number[] => [
    a.low[i] * b.low[i],
    a.low[i] * b.high[i],
    a.high[i] * b.low[i],
    a.high[i] * b.high[i],
  ];
  return { low: corners.map((i) => Math.min(...product(i))), high: corners.map((i) => Math.max(...product(i))) };
}

/** Bounds of squares. */
export function squareIntervals({ low, high }: Intervals): Intervals {
  return {
    low: low.map((least, i) => (least <= 0 && high[i] >= 0 ? 0 : Math.min(least * least, high[i] * high[i]))),
    high: low.map((least, i) => Math.max(least * least, high[i] * high[i])),
  };
}

export function argMaxIntervals(groups: Groups): Intervals {
  const high = new Float64Array(groups.offsets.length - 1).map((_, i) => groups.offsets[i + 1] - groups.offsets[i] - 1);
  return { low: zerosLike(high), high };
}

/** Bounds through a function that never decreases, applied element by element. */
export function monotoneIntervals(x: Intervals, f: (value: number, i: number) => number): Intervals {
  return { low: x.low.map(f), high: x.high.map(f) };
}

/** Smallest low and largest high. */
export function hull({ low, high }: Intervals): [number, number] {
  if (low.length === 0) return [0, 0];
  return [
    low.reduce((least, value) => Math.min(least, value), Infinity),
    high.reduce((most, value) => Math.max(most, value), -Infinity),
  ];
}

/** Products of matrices: the ends of each sum are sums of the ends of its terms. */
export function matrixProductIntervals(
  a: Intervals,
  c: Intervals,
  { rows, inner, columns, left, right }: MatrixGeometry,
): Intervals {
  const size = left.length * rows * columns;
  const [low, high] = [new Float64Array(size), new Float64Array(size)];
  for (let b = 0; b < left.length; b++) {
    for (let i = 0; i < rows; i++) {
      const to = (b * rows + i) * columns;
      for (let k = 0; k < inner; k++) {
        const at = (left[b] * rows + i) * inner + k;
        const from = (right[b] * inner + k) * columns;
        for (let j = 0; j < columns; j++) {
          const corners = [
            a.low[at] * c.low[from + j],
            a.low[at] * c.high[from + j],
            a.high[at] * c.low[from + j],
            a.high[at] * c.high[from + j],
          ];
          low[to + j] += Math.min(...corners);
          high[to + j] += Math.max(...corners);
        }
      }
    }
  }
  return { low, high };
}
