/** The largest of each group. */
import type { Groups } from '../../network/graph.js';
import { mostOf } from '../../tensor/extremes.js';
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import type { IntegerLayer, OpBase } from '../layer.js';

/** y[i] = maximum of x over group i */
export interface IntegerMax extends OpBase {
  readonly kind: 'max';
  readonly groups: Groups;
}

export const max: IntegerLayer<IntegerMax> = {
  evaluate: (op, [x]) => kernels.groupMax(x, op.groups),
  bound: (op, [x]) => intervals.maxIntervals(x, op.groups),
  // Members are compared by their differences.
  reach: (_, [x]) => 2 * mostOf(x),
};
