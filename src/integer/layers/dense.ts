/** Dense layers: a matrix times rows of the input. */
import { mostOf } from '../../tensor/extremes.js';
import * as kernels from '../../tensor/kernels.js';
import type { Weights } from '../../tensor/weights.js';
import type { IntegerLayer, OpBase } from '../layer.js';
import { aroundMiddles } from '../linear-bounds.js';

/** y[r, o] = bias[o] + sum_i weight[o, i] x[r, i] */
export interface IntegerDense extends OpBase {
  readonly kind: 'dense';
  readonly rows: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** Whole numbers; see `tensor/weights.ts`. */
  readonly weight: Weights;
  readonly bias: Float64Array;
}

export const dense: IntegerLayer<IntegerDense> = {
  evaluate: (op, [x]) => kernels.dense(x, op.rows, op.inFeatures, op.outFeatures, op.weight, op.bias),
  bound: (op, [x]) =>
    aroundMiddles(x, op.bias, (values, bias, part) =>
      kernels.dense(values, op.rows, op.inFeatures, op.outFeatures, op.weight, bias, part),
    ),
  reach: (op, [x]) =>
    mostOf(kernels.dense(x, op.rows, op.inFeatures, op.outFeatures, op.weight, op.bias.map(Math.abs), 'magnitudes')),
};
