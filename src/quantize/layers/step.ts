/**
 * A comparison with a constant is the top digit of a difference: with -2^b <= d < 2^b, (d + 2^b) / 2^(b+1) is rounded down to the bit
 * [d >= 0] by a requantization to one bit.
 *
 * The trap: a real that equals the threshold must stay equal to it, so the threshold is rounded as the input is. Where integers stand for
 * themselves (a scale of one) it is rounded up instead, and the comparison is exact for every integer.
 */
import type { StepNode } from '../../network/graph.js';
import { bitsOf, spanOf } from '../intervals.js';
import type { Lowering } from '../lowering.js';
import { eachResult, uncut, type QuantizedLayer } from './layer.js';

export const step: QuantizedLayer<StepNode> = { lower, cut: uncut, cutCount: eachResult };

function lower(node: StepNode, at: Lowering): void {
  const x = at.tensor(node.inputs[0]);
  const { low, high } = x.bounds;
  const [scale] = x.scale;
  const least = low.map((_, i) => {
    const code = codeOf(node.threshold[node.threshold.length === 1 ? 0 : i] / scale, scale === 1, node.strict);
    return Math.min(Math.max(code, low[i]), high[i] + 1) + 0;
  });
  const bits = Math.max(1, bitsOf(spanOf(x.bounds)));
  const shift = least.map((value) => 2 ** (bits - 1) - value);
  const differences = at.emitStep({ kind: 'affine', factor: new Float64Array(low.length).fill(1), shift }, [x], x.of, node.shape, x.scale[0]);
  at.emit({ kind: 'requantize', shift: bits, low: 0, bits: 1 }, [differences], node.output, node.shape, 1);
}

/** The least integer that counts as reached. */
function codeOf(threshold: number, exact: boolean, strict: boolean): number {
  if (strict) return (exact ? Math.floor(threshold) : Math.round(threshold)) + 1;
  return exact ? Math.ceil(threshold) : Math.round(threshold);
}
