/** Weighted sums over groups of elements. */
import type { Groups } from '../../network/graph.js';
import { mostOf } from '../../tensor/extremes.js';
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import type { IntegerLayer, OpBase } from '../layer.js';

/** y[i] = factor[i] * (sum of x over group i) */
export interface IntegerGroupSum extends OpBase {
  readonly kind: 'groupSum';
  readonly groups: Groups;
  readonly factor: Float64Array;
}

export const groupSum: IntegerLayer<IntegerGroupSum> = {
  evaluate: (op, [x]) => kernels.multiply(kernels.groupSum(x, op.groups), op.factor),
  bound: (op, [x]) =>
    intervals.affineIntervals(intervals.groupSumIntervals(x, op.groups), op.factor, new Float64Array(op.factor.length)),
  reach: (op, [x]) => mostOf(kernels.groupSum(x, op.groups).map((sum, i) => sum * Math.max(1, Math.abs(op.factor[i])))),
};
