/** Positions of the largest elements of groups. */
import type { Groups } from '../../tensor/groups.js';
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import { besideAffine, inUnitOne, type FloatLayer, type LayerBase } from './layer.js';

/** y[i] = position within group i of its largest element; ties go to the first, or the last where `selectLast`. */
export interface ArgMaxNode extends LayerBase {
  readonly op: 'argMax';
  readonly groups: Groups;
  readonly selectLast: boolean;
}

export const argMax: FloatLayer<ArgMaxNode> = {
  prepare:
    ({ groups, selectLast }) =>
    ([x]) =>
      kernels.argMax(x, groups, selectLast),
  bound: ({ groups }) => intervals.argMaxIntervals(groups),
  isMonotone: () => false,
  onlyMoves: () => false,
  maximumOf: () => undefined,
  ...inUnitOne,
  errors: 'held',
  onlyCompares: () => true,
  ...besideAffine,
  makesWhole: () => true,
  ofOneValue: () => undefined,
};
