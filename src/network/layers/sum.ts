/** A weighted sum of tensors of one shape. */
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import {
  allWhole,
  besideAffine,
  joinPlaceByPlace,
  noGains,
  unchanged,
  type FloatLayer,
  type LayerBase,
} from './layer.js';

/** y[i] = sum_k coefficients[k] * inputs[k][i]; all inputs have y's shape. */
export interface SumNode extends LayerBase {
  readonly op: 'sum';
  readonly coefficients: readonly number[];
}

export const sum: FloatLayer<SumNode> = {
  prepare:
    ({ coefficients }) =>
    (inputs) =>
      kernels.weightedSum(inputs, coefficients),
  bound: ({ coefficients }, inputs) => intervals.sumIntervals(inputs, coefficients),
  isMonotone: () => false,
  onlyMoves: () => false,
  maximumOf: () => undefined,
  tieUnits: joinPlaceByPlace,
  inUnits: unchanged,
  gains: noGains,
  errors: 'added',
  onlyCompares: () => false,
  ...besideAffine,
  makesWhole: ({ coefficients }, fromWhole) => fromWhole && allWhole(coefficients),
  ofOneValue: ({ coefficients }) => ({
    formula: coefficients.map((value) => `${value} x`).join(' + '),
    apply: (elements) => elements.reduce((total, element, k) => total + coefficients[k] * element, 0),
    monotone: false,
    cost: 'free',
  }),
};
