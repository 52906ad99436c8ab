/** Fully connected layer: weights become multiples of the accumulator's scale over the input's; free in the circuit. */
import type { DenseNode } from '../../network/graph.js';
import { narrowed } from '../../tensor/weights.js';
import type { IntegerModelBuilder, Quantized } from '../integer-model-builder.js';
import { MOST_WEIGHTS, wholeOf, type Part } from '../parts.js';
import { roundPart, variance, type KnownPart, type RoundedPart } from '../rounding.js';
import { anyStep, carried, uncut, type QuantizedLayer } from './layer.js';

export const dense: QuantizedLayer<DenseNode> = { lower, cut: uncut, cutCount: carried, readStep: anyStep };

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
  const isExact = at.isIntegral(input, coefficients, node.bias);
  const correlations = isExact || middle !== undefined ? undefined : at.correlations(node, input);
  const unitOf = (parts: readonly KnownPart[]): number =>
    at.accumulatorScale(
      node.output,
      parts.map((part) => ({ coefficients, factor: part.factor, meanSquare: variance(part, correlations) })),
      outFeatures,
    );
  const split =
    isExact || coefficients.length > MOST_WEIGHTS
      ? undefined
      : at.parts.worthwhile(input, at.plan.nextCut(node.output), unitOf);
  const parts = split?.parts;
  const known = parts ?? [wholeOf(input)];
  const unit = isExact ? 1 : unitOf(known);
  const rounded = known.map((part) => roundPart(part, { coefficients, outputs: outFeatures, correlations }, unit));
  const moved =
    middle === undefined
      ? node.bias
      : node.bias.map((value, o) => value + ofMiddles(coefficients, o * inFeatures, inFeatures, middle));
  const least = split === undefined || split.low === 0 ? undefined : new Float64Array(inFeatures).fill(split.low);
  const bias = moved.map((value, o) => {
    const ofLeast = least === undefined ? 0 : ofMiddles(coefficients, o * inFeatures, inFeatures, least);
    const lost = rounded.reduce((all, part) => all + part.lost[o], 0);
    return Math.round((value + ofLeast) / unit + lost) + 0;
  });
  const columns =
    parts === undefined ? { x: input, weight: rounded[0].weight, inFeatures } : inParts(node, parts, rounded, at);
  at.emit(
    { kind: 'dense', rows, inFeatures: columns.inFeatures, outFeatures, weight: narrowed(columns.weight), bias },
    [columns.x],
    node.output,
    node.shape,
    unit,
  );
}

/** A dense layer over parts as one over more features: all of the first part, then those of the next. */
function inParts(
  { rows, inFeatures, outFeatures }: DenseNode,
  parts: readonly Part[],
  rounded: readonly RoundedPart[],
  at: IntegerModelBuilder,
): { readonly x: Quantized; readonly weight: Float64Array; readonly inFeatures: number } {
  const features = parts.length * inFeatures;
  const x = at.stacked(parts, [rows, features], rows);
  const weight = new Float64Array(outFeatures * features);
  rounded.forEach(({ weight: some }, part) => {
    for (let o = 0; o < outFeatures; o += 1)
      weight.set(some.subarray(o * inFeatures, (o + 1) * inFeatures), o * features + part * inFeatures);
  });
  return { x, weight, inFeatures: features };
}

/** What one output is, its bias not counted, where every input is its middle. */
function ofMiddles(coefficients: Float64Array, first: number, count: number, middle: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += coefficients[first + i] * middle[i];
  return sum;
}
