/** Convolution: as the dense layer, with one input scale, since padding and shared weights know no single element. */
import type { ConvNode } from '../../network/graph.js';
import type { Lowering, Quantized } from '../lowering.js';
import { carried, uncut, type QuantizedLayer } from './layer.js';

export const conv: QuantizedLayer<ConvNode> = { lower, cut: uncut, cutCount: carried };

/** Bits that weights of usual precision add to an accumulator. */
const GROWTH = 14;

function lower(node: ConvNode, at: Lowering): void {
  at.onOperand(node, GROWTH, (x) => build(node, at.uniform(x), at));
}

function build(node: ConvNode, input: Quantized, at: Lowering): void {
  const coefficients = node.weight.map((w) => w * input.scale[0]);
  const unit = at.accumulatorScale(node.output, [{ coefficients, meanSquare: input.meanSquare }], node.weightShape[0]);
  const weight = coefficients.map((value) => Math.round(value / unit) + 0);
  const bias = node.bias.map((value) => Math.round(value / unit) + 0);
  const { inputShape, weightShape, groups, strides, dilations, padsBegin, padsEnd } = node;
  at.emit(
    { kind: 'conv', inputShape, weightShape, weight, bias, groups, strides, dilations, padsBegin, padsEnd },
    [input],
    node.output,
    node.shape,
    unit,
  );
}
