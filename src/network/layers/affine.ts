/** A scale and a shift for each element. */
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import { allWhole, squareOver, type FloatLayer, type LayerBase } from './layer.js';

/** y[i] = x[i] * scale[i] + shift[i]; scale and shift have one entry per element (broadcast already). */
export interface AffineNode extends LayerBase {
  readonly op: 'affine';
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

export const affine: FloatLayer<AffineNode> = {
  prepare:
    ({ scale, shift }) =>
    ([x]) =>
      kernels.affine(x, scale, shift),
  bound: ({ scale, shift }, [x]) => intervals.affineIntervals(x, scale, shift),
  isMonotone: () => false,
  onlyMoves: () => false,
  maximumOf: () => undefined,
  tieUnits: () => undefined,
  inUnits: (node, [input], output) => ({
    ...node,
    scale: node.scale.map((value, i) => (value * input[i]) / output[i]),
    shift: node.shift.map((value, i) => value / output[i]),
  }),
  gains: ({ scale }, sizes) => scale.map((value, i) => squareOver(value, sizes[i])),
  errors: 'each',
  onlyCompares: () => false,
  affineMap: (node) => node,
  withAffineAfter: compose,
  withAffineBefore: () => undefined,
  makesWhole: ({ scale, shift }, fromWhole) => fromWhole && allWhole(scale) && allWhole(shift),
  ofOneValue({ scale, shift }) {
    const [factor, offset] = [scale[0], shift[0]];
    if (!scale.every((value) => value === factor) || !shift.every((value) => value === offset)) return undefined;
    return {
      formula: `${factor} x + ${offset}`,
      apply: ([x]) => x * factor + offset,
      monotone: factor >= 0,
      cost: 'free',
    };
  },
};

function compose(first: AffineNode, second: AffineNode): AffineNode {
  return {
    ...second,
    inputs: first.inputs,
    scale: first.scale.map((scale, i) => scale * second.scale[i]),
    shift: first.shift.map((shift, i) => shift * second.scale[i] + second.shift[i]),
  };
}
