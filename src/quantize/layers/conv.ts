/** Convolution: as the dense layer. */
import type { ConvNode } from '../../network/graph.js';
import { sizeOf, type Shape } from '../../tensor/shape.js';
import { narrowed } from '../../tensor/weights.js';
import type { IntegerModelBuilder, Quantized } from '../integer-model-builder.js';
import { MOST_WEIGHTS, wholeOf, type Part } from '../parts.js';
import { roundPart, variance, type KnownPart, type RoundedPart } from '../rounding.js';
import { anyStep, carried, uncut, type QuantizedLayer } from './layer.js';

export const conv: QuantizedLayer<ConvNode> = { lower, cut: uncut, cutCount: carried, readStep: anyStep };

/** Bits that weights of usual precision add to an accumulator. */
const GROWTH = 14;

function lower(node: ConvNode, at: IntegerModelBuilder): void {
  at.onOperand(node, GROWTH, (x) => build(node, x, at));
}

function build(node: ConvNode, input: Quantized, at: IntegerModelBuilder): void {
  const [scale] = input.scale;
  const coefficients = new Float64Array(node.weight.length);
  for (let k = 0; k < coefficients.length; k += 1) coefficients[k] = node.weight[k] * scale;
  const isExact = at.isIntegral(input, coefficients, node.bias);
  const [outputs] = node.weightShape;
  const correlations = isExact ? undefined : at.correlations(node, input);
  const unitOf = (parts: readonly KnownPart[]): number =>
    at.accumulatorScale(
      node.output,
      parts.map((part) => ({ coefficients, factor: part.factor, meanSquare: variance(part, correlations) })),
      outputs,
    );
  const padded = [...node.padsBegin, ...node.padsEnd].some((pad) => pad !== 0);
  const split =
    isExact || coefficients.length > MOST_WEIGHTS
      ? undefined
      : at.parts.worthwhile(input, at.plan.nextCut(node.output), unitOf, padded);
  const parts = split?.parts;
  const known = parts ?? [wholeOf(input)];
  const unit = isExact ? 1 : unitOf(known);
  const rounded = known.map((part) => roundPart(part, { coefficients, outputs, correlations }, unit));
  const filter = sizeOf(node.weightShape.slice(1));
  const bias = node.bias.map((value, o) => {
    const sum = coefficients.subarray(o * filter, (o + 1) * filter).reduce((a, b) => a + b, 0);
    const lost = rounded.reduce((all, part) => all + part.lost[o], 0);
    return Math.round((value + (split?.low ?? 0) * sum) / unit + lost) + 0;
  });
  const { inputShape, weightShape, groups, strides, dilations, padsBegin, padsEnd } = node;
  const geometry = { inputShape, weightShape, groups, strides, dilations, padsBegin, padsEnd };
  const filters =
    parts === undefined ? { x: input, weight: rounded[0].weight, ...geometry } : inParts(node, parts, rounded, at);
  const { x, ...rest } = filters;
  at.emit(
    { kind: 'conv', ...geometry, ...rest, weight: narrowed(rest.weight), bias },
    [x],
    node.output,
    node.shape,
    unit,
  );
}

/** A convolution over parts as one over more channels: those of each group once for each part. */
function inParts(
  { inputShape: [batch, channels, ...space], weightShape: [filters, groupChannels, ...kernel], groups }: ConvNode,
  parts: readonly Part[],
  rounded: readonly RoundedPart[],
  at: IntegerModelBuilder,
): { readonly x: Quantized; readonly weight: Float64Array; readonly inputShape: Shape; readonly weightShape: Shape } {
  const count = parts.length;
  const inputShape = [batch, count * channels, ...space];
  const weightShape = [filters, count * groupChannels, ...kernel];
  const x = at.stacked(parts, inputShape, batch * groups);
  const block = groupChannels * sizeOf(kernel);
  const weight = new Float64Array(count * filters * block);
  rounded.forEach(({ weight: rows }, part) => {
    for (let o = 0; o < filters; o += 1)
      weight.set(rows.subarray(o * block, (o + 1) * block), (o * count + part) * block);
  });
  return { x, weight, inputShape, weightShape };
}
