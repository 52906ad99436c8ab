/** Elements in another order, and constants among them. */
import { mostOf } from '../../tensor/extremes.js';
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import type { IntegerLayer, OpBase } from '../layer.js';

/** y[i] = z[index[i]], z being all inputs one after the other; constants[-1 - index[i]] where the index is negative. */
export interface IntegerMove extends OpBase {
  readonly kind: 'move';
  readonly index: Int32Array;
  readonly constants: Float64Array;
}

export const move: IntegerLayer<IntegerMove> = {
  evaluate: (op, inputs) => kernels.move(inputs, op.index, op.constants),
  bound: (op, inputs) => intervals.moveIntervals(inputs, op.index, op.constants),
  reach: (op, inputs) => Math.max(0, mostOf(op.constants.map(Math.abs)), mostOf(inputs.map(mostOf))),
};
