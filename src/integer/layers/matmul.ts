/** Products of matrices that are both activations. */
import { mostOf } from '../../tensor/extremes.js';
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import type { IntegerLayer, OpBase } from '../layer.js';

/** y[b, i, j] = sum_k A[left[b], i, k] B[right[b], k, j]; fields as in the graph's MatMulNode. */
export interface IntegerMatMul extends OpBase {
  readonly kind: 'matmul';
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  readonly left: Int32Array;
  readonly right: Int32Array;
}

export const matmul: IntegerLayer<IntegerMatMul> = {
  evaluate: (op, [a, b]) => kernels.matrixProducts(a, b, op),
  bound: (op, [a, b]) => intervals.matrixProductIntervals(a, b, op),
  reach: (op, [a, b]) => mostOf(kernels.matrixProducts(a, b, op)),
};
