/** Fully connected layer: weights become multiples of the accumulator's scale over the input's; free in the circuit. */
import type { DenseNode } from '../../network/graph.js';
import { narrowed } from '../../tensor/weights.js';
import type { IntegerModelBuilder, Quantized } from '../integer-model-builder.js';
import { wholeOf, type Part } from '../parts.js';
import { wholeUnits, roundPart, type RoundedPart } from '../rounding.js';
import { anyStep, besideRoots, carried, uncut, type QuantizedLayer } from './layer.js';
import { linearTerms, mostReach, partsFor, type LinearTerms } from './linear.js';

export const dense: QuantizedLayer<DenseNode> = {
  lower,
  cut: uncut,
  cutCount: carried,
  readStep: anyStep,
  sharesCut: true,
  ...besideRoots,
};

/** Bits that weights of usual precision add to an accumulator. */
const GROWTH = 14;

function lower(node: DenseNode, at: IntegerModelBuilder): void {
  const { rows, inFeatures, outFeatures } = node;
  const read = (x: Quantized): LinearTerms => termsOf(node, x, at);
  const terms = at.onOperand(node, GROWTH, read, {
    reach: mostReach,
    body: ({ x, coefficients, bias, unit }) => ({
      x,
      body: {
        kind: 'dense',
        rows,
        inFeatures,
        outFeatures,
        weight: wholeUnits(coefficients, unit),
        bias: wholeUnits(bias, unit),
      },
    }),
  });
  build(node, terms, at);
}

function termsOf(node: DenseNode, given: Quantized, at: IntegerModelBuilder): LinearTerms {
  const { inFeatures, outFeatures } = node;
  const { x, middle } = at.centred(given, inFeatures);
  const bias = (coefficients: Float64Array): Float64Array =>
    middle === undefined
      ? node.bias
      : node.bias.map((value, o) => value + ofMiddles(coefficients, o * inFeatures, inFeatures, middle));
  return linearTerms(node, x, { outputs: outFeatures, bias, isCentred: middle !== undefined }, at);
}

function build(node: DenseNode, terms: LinearTerms, at: IntegerModelBuilder): void {
  const { rows, inFeatures, outFeatures } = node;
  const { x, coefficients, correlations } = terms;
  const split = partsFor(terms, node, at);
  const parts = split?.parts;
  const known = parts ?? [wholeOf(x)];
  const unit = parts === undefined ? terms.unit : terms.unitOf(parts);
  const rounded = known.map((part) => roundPart(part, { coefficients, outputs: outFeatures, correlations }, unit));
  const least = split === undefined || split.low === 0 ? undefined : new Float64Array(inFeatures).fill(split.low);
  const bias = terms.bias.map((value, o) => {
    const ofLeast = least === undefined ? 0 : ofMiddles(coefficients, o * inFeatures, inFeatures, least);
    const lost = rounded.reduce((all, part) => all + part.lost[o], 0);
    return Math.round((value + ofLeast) / unit + lost) + 0;
  });
  const columns =
    parts === undefined ? { x, weight: rounded[0].weight, inFeatures } : inParts(node, parts, rounded, at);
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
