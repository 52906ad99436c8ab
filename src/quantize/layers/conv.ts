/** Convolution: as the dense layer. */
import type { ConvNode } from '../../network/graph.js';
import { sizeOf, type Shape } from '../../tensor/shape.js';
import type { ConvGeometry } from '../../tensor/kernels.js';
import { narrowed } from '../../tensor/weights.js';
import type { IntegerModelBuilder, Quantized } from '../integer-model-builder.js';
import { wholeOf, type Part } from '../parts.js';
import { wholeUnits, roundPart, type RoundedPart } from '../rounding.js';
import { anyStep, besideRoots, carried, uncut, type QuantizedLayer } from './layer.js';
import { linearTerms, mostReach, partsFor, type LinearTerms } from './linear.js';

export const conv: QuantizedLayer<ConvNode> = {
  lower,
  cut: uncut,
  cutCount: carried,
  readStep: anyStep,
  sharesCut: true,
  ...besideRoots,
};

/** Bits that weights of usual precision add to an accumulator. */
const GROWTH = 14;

function lower(node: ConvNode, at: IntegerModelBuilder): void {
  const [outputs] = node.weightShape;
  const read = (x: Quantized): LinearTerms =>
    linearTerms(node, x, { outputs, bias: () => node.bias, isCentred: false }, at);
  const terms = at.onOperand(node, GROWTH, read, {
    reach: mostReach,
    body: ({ x, coefficients, bias, unit }) => ({
      x,
      body: { kind: 'conv', ...geometryOf(node), weight: wholeUnits(coefficients, unit), bias: wholeUnits(bias, unit) },
    }),
  });
  build(node, terms, at);
}

function geometryOf(node: ConvNode): ConvGeometry {
  const { inputShape, weightShape, groups, strides, dilations, padsBegin, padsEnd } = node;
  return { inputShape, weightShape, groups, strides, dilations, padsBegin, padsEnd };
}

function build(node: ConvNode, terms: LinearTerms, at: IntegerModelBuilder): void {
  const [outputs] = node.weightShape;
  const { coefficients, correlations } = terms;
  const padded = [...node.padsBegin, ...node.padsEnd].some((pad) => pad !== 0);
  const split = partsFor(terms, node, at, padded);
  const parts = split?.parts;
  const known = parts ?? [wholeOf(terms.x)];
  const unit = parts === undefined ? terms.unit : terms.unitOf(parts);
  const rounded = known.map((part) => roundPart(part, { coefficients, outputs, correlations }, unit));
  const filter = sizeOf(node.weightShape.slice(1));
  const bias = terms.bias.map((value, o) => {
    const sum = coefficients.subarray(o * filter, (o + 1) * filter).reduce((a, b) => a + b, 0);
    const lost = rounded.reduce((all, part) => all + part.lost[o], 0);
    return Math.round((value + (split?.low ?? 0) * sum) / unit + lost) + 0;
  });
  const geometry = geometryOf(node);
  const filters =
    parts === undefined ? { x: terms.x, weight: rounded[0].weight, ...geometry } : inParts(node, parts, rounded, at);
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
