/** What requantizers begin with: in = 2^shift * u + remainder, and, where they saturate, u = low + 2^outBits * H. */
import { power, writeDigits, type InputRange, type Wires } from './gadget.js';

/**
 * Gives a function that writes the constant wire, the wire `in` and the digits `remainder` for an input, and returns u.
 */
export function prepareDivision(wires: Wires, shift: number): (value: number, out: Float64Array) => number {
  const input = wires.one('in');
  const remainder = wires.many('remainder', shift);
  const unit = 2 ** shift;
  return (value, out) => {
    out[0] = 1;
    out[input] = value;
    const u = Math.floor(value / unit);
    writeDigits(value - u * unit, remainder, out);
    return u;
  };
}

interface ClampParameters {
  readonly bits: number;
  readonly shift: number;
  readonly outBits: number;
}

/** What a requantizer that saturates takes. */
export function clampedRange({ bits, shift, outBits }: ClampParameters): InputRange {
  return { low: -power(bits), high: power(bits) + power(shift + outBits) - 1n };
}

/**
 * As `prepareDivision`, for a requantizer that saturates: the function also writes the signs of H, `digit` and
 * `excess`, W with H = nonNegative - inside + W - 2^h * (1 - nonNegative), and returns u clamped to outBits bits.
 */
export function prepareClampedDivision(
  wires: Wires,
  { bits, shift, outBits }: ClampParameters,
): (value: number, out: Float64Array) => number {
  const divide = prepareDivision(wires, shift);
  const [nonNegative, inside] = ['nonNegative', 'inside'].map((name) => wires.one(name));
  const digit = wires.many('digit', outBits);
  const excess = wires.many('excess', bits - shift - outBits);
  const span = 2 ** outBits;
  const reach = 2 ** (bits - shift - outBits);
  return (value, out) => {
    const u = divide(value, out);
    const high = Math.floor(u / span);
    const low = u - high * span;
    out[nonNegative] = high >= 0 ? 1 : 0;
    out[inside] = high === 0 ? 1 : 0;
    writeDigits(low, digit, out);
    writeDigits(high < 0 ? high + reach : high === 0 ? 0 : high - 1, excess, out);
    return high < 0 ? 0 : high === 0 ? low : span - 1;
  };
}
