/** Products of matrices that the network computes, many of one size at a time. */
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import { besideAffine, inUnitOne, type FloatLayer, type LayerBase } from './layer.js';

/**
 * y[b, i, j] = sum_k A[left[b], i, k] B[right[b], k, j]; A is made of matrices of [rows, inner], B of matrices of
 * [inner, columns].
 */
export interface MatMulNode extends LayerBase, kernels.MatrixGeometry {
  readonly op: 'matmul';
}

export const matmul: FloatLayer<MatMulNode> = {
  prepare:
    (node) =>
    ([a, b]) =>
      kernels.matrixProducts(a, b, node),
  bound: (node, [a, b]) => intervals.matrixProductIntervals(a, b, node),
  isMonotone: () => false,
  onlyMoves: () => false,
  maximumOf: () => undefined,
  ...inUnitOne,
  errors: 'held',
  onlyCompares: () => false,
  ...besideAffine,
  makesWhole: (_, fromWhole) => fromWhole,
  ofOneValue: () => undefined,
};
