/** A dense layer: Gemm, and MatMul by a constant matrix. */
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import type { FloatLayer, LayerBase } from './layer.js';

/** y[r, o] = bias[o] + sum_i x[r, i] * weight[o, i]; x is seen as [rows, inFeatures], y as [rows, outFeatures]. */
export interface DenseNode extends LayerBase {
  readonly op: 'dense';
  readonly rows: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** [outFeatures, inFeatures] */
  readonly weight: Float64Array;
  /** [outFeatures] */
  readonly bias: Float64Array;
}

export const dense: FloatLayer<DenseNode> = {
  prepare: ({ rows, inFeatures, outFeatures, weight, bias }) => ([x]) => kernels.dense(x, rows, inFeatures, outFeatures, weight, bias),
  bound: ({ rows, inFeatures, outFeatures, weight, bias }, [x]) =>
    intervals.weightedIntervals(x, (values, w, b) => kernels.dense(values, rows, inFeatures, outFeatures, w, b), weight, bias),
};
