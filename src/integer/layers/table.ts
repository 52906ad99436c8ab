/** Any function of one quantized value. */
import { leastOf, mostOf } from '../../tensor/extremes.js';
import type { Intervals } from '../../tensor/intervals.js';
import type { IntegerLayer, OpBase } from '../layer.js';

/**
 * y[i] = entries[k], k = clamp(x[i] - low, 0, 2^bits - 1): any function of one quantized value. 4 <= bits <= 12, and
 * 2^bits entries.
 */
export interface IntegerTable extends OpBase {
  readonly kind: 'table';
  readonly low: number;
  readonly bits: number;
  readonly entries: Float64Array;
}

export const table: IntegerLayer<IntegerTable> = {
  evaluate: (op, [x]) => x.map((value) => op.entries[tableIndex(op, value)]),
  bound: boundTable,
  // Where the index saturates, the circuit adds differences of entries.
  reach: (op, [x]) => Math.max(mostOf(x) + Math.abs(op.low), 3 * mostOf(op.entries.map(Math.abs))),
};

/** Position in a table's entries that this value reads. */
function tableIndex({ low, entries }: Pick<IntegerTable, 'low' | 'entries'>, x: number): number {
  return Math.min(Math.max(x - low, 0), entries.length - 1);
}

/** Least and largest entry of each element's range of the index; elements often share theirs. */
function boundTable(op: IntegerTable, [x]: readonly Intervals[]): Intervals {
  const known = new Map<number, readonly [number, number]>();
  const [low, high] = [new Float64Array(x.low.length), new Float64Array(x.low.length)];
  for (let i = 0; i < low.length; i += 1) {
    const [from, to] = [tableIndex(op, x.low[i]), tableIndex(op, x.high[i])];
    const key = from * op.entries.length + to;
    let range = known.get(key);
    if (range === undefined) {
      const reached = op.entries.subarray(from, to + 1);
      range = [leastOf(reached), mostOf(reached)];
      known.set(key, range);
    }
    [low[i], high[i]] = range;
  }
  return { low, high };
}
