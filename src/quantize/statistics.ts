/**
 * What calibration learns of each tensor of the float network: its range and its mean square, over all samples and
 * elements. Ranges set scales; mean squares say how much weight precision matters.
 */
import type { Intervals } from '../tensor/intervals.js';
import { hull } from '../tensor/intervals.js';

export interface TensorStatistics {
  readonly min: number;
  readonly max: number;
  readonly meanSquare: number;
}

/** Of a tensor without elements. */
const NOTHING: TensorStatistics = { min: 0, max: 0, meanSquare: 0 };

/** Evaluates the float network on one sample: every tensor by name. */
export type FloatEvaluator = (inputs: readonly Float64Array[]) => ReadonlyMap<string, Float64Array>;

/** Statistics of every tensor over the samples (each one array per graph input). */
export function gatherStatistics(evaluate: FloatEvaluator, samples: Iterable<readonly Float64Array[]>): Map<string, TensorStatistics> {
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
    }
  }
  return new Map(
    [...running].map(([name, { min, max, squares, count }]) => [name, count === 0 ? NOTHING : { min, max, meanSquare: squares / count }]),
  );
}

/** Statistics that worst-case bounds imply: the hull, and the mean square of a uniform spread over it. */
export function statisticsFromBounds(bounds: ReadonlyMap<string, Intervals>): Map<string, TensorStatistics> {
  return new Map(
    [...bounds].map(([name, interval]) => {
      const [min, max] = hull(interval);
      return [name, { min, max, meanSquare: (min * min + min * max + max * max) / 3 }];
    }),
  );
}
