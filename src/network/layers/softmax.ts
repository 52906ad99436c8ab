/** Softmax: exponentials of each group's elements over their sum, or the logarithms of these. */
import { groupOfElement, type Groups } from '../../tensor/groups.js';
import type { Intervals } from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import { besideAffine, inUnitOne, type FloatLayer, type LayerBase } from './layer.js';

/** y[i] = exp(x[i]) / (sum of exp(x) over the group that i is in); each element is in one group. */
export interface SoftmaxNode extends LayerBase {
  readonly op: 'softmax';
  readonly groups: Groups;
  /**
   * 1 for elements whose weight is zero whatever they are, as a mask of minus infinity makes it; also where that is a
   * whole group.
   */
  readonly masked?: Uint8Array;
  /** The logarithm of it instead; nothing is masked then. */
  readonly logarithm: boolean;
}

export const softmax: FloatLayer<SoftmaxNode> = {
  prepare:
    ({ groups, masked, logarithm }) =>
    ([x]) =>
      kernels.softmax(x, groups, masked, logarithm),
  bound: boundSoftmax,
  isMonotone: () => false,
  onlyMoves: () => false,
  maximumOf: () => undefined,
  ...inUnitOne,
  errors: 'held',
  onlyCompares: () => false,
  ...besideAffine,
  makesWhole: () => false,
  ofOneValue: () => undefined,
};

/** A share is least where its element is least and all others are greatest, and the other way round. */
function boundSoftmax({ groups, masked, logarithm }: SoftmaxNode, [x]: readonly Intervals[]): Intervals {
  const size = x.low.length;
  const group = groupOfElement(groups, size);
  const [low, high] = [new Float64Array(size), new Float64Array(size)];
  const members = (g: number): number[] =>
    Array.from(groups.indices.subarray(groups.offsets[g], groups.offsets[g + 1])).filter((i) => masked?.[i] !== 1);
  const tops = Array.from({ length: groups.offsets.length - 1 }, (_, g) =>
    members(g).reduce((most, i) => Math.max(most, x.high[i]), -Infinity),
  );
  for (let i = 0; i < size; i += 1) {
    if (masked?.[i] === 1) continue;
    const count = groups.offsets[group[i] + 1] - groups.offsets[group[i]];
    const least = count === 1 ? 0 : Math.min(0, x.low[i] - tops[group[i]]) - Math.log(count);
    [low[i], high[i]] = logarithm ? [least, 0] : [Math.exp(least), 1];
  }
  return { low, high };
}
