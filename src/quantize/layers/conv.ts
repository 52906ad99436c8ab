/** Convolution: as the dense layer. */
import type { ConvNode } from '../../network/graph.js';
import { narrowed } from '../../tensor/weights.js';
import type { IntegerModelBuilder, Quantized } from '../integer-model-builder.js';
import { rounded } from '../scale.js';
import { carried, uncut, type QuantizedLayer } from './layer.js';

export const conv: QuantizedLayer<ConvNode> = { lower, cut: uncut, cutCount: carried };

/** Bits that weights of usual precision add to an accumulator. */
const GROWTH = 14;

function lower(node: ConvNode, at: IntegerModelBuilder): void {
  at.onOperand(node, GROWTH, (x) => build(node, x, at));
}

function build(node: ConvNode, input: Quantized, at: IntegerModelBuilder): void {
  const [scale] = input.scale;
  const coefficients = new Float64Array(node.weight.length);
  for (let k = 0; k < coefficients.length; k += 1) coefficients[k] = node.weight[k] * scale;
  const unit = at.isIntegral(input, coefficients, node.bias)
    ? 1
    : at.accumulatorScale(node.output, [{ coefficients, meanSquare: input.meanSquare }], node.weightShape[0]);
  const weight = narrowed(rounded(coefficients, unit));
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
