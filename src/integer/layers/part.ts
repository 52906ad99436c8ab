/** Some digits of a quantized value. */
import { mostOf } from '../../tensor/extremes.js';
import type { Intervals } from '../../tensor/intervals.js';
import type { IntegerLayer, OpBase } from '../layer.js';

/**
 * y[i] = floor((x[i] - low) / 2^first) mod 2^count: some consecutive binary digits of a quantized value, as a number.
 * count >= 1.
 */
export interface IntegerPart extends OpBase {
  readonly kind: 'part';
  readonly low: number;
  readonly first: number;
  readonly count: number;
}

export const part: IntegerLayer<IntegerPart> = {
  evaluate: (op, [x]) => x.map((value) => partOf(op, value)),
  bound: boundPart,
  reach: (op, [x]) => mostOf(x) + Math.abs(op.low),
};

function partOf({ low, first, count }: IntegerPart, x: number): number {
  const rest = Math.floor((x - low) / 2 ** first);
  return rest - Math.floor(rest / 2 ** count) * 2 ** count;
}

/** Digits rise with the value until the ones above them do; then they may be anything. */
function boundPart(op: IntegerPart, [x]: readonly Intervals[]): Intervals {
  const above = (value: number): number => Math.floor((value - op.low) / 2 ** (op.first + op.count));
  const isRising = (i: number): boolean => above(x.low[i]) === above(x.high[i]);
  return {
    low: x.low.map((value, i) => (isRising(i) ? partOf(op, value) : 0)),
    high: x.high.map((value, i) => (isRising(i) ? partOf(op, value) : 2 ** op.count - 1)),
  };
}
