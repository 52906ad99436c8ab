/** Comparisons with constants. */
import type { Intervals } from '../../tensor/intervals.js';
import type { AffineNode } from './affine.js';
import type { GraphNode } from './index.js';
import { noGains, type FloatLayer, type LayerBase } from './layer.js';

/**
 * y[i] = 1 if x[i] >= threshold[i] (x[i] > threshold[i] where `strict`), else 0. `threshold` has one entry, or one per
 * element.
 */
export interface StepNode extends LayerBase {
  readonly op: 'step';
  readonly threshold: Float64Array;
  readonly strict: boolean;
}

export const step: FloatLayer<StepNode> = {
  prepare:
    (node) =>
    ([x]) =>
      reached(node, x),
  bound: (node, [x]): Intervals => ({ low: reached(node, x.low), high: reached(node, x.high) }),
  isMonotone: ({ threshold }) => threshold.length === 1,
  onlyMoves: () => false,
  maximumOf: () => undefined,
  tieUnits: (_, { output, fix }) => fix(output),
  inUnits: (node, [input]) => ({
    ...node,
    threshold: input.map((unit, i) => node.threshold[node.threshold.length === 1 ? 0 : i] / unit),
  }),
  gains: noGains,
  errors: 'held',
  onlyCompares: () => true,
  affineMap: () => undefined,
  withAffineAfter: () => undefined,
  withAffineBefore: compareBefore,
  makesWhole: () => true,
  // A comparison is exact, and in a table over rounded values it would not be.
  ofOneValue: () => undefined,
};

/** a x + b reaches t where x reaches (t - b) / a, as long as every a is positive. */
function compareBefore(node: StepNode, { inputs, scale, shift }: AffineNode): readonly GraphNode[] | undefined {
  if (!scale.every((value) => value > 0)) return undefined;
  const threshold = scale.map((value, i) => (node.threshold[node.threshold.length === 1 ? 0 : i] - shift[i]) / value);
  return threshold.every(Number.isFinite) ? [{ ...node, inputs, threshold }] : undefined;
}

function reached({ threshold, strict }: StepNode, x: Float64Array): Float64Array {
  return x.map((value, i) => {
    const least = threshold[threshold.length === 1 ? 0 : i];
    return Number(strict ? value > least : value >= least);
  });
}
