/** Sums and means of groups of elements. */
import type { Groups } from '../../tensor/groups.js';
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import { besideAffine, joinGroups, noGains, unchanged, type FloatLayer, type LayerBase } from './layer.js';

/** y[i] = (sum of x over group i) / divisor[i]: average pooling, global pooling, means and sums. */
export interface MeanNode extends LayerBase {
  readonly op: 'mean';
  readonly groups: Groups;
  readonly divisors: Float64Array;
}

export const mean: FloatLayer<MeanNode> = {
  prepare:
    ({ groups, divisors }) =>
    ([x]) =>
      kernels.groupSum(x, groups).map((sum, i) => sum / divisors[i]),
  bound: ({ groups, divisors }, [x]) =>
    intervals.affineIntervals(
      intervals.groupSumIntervals(x, groups),
      divisors.map((divisor) => 1 / divisor),
      new Float64Array(divisors.length),
    ),
  isMonotone: () => false,
  onlyMoves: () => false,
  maximumOf: () => undefined,
  tieUnits: joinGroups,
  inUnits: unchanged,
  gains: noGains,
  errors: 'added',
  onlyCompares: () => false,
  ...besideAffine,
  makesWhole: ({ divisors }, fromWhole) => fromWhole && divisors.every((divisor) => divisor === 1),
  ofOneValue: () => undefined,
};
