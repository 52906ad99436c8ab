/** Weighted sums of tensors, element by element. */
import { mostOf } from '../../tensor/extremes.js';
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import type { IntegerLayer, OpBase } from '../layer.js';

/** y[i] = sum_k coefficients[k] inputs[k][i] */
export interface IntegerSum extends OpBase {
  readonly kind: 'sum';
  readonly coefficients: readonly number[];
}

export const sum: IntegerLayer<IntegerSum> = {
  evaluate: (op, inputs) => kernels.weightedSum(inputs, op.coefficients),
  bound: (op, inputs) => intervals.sumIntervals(inputs, op.coefficients),
  reach: (op, inputs) => mostOf(kernels.weightedSum(inputs, op.coefficients.map(Math.abs))),
};
