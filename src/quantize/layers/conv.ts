/** Convolution: as the dense layer, with one input scale, since padding and shared weights know no single element. */
import type { ConvNode } from '../../onnx/graph.js';
import type { Lowering } from '../lowering.js';

export function lowerConv(node: ConvNode, at: Lowering): void {
  const input = at.uniform(at.operand(at.tensor(node.inputs[0]), node));
  const coefficients = node.weight.map((w) => w * input.scale[0]);
  const unit = at.accumulatorScale(node.output, [{ coefficients, meanSquare: input.meanSquare }], node.weightShape[0]);
  const weight = coefficients.map((value) => Math.round(value / unit) + 0);
  const bias = node.bias.map((value) => Math.round(value / unit) + 0);
  const { inputShape, weightShape, groups, strides, dilations, padsBegin, padsEnd } = node;
  at.emitLinear(
    { kind: 'conv', inputShape, weightShape, weight, bias, groups, strides, dilations, padsBegin, padsEnd },
    [input],
    node.output,
    node.shape,
    unit,
  );
}
