/**
 * What calibration learns of each tensor of the float network: its range, its mean and its mean square, over all samples
 * and elements. Ranges set scales; means and mean squares say how much weight precision matters. They are kept apart for
 * elements that may have units of their own.
 */
import type { Stepwise } from '../stepwise.js';
import type { UnitClasses } from '../network/unit-classes.js';
import type { Intervals } from '../tensor/intervals.js';
import { leastOf, mostOf } from '../tensor/extremes.js';

export interface TensorStatistics {
  readonly min: number;
  readonly max: number;
  /** 0 where no samples say it. */
  readonly mean: number;
  readonly meanSquare: number;
  /** Of a row of outputs: the smallest range of an element that is not always zero, zero counted among its values. */
  readonly leastRange?: number;
}

/** What is known of a tensor's elements, class by class of those that share a unit. */
export interface ClassStatistics {
  /** How many elements it has. */
  readonly size: number;
  /** The classes that its elements are of, each once. */
  readonly classes: Int32Array;
  /** Position in `classes` of each element's; absent where there is one. */
  readonly index?: Int32Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  /** Sum and sum of squares over samples and elements, and how many values that are. */
  readonly sums: Float64Array;
  readonly squares: Float64Array;
  readonly counts: Float64Array;
  /** Of a row of outputs: the range of each element, zero counted among its values. */
  readonly ranges?: Intervals;
}

/** Evaluates the float network on one sample: every tensor by name. */
export type FloatEvaluator = (inputs: readonly Float64Array[]) => ReadonlyMap<string, Float64Array>;

/**
 * Statistics of every tensor over the samples (each one array per graph input); of `rows` also each element's range.
 * `observe` sees all tensors of each sample.
 */
export function* gatherStatistics(
  evaluate: FloatEvaluator,
  samples: readonly (readonly Float64Array[])[],
  units: UnitClasses,
  rows: ReadonlySet<string> = new Set(),
  observe?: (tensors: ReadonlyMap<string, Float64Array>) => void,
): Stepwise<Map<string, ClassStatistics>> {
  const running = new Map<string, ClassStatistics>();
  const ranges = new Map<string, Intervals>();
  for (const [i, sample] of samples.entries()) {
    yield i / samples.length;
    const tensors = evaluate(sample);
    observe?.(tensors);
    for (const [name, values] of tensors) {
      let entry = running.get(name);
      if (!entry) running.set(name, (entry = nothingOf(units.of(name))));
      add(entry, values);
      if (!rows.has(name)) continue;
      const row = ranges.get(name) ?? { low: new Float64Array(values.length), high: new Float64Array(values.length) };
      ranges.set(name, {
        low: row.low.map((low, i) => Math.min(low, values[i])),
        high: row.high.map((high, i) => Math.max(high, values[i])),
      });
    }
  }
  // One sample does not show an element's range.
  if (samples.length > 1)
    for (const [name, range] of ranges) running.set(name, { ...(running.get(name) as ClassStatistics), ranges: range });
  return running;
}

/**
 * Statistics that worst-case bounds imply: the hull, and the mean square of a uniform spread over each element's
 * interval. Where in it the values lie is not known, so no mean is.
 */
export function statisticsFromBounds(
  bounds: ReadonlyMap<string, Intervals>,
  units: UnitClasses,
  rows: ReadonlySet<string> = new Set(),
): Map<string, ClassStatistics> {
  return new Map(
    [...bounds].map(([name, interval]) => {
      const entry = nothingOf(units.of(name));
      add(entry, interval.low);
      add(entry, interval.high);
      const squares = entry.min.map(
        (min, k) => (entry.counts[k] * (min * min + min * entry.max[k] + entry.max[k] ** 2)) / 3,
      );
      const sums = new Float64Array(squares.length);
      return [name, { ...entry, sums, squares, ...(rows.has(name) ? { ranges: interval } : {}) }];
    }),
  );
}

/** A tensor's statistics where its elements are counted in these units, one for each of its classes. */
export function inUnits(
  { classes, min, max, sums, squares, counts, ranges }: ClassStatistics,
  unitOf: (unitClass: number) => number,
): TensorStatistics {
  const count = counts.reduce((sum, value) => sum + value, 0);
  // A tensor without elements.
  if (count === 0) return { min: 0, max: 0, mean: 0, meanSquare: 0 };
  const units = Float64Array.from(classes, unitOf);
  return {
    min: leastOf(min.map((value, k) => value / units[k])),
    max: mostOf(max.map((value, k) => value / units[k])),
    mean: sums.reduce((sum, value, k) => sum + value / units[k], 0) / count,
    meanSquare: squares.reduce((sum, value, k) => sum + value / units[k] ** 2, 0) / count,
    ...(ranges === undefined ? {} : leastRange(ranges)),
  };
}

function nothingOf(elements: Int32Array): ClassStatistics {
  const positions = new Map<number, number>();
  const index = elements.map((unitClass) => {
    const known = positions.get(unitClass) ?? positions.size;
    positions.set(unitClass, known);
    return known;
  });
  const [classes, count] = [Int32Array.from(positions.keys()), positions.size];
  const [min, max] = [new Float64Array(count).fill(Infinity), new Float64Array(count).fill(-Infinity)];
  return {
    size: elements.length,
    classes,
    min,
    max,
    sums: new Float64Array(count),
    squares: new Float64Array(count),
    counts: new Float64Array(count),
    ...(count > 1 ? { index } : {}),
  };
}

function add({ index, min, max, sums, squares, counts }: ClassStatistics, values: Float64Array): void {
  for (let i = 0; i < values.length; i += 1) {
    const [k, value] = [index === undefined ? 0 : index[i], values[i]];
    if (value < min[k]) min[k] = value;
    if (value > max[k]) max[k] = value;
    sums[k] += value;
    squares[k] += value * value;
    counts[k] += 1;
  }
}

function leastRange(ranges: Intervals): Pick<TensorStatistics, 'leastRange'> {
  const spans = ranges.low.map((low, i) => Math.max(ranges.high[i], 0) - Math.min(low, 0)).filter((span) => span > 0);
  return spans.length === 0 ? {} : { leastRange: leastOf(spans) };
}
