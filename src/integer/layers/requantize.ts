/** Division by a power of two, and saturation. */
import { mostOf } from '../../tensor/extremes.js';
import * as intervals from '../../tensor/intervals.js';
import type { IntegerLayer, OpBase } from '../layer.js';

/**
 * y[i] = clamp(floor((x[i] + half) / 2^shift), low, low + 2^bits - 1), half = 2^(shift - 1), or 0 where shift is 0:
 * division by a power of two rounding half up, then saturation. ReLU is low = 0.
 */
export interface IntegerRequantize extends OpBase {
  readonly kind: 'requantize';
  readonly shift: number;
  readonly low: number;
  readonly bits: number;
}

export const requantize: IntegerLayer<IntegerRequantize> = {
  evaluate: (op, [x]) => x.map((value) => requantizeValue(op, value)),
  bound: (op, [x]) => intervals.monotoneIntervals(x, (value) => requantizeValue(op, value)),
  // The circuit adds half a unit and takes the low end away before it divides.
  reach: (op, [x]) => mostOf(x) + 2 ** op.shift * (1 + Math.abs(op.low)),
};

/** The requantization function on one accumulator (see {@link IntegerRequantize}). */
export function requantizeValue(op: Pick<IntegerRequantize, 'shift' | 'low' | 'bits'>, x: number): number {
  const half = op.shift === 0 ? 0 : 2 ** (op.shift - 1);
  const rounded = Math.floor((x + half) / 2 ** op.shift);
  return Math.min(Math.max(rounded, op.low), op.low + 2 ** op.bits - 1);
}
