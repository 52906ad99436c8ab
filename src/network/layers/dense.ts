/** A dense layer: Gemm, and MatMul by a constant matrix. */
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import type { AffineNode } from './affine.js';
import { allWhole, joinChannels, periodic, squareOver, type FloatLayer, type LayerBase } from './layer.js';

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
  prepare:
    ({ rows, inFeatures, outFeatures, weight, bias }) =>
    ([x]) =>
      kernels.dense(x, rows, inFeatures, outFeatures, weight, bias),
  bound: ({ rows, inFeatures, outFeatures, weight, bias }, [x]) =>
    intervals.weightedIntervals(
      x,
      (values, w, b) => kernels.dense(values, rows, inFeatures, outFeatures, w, b),
      weight,
      bias,
    ),
  isMonotone: () => false,
  onlyMoves: () => false,
  maximumOf: () => undefined,
  tieUnits({ inFeatures, outFeatures }, { inputs: [input], output, join }) {
    joinChannels(input, inFeatures, 1, join);
    joinChannels(output, outFeatures, 1, join);
  },
  inUnits: (node, [input], output) => ({
    ...node,
    weight: node.weight.map((w, k) => (w * input[k % node.inFeatures]) / output[Math.floor(k / node.inFeatures)]),
    bias: node.bias.map((b, o) => b / output[o]),
  }),
  gains({ rows, inFeatures, weight }, sizes) {
    const gains = new Float64Array(rows * inFeatures);
    weight.forEach((w, k) => (gains[k % inFeatures] += squareOver(w, sizes[Math.floor(k / inFeatures)])));
    return gains.map((_, i) => gains[i % inFeatures]);
  },
  errors: 'added',
  onlyCompares: () => false,
  affineMap: () => undefined,
  withAffineAfter: foldAfter,
  withAffineBefore: foldBefore,
  makesWhole: ({ weight, bias }, fromWhole) => fromWhole && allWhole(weight) && allWhole(bias),
  ofOneValue: () => undefined,
};

function foldAfter(dense: DenseNode, affine: AffineNode): DenseNode | undefined {
  const scale = periodic(affine.scale, dense.outFeatures, 1);
  const shift = periodic(affine.shift, dense.outFeatures, 1);
  if (!scale || !shift) return undefined;
  return {
    ...dense,
    output: affine.output,
    shape: affine.shape,
    weight: dense.weight.map((w, i) => w * scale[Math.floor(i / dense.inFeatures)]),
    bias: dense.bias.map((b, o) => b * scale[o] + shift[o]),
  };
}

/** Folds where every row of x is scaled and shifted alike. */
function foldBefore(dense: DenseNode, affine: AffineNode): DenseNode[] | undefined {
  const { inFeatures } = dense;
  const scale = periodic(affine.scale, inFeatures, 1);
  const shift = periodic(affine.shift, inFeatures, 1);
  if (!scale || !shift) return undefined;
  const bias = dense.bias.map((b, o) => {
    let sum = b;
    for (let i = 0; i < inFeatures; i += 1) sum += dense.weight[o * inFeatures + i] * shift[i];
    return sum;
  });
  const weight = dense.weight.map((w, k) => w * scale[k % inFeatures]);
  return [{ ...dense, inputs: affine.inputs, weight, bias }];
}
