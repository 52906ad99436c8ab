/**
 * A comparison with a constant is the top digit of a difference: with -2^b <= d < 2^b, (d + 2^b) / 2^(b+1) is rounded
 * down to the bit [d >= 0] by a requantization to one bit.
 *
 * The trap: a real that equals the threshold must stay equal to it, so the threshold is rounded as the input is. Where
 * integers stand for themselves (a scale of one) it is rounded up instead, and the comparison is exact for every
 * integer.
 */
import type { StepNode } from '../../network/graph.js';
import { bitsOf, spanOf } from '../../integer/intervals.js';
import type { IntegerModelBuilder, Quantized } from '../integer-model-builder.js';
import { anyStep, besideRoots, eachResult, uncut, type QuantizedLayer } from './layer.js';

export const step: QuantizedLayer<StepNode> = {
  lower,
  cut: uncut,
  cutCount: eachResult,
  readStep: anyStep,
  sharesCut: false,
  ...besideRoots,
};

function lower(node: StepNode, at: IntegerModelBuilder): void {
  const x = at.tensor(node.inputs[0]);
  const [scale] = x.scale;
  const leastOf = (i: number): number =>
    codeOf(node.threshold[node.threshold.length === 1 ? 0 : i] / scale, scale === 1, node.strict);
  const { differences, body } = compare(x, leastOf, at);
  at.emit(body, [differences], node.output, node.shape, 1);
}

/**
 * What gives 1 for each integer of x that is at least the given one, else 0: a requantization, and what it is to read.
 */
export function compare(x: Quantized, leastOf: (i: number) => number, at: IntegerModelBuilder) {
  const { low, high } = x.bounds;
  const bits = Math.max(1, bitsOf(spanOf(x.bounds)));
  const shift = low.map((least, i) => 2 ** (bits - 1) - (Math.min(Math.max(leastOf(i), least), high[i] + 1) + 0));
  const differences = at.emitStep(
    { kind: 'affine', factor: new Float64Array(low.length).fill(1), shift },
    [x],
    x.of,
    x.shape,
    x.scale[0],
  );
  return { differences, body: { kind: 'requantize', shift: bits, low: 0, bits: 1 } as const };
}

/** The least integer that counts as reached. */
function codeOf(threshold: number, exact: boolean, strict: boolean): number {
  if (strict) return (exact ? Math.floor(threshold) : Math.round(threshold)) + 1;
  return exact ? Math.ceil(threshold) : Math.round(threshold);
}
