/** Products of two tensors, element by element. */
import { mostOf } from '../../tensor/extremes.js';
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import type { IntegerLayer, OpBase } from '../layer.js';

/** y[i] = inputs[0][i] inputs[1][i] */
export interface IntegerMultiply extends OpBase {
  readonly kind: 'multiply';
}

export const multiply: IntegerLayer<IntegerMultiply> = {
  evaluate: (_, [x, y]) => kernels.multiply(x, y),
  bound: ({ inputs: [a, b] }, [x, y]) => (a === b ? intervals.squareIntervals(x) : intervals.multiplyIntervals(x, y)),
  reach: (_, [x, y]) => mostOf(kernels.multiply(x, y)),
};
