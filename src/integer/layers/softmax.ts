/** Softmax over groups. */
import type { Groups } from '../../network/graph.js';
import { leastOf, mostOf } from '../../tensor/extremes.js';
import type { Intervals } from '../../tensor/intervals.js';
import type { IntegerLayer, OpBase } from '../layer.js';

/**
 * Softmax, as y / numerator about. With M the largest x of i's group and gap[i] = M - x[i], less 1 for members before
 * the first largest, e[i] = entries[min(floor(gap[i] / 2^shift), entries.length - 1)] and y[i] = e[i] floor(numerator /
 * (sum of e over the group)). Each element is in one group; 2^4 to 2^12 entries, none negative, the first the largest
 * and not zero; shift >= 1.
 */
export interface IntegerSoftmax extends OpBase {
  readonly kind: 'softmax';
  readonly groups: Groups;
  readonly shift: number;
  readonly entries: Float64Array;
  readonly numerator: number;
}

export const softmax: IntegerLayer<IntegerSoftmax> = {
  evaluate: (op, [x]) => valuesOf(op, x),
  bound: boundSoftmax,
  // Members are compared by their differences.
  reach: (op, [x]) => Math.max(2 * mostOf(x) + 1, op.numerator, x.length * op.entries[0]),
};

/** Values of a softmax (see {@link IntegerSoftmax}). */
function valuesOf({ groups, shift, entries, numerator }: IntegerSoftmax, x: Float64Array): Float64Array {
  const y = new Float64Array(x.length);
  for (let g = 0; g + 1 < groups.offsets.length; g += 1) {
    const members = groups.indices.subarray(groups.offsets[g], groups.offsets[g + 1]);
    const first = members.reduce((best, member, k) => (x[member] > x[members[best]] ? k : best), 0);
    let sum = 0;
    members.forEach((member, k) => {
      const gap = x[members[first]] - x[member] - (k < first ? 1 : 0);
      y[member] = entries[Math.min(Math.floor(gap / 2 ** shift), entries.length - 1)];
      sum += y[member];
    });
    const factor = Math.floor(numerator / sum);
    for (const member of members) y[member] *= factor;
  }
  return y;
}

/** An element's share is least with the least entry beside the largest ones, and greatest alone. */
function boundSoftmax({ groups, entries, numerator }: IntegerSoftmax, [x]: readonly Intervals[]): Intervals {
  const [low, high] = [new Float64Array(x.low.length), new Float64Array(x.low.length)];
  const [least, most] = [leastOf(entries), entries[0]];
  for (let g = 0; g + 1 < groups.offsets.length; g += 1) {
    const members = groups.indices.subarray(groups.offsets[g], groups.offsets[g + 1]);
    for (const member of members) {
      high[member] = most * Math.floor(numerator / most);
      low[member] = members.length === 1 ? high[member] : least * Math.floor(numerator / (members.length * most));
    }
  }
  return { low, high };
}
