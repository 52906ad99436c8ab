/** The product of two tensors, element by element. */
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import { besideAffine, inUnitOne, type FloatLayer, type LayerBase } from './layer.js';

/** y[i] = inputs[0][i] * inputs[1][i]; both inputs have y's shape. */
export interface MultiplyNode extends LayerBase {
  readonly op: 'multiply';
}

export const multiply: FloatLayer<MultiplyNode> = {
  prepare:
    () =>
    ([a, b]) =>
      kernels.multiply(a, b),
  bound: (_, [a, b]) => intervals.multiplyIntervals(a, b),
  isMonotone: () => false,
  onlyMoves: () => false,
  maximumOf: () => undefined,
  ...inUnitOne,
  errors: 'multiplied',
  onlyCompares: () => false,
  ...besideAffine,
  makesWhole: (_, fromWhole) => fromWhole,
  ofOneValue: () => ({ formula: 'x * x', apply: ([a, b]) => a * b, monotone: false, cost: 'product' }),
};
