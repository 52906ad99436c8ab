/** Maxima of groups of elements. */
import type { Groups } from '../../tensor/groups.js';
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import { besideAffine, joinGroups, noGains, unchanged, type FloatLayer, type LayerBase } from './layer.js';

/** y[i] = maximum of x over group i (never empty): max pooling, global max pooling, ReduceMax. */
export interface MaxNode extends LayerBase {
  readonly op: 'max';
  readonly groups: Groups;
}

export const max: FloatLayer<MaxNode> = {
  prepare:
    ({ groups }) =>
    ([x]) =>
      kernels.groupMax(x, groups),
  bound: ({ groups }, [x]) => intervals.maxIntervals(x, groups),
  isMonotone: () => false,
  onlyMoves: () => false,
  maximumOf: ({ groups }) => groups,
  tieUnits: joinGroups,
  inUnits: unchanged,
  gains: noGains,
  errors: 'held',
  onlyCompares: () => false,
  ...besideAffine,
  makesWhole: (_, fromWhole) => fromWhole,
  ofOneValue: () => undefined,
};
