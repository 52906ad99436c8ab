/**
 * ReLU is a requantization whose range starts at zero. With a slope a for negative values the function is
 * a x + (1 - a) relu(x): x is cut once, its positive part once more at little cost, and the sum is free.
 */
import type { PReluNode } from '../../network/graph.js';
import { bitsOf } from '../../integer/intervals.js';
import { hull } from '../../tensor/intervals.js';
import type { IntegerModelBuilder, Quantized } from '../integer-model-builder.js';
import { anyStep, besideRoots, eachResult, type QuantizedLayer } from './layer.js';

export const prelu: QuantizedLayer<PReluNode> = {
  lower,
  cut: (node, name, plan) => (isRelu(node) ? plan.activationGrid(node.output, 0) : plan.ownGrid(name)),
  cutCount: eachResult,
  readStep: anyStep,
  sharesCut: false,
  ...besideRoots,
};

function lower(node: PReluNode, at: IntegerModelBuilder): void {
  const x = at.tensor(node.inputs[0]);
  if (isRelu(node)) {
    if (at.isIntegral(x)) at.alias(node.output, positivePart(x, at));
    else at.requantize(x, at.plan.activationGrid(node.output, 0), node.output, at.plan.bitsOf(node.output));
    return;
  }
  const cut = at.narrow(x, at.bits);
  const relu = positivePart(cut, at);
  const fraction = 2 ** fractionalBits(node.slope, hull(cut.bounds));
  const scale = cut.scale[0] / fraction;
  const slope = (i: number): number => Math.round(node.slope[node.slope.length === 1 ? 0 : i] * fraction) + 0;
  if (node.slope.length === 1) {
    at.emit(
      { kind: 'sum', coefficients: [slope(0), fraction - slope(0)] },
      [cut, relu],
      node.output,
      node.shape,
      scale,
    );
    return;
  }
  const size = cut.bounds.low.length;
  const none = new Float64Array(size);
  const falling = at.emitStep(
    { kind: 'affine', factor: none.map((_, i) => slope(i)), shift: none },
    [cut],
    cut.of,
    node.shape,
    scale,
  );
  const rising = at.emitStep(
    { kind: 'affine', factor: none.map((_, i) => fraction - slope(i)), shift: none },
    [relu],
    relu.of,
    node.shape,
    scale,
  );
  at.emit({ kind: 'sum', coefficients: [1, 1] }, [falling, rising], node.output, node.shape, scale);
}

const isRelu = ({ slope }: PReluNode): boolean => slope.every((value) => value === 0);

/** max(x, 0), exactly. */
function positivePart(x: Quantized, at: IntegerModelBuilder): Quantized {
  const bits = Math.max(1, bitsOf(hull(x.bounds)[1]));
  return at.emitStep({ kind: 'requantize', shift: 0, low: 0, bits }, [x], x.of, x.shape, x.scale[0]);
}

/** Fewest fractional bits at which the rounded slopes are wrong by at most an eighth of a step on any value. */
function fractionalBits(slopes: Float64Array, [low]: [number, number]): number {
  const largest = Math.max(1, Math.abs(low));
  for (let bits = 0; bits < 12; bits += 1) {
    const error = slopes.reduce(
      (worst, slope) => Math.max(worst, Math.abs(slope - Math.round(slope * 2 ** bits) / 2 ** bits)),
      0,
    );
    if (error * largest <= 1 / 8) return bits;
  }
  return 12;
}
