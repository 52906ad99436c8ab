/** Where the largest of each group is. */
import type { Groups } from '../../network/graph.js';
import { mostOf } from '../../tensor/extremes.js';
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import type { IntegerLayer, OpBase } from '../layer.js';

/** y[i] = position in group i of its largest element; ties to the first, or to the last where `selectLast`. */
export interface IntegerArgMax extends OpBase {
  readonly kind: 'argMax';
  readonly groups: Groups;
  readonly selectLast: boolean;
}

export const argMax: IntegerLayer<IntegerArgMax> = {
  evaluate: (op, [x]) => kernels.argMax(x, op.groups, op.selectLast),
  bound: (op) => intervals.argMaxIntervals(op.groups),
  reach: (_, [x]) => 2 * mostOf(x),
};
