/** What dense layers and convolutions have in common before their weights are rounded. */
import type { ConvNode, DenseNode } from '../../network/graph.js';
import { mostOf } from '../../tensor/extremes.js';
import type { Correlation } from '../correlation.js';
import type { IntegerModelBuilder, Quantized } from '../integer-model-builder.js';
import { MOST_WEIGHTS, wholeOf, type InParts } from '../parts.js';
import { variance, type KnownPart } from '../rounding.js';

/** A layer on what it reads, in real units of the result for each integer of that. */
export interface LinearTerms {
  readonly x: Quantized;
  /** As the node's weight. */
  readonly coefficients: Float64Array;
  /** By output. */
  readonly bias: Float64Array;
  /** Integers that stand for themselves: nothing is rounded. */
  readonly isExact: boolean;
  readonly correlations: readonly Correlation[] | undefined;
  /** Scale of the accumulators where x is read as it is, and where it is read in parts. */
  readonly unit: number;
  unitOf(parts: readonly KnownPart[]): number;
}

/** `bias`: with what the layer makes of a middle of x, where x is told from one. */
export function linearTerms(
  node: DenseNode | ConvNode,
  x: Quantized,
  { outputs, bias, isCentred }: { readonly outputs: number; readonly bias: Bias; readonly isCentred: boolean },
  at: IntegerModelBuilder,
): LinearTerms {
  const coefficients = new Float64Array(node.weight.length);
  for (let k = 0; k < coefficients.length; k += 1) coefficients[k] = node.weight[k] * x.scale[0];
  const isExact = at.isIntegral(x, coefficients, node.bias);
  const correlations = isExact || isCentred ? undefined : at.correlations(node, x);
  const unitOf = (parts: readonly KnownPart[]): number =>
    at.accumulatorScale(
      node.output,
      parts.map((part) => ({ coefficients, factor: part.factor, meanSquare: variance(part, correlations) })),
      outputs,
    );
  const unit = isExact ? 1 : unitOf([wholeOf(x)]);
  return { x, coefficients, bias: bias(coefficients), isExact, correlations, unit, unitOf };
}

type Bias = (coefficients: Float64Array) => Float64Array;

/**
 * No accumulator's terms add up to more than this, in units: from each output's magnitudes of coefficients and the
 * largest magnitude of x.
 */
export function mostReach({ x, coefficients, bias, unit }: LinearTerms): number {
  const features = coefficients.length / bias.length;
  let most = 0;
  const largest = Math.max(mostOf(x.bounds.low.map(Math.abs)), mostOf(x.bounds.high.map(Math.abs)));
  for (let o = 0; o < bias.length; o += 1) {
    let sum = 0;
    for (let k = o * features; k < (o + 1) * features; k += 1) sum += Math.abs(coefficients[k]);
    most = Math.max(most, sum * largest + Math.abs(bias[o]));
  }
  // Rounding moves a coefficient by half a unit, or by one where weights are rounded together.
  return most / unit + features * largest + 1;
}

/** The parts that the layer had better read, if any; `count` of its values are cut next. */
export function partsFor(
  terms: LinearTerms,
  node: DenseNode | ConvNode,
  at: IntegerModelBuilder,
  padded = false,
): InParts | undefined {
  if (terms.isExact || terms.coefficients.length > MOST_WEIGHTS) return undefined;
  return at.parts.worthwhile(terms.x, at.plan.nextCut(node.output), terms, padded);
}
