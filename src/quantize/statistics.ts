/**
 * What calibration learns of each tensor of the float network: its range and its mean square, over all samples and
 * elements. Ranges set scales; mean squares say how much weight precision matters.
 */
import type { Intervals } from '../tensor/intervals.js';
import { hull } from '../tensor/intervals.js';
import { leastOf } from '../tensor/extremes.js';

export interface TensorStatistics {
  readonly min: number;
  readonly max: number;
  readonly meanSquare: number;
  /** Of a row of outputs: the smallest range of an element that is not always zero, zero counted among its values. */
  readonly leastRange?: number;
}

/** Of a tensor without elements. */
const NOTHING: TensorStatistics = { min: 0, max: 0, meanSquare: 0 };

/** Evaluates the float network on one sample: every tensor by name. */
export type FloatEvaluator = (inputs: readonly Float64Array[]) => ReadonlyMap<string, Float64Array>;

/** Statistics of every tensor over the samples (each one array per graph input); of `rows` also each element's range. */
export function gatherStatistics(
  evaluate: FloatEvaluator,
  samples: readonly (readonly Float64Array[])[],
  rows: ReadonlySet<string> = new Set(),
): Map<string, TensorStatistics> {
  const ranges = new Map<string, Intervals>();
  const running = new Map<string, { min: number; max: number; squares: number; count: number }>();
  for (const sample of samples) {
    for (const [name, values] of evaluate(sample)) {
      let entry = running.get(name);
      if (!entry) running.set(name, (entry = { min: Infinity, max: -Infinity, squares: 0, count: 0 }));
      for (const value of values) {
        if (value < entry.min) entry.min = value;
        if (value > entry.max) entry.max = value;
        entry.squares += value * value;
      }
      entry.count += values.length;
      if (!rows.has(name)) continue;
      const row = ranges.get(name) ?? { low: new Float64Array(values.length), high: new Float64Array(values.length) };
      ranges.set(name, { low: row.low.map((low, i) => Math.min(low, values[i])), high: row.high.map((high, i) => Math.max(high, values[i])) });
    }
  }
  // One sample alone says nothing of how far an element ranges.
  const least = (name: string): Pick<TensorStatistics, 'leastRange'> => (samples.length > 1 ? leastRange(ranges.get(name)) : {});
  return new Map(
    [...running].map(([name, { min, max, squares, count }]) => [name, count === 0 ? NOTHING : { min, max, meanSquare: squares / count, ...least(name) }]),
  );
}

function leastRange(ranges: Intervals | undefined): Pick<TensorStatistics, 'leastRange'> {
  if (ranges === undefined) return {};
  const spans = ranges.low.map((low, i) => Math.max(ranges.high[i], 0) - Math.min(low, 0)).filter((span) => span > 0);
  return spans.length === 0 ? {} : { leastRange: leastOf(spans) };
}

/** Statistics that worst-case bounds imply: the hull, and the mean square of a uniform spread over it. */
export function statisticsFromBounds(bounds: ReadonlyMap<string, Intervals>, rows: ReadonlySet<string> = new Set()): Map<string, TensorStatistics> {
  return new Map(
    [...bounds].map(([name, interval]) => {
      const [min, max] = hull(interval);
      return [name, { min, max, meanSquare: (min * min + min * max + max * max) / 3, ...(rows.has(name) ? leastRange(interval) : {}) }];
    }),
  );
}
