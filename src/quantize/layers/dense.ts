/** Fully connected layer: weights become multiples of the accumulator's scale over the input's; free in the circuit. */
import type { DenseNode } from '../../network/graph.js';
import { narrowed } from '../../tensor/weights.js';
import type { IntegerModelBuilder, Quantized } from '../integer-model-builder.js';
import { rounded } from '../scale.js';
import { carried, uncut, type QuantizedLayer } from './layer.js';

export const dense: QuantizedLayer<DenseNode> = { lower, cut: uncut, cutCount: carried };

/** Bits that weights of usual precision add to an accumulator. */
const GROWTH = 14;

function lower(node: DenseNode, at: IntegerModelBuilder): void {
  at.onOperand(node, GROWTH, (x) => build(node, x, at));
}

function build(node: DenseNode, x: Quantized, at: IntegerModelBuilder): void {
  const { rows, inFeatures, outFeatures } = node;
  const { x: input, middle } = at.centred(x, inFeatures);
  const coefficients = new Float64Array(node.weight.length);
  for (let k = 0; k < coefficients.length; k += 1) coefficients[k] = node.weight[k] * input.scale[0];
  const unit = at.isIntegral(input, coefficients, node.bias)
    ? 1
    : at.accumulatorScale(node.output, [{ coefficients, meanSquare: input.meanSquare }], outFeatures);
  const weight = narrowed(rounded(coefficients, unit));
  const moved =
    middle === undefined
      ? node.bias
      : node.bias.map((value, o) => value + ofMiddles(coefficients, o * inFeatures, inFeatures, middle));
  const bias = moved.map((value) => Math.round(value / unit) + 0);
  at.emit({ kind: 'dense', rows, inFeatures, outFeatures, weight, bias }, [input], node.output, node.shape, unit);
}

/** What one output is, its bias not counted, where every input is its middle. */
function ofMiddles(coefficients: Float64Array, first: number, count: number, middle: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += coefficients[first + i] * middle[i];
  return sum;
}
