/**
 * Choice of scales. A requantized tensor gets the step that spreads its range over its bits; an accumulator gets that
 * step divided by the smallest power of two at which rounding its coefficients disturbs the result less than the
 * requantization itself does. Coefficients are free in a circuit, but each bit of an accumulator is a constraint.
 */

/** Integers low .. low + 2^bits - 1, each worth `step`. */
export interface Grid {
  readonly step: number;
  readonly low: number;
}

/**
 * Least width of a range, in parts of its larger end. Calibration values that hardly differ, such as those of tokens
 * that are alike, do not show how far other values lie, nor that so small differences matter.
 */
const LEAST_WIDTH = 1 / 8;

/** The grid of `bits` bits that covers [min, max] best while keeping zero a grid point. */
export function gridFor(min: number, max: number, bits: number): Grid {
  const least = Math.min(min, max);
  const span = Math.max(max, min) - least;
  const levels = 2 ** bits - 1;
  // All calibration values are equal: take [0, value], or [value, 0], as the range.
  if (!(span > 0)) return least === 0 ? { step: 1 / levels, low: 0 } : gridFor(0, least, bits);
  const missing = LEAST_WIDTH * Math.max(Math.abs(least), Math.abs(least + span)) - span;
  if (missing > 0) return gridOver(least - missing / 2, span + missing, levels);
  return gridOver(least, span, levels);
}

/**
 * The grid of what a clip to [bottom, top] makes, whose values lie in [min, max]: where they reach an end of the clip,
 * that is an end of the grid, since saturation is what clips. The trap: a range that is widened because its values
 * hardly differ would move the end.
 */
export function gridOfClip(min: number, max: number, bits: number, [bottom, top]: readonly [number, number]): Grid {
  const grid = gridFor(min, max, bits);
  const levels = 2 ** bits - 1;
  if (max - min >= levels * grid.step * (1 - 1e-9)) return grid;
  const [low, high] = [min <= bottom, max >= top];
  if (low && high && top > bottom) return gridOver(bottom, top - bottom, levels);
  if (high) return { step: grid.step, low: Math.round(top / grid.step) - levels };
  return low ? { step: grid.step, low: Math.round(bottom / grid.step) + 0 } : grid;
}

function gridOver(least: number, span: number, levels: number): Grid {
  const step = span / levels;
  return { step, low: Math.round(least / step) + 0 };
}

/**
 * Bits by which what layers read as an operand or a factor is finer than an activation. A cut costs the width of what
 * is cut, not of what is left, and errors of operands are multiplied, and add up along residual connections and loops.
 */
const OPERAND_BITS = 4;
/** Bits of an activation, and of an input, at most. */
export const MOST_BITS = 16;

/** Bits of a tensor that layers read as an operand or a factor, by those of an activation. */
export function operandBits(activationBits: number): number {
  return Math.min(activationBits + OPERAND_BITS, MOST_BITS);
}

/** How much rounding noise an accumulator may add, relative to that of the requantization that follows it. */
export const NOISE_BEFORE_REQUANTIZE = 1;
/** The same where nothing is cut afterwards, so that precision costs only output bits. */
export const NOISE_AT_OUTPUT = 1 / 4;

/** A term of an accumulator: a real coefficient (real units per integer of x) and the mean square of that integer. */
export interface Term {
  readonly coefficients: ArrayLike<number>;
  readonly meanSquare: number | Float64Array;
  /** By which each coefficient is multiplied, 1 if not given. */
  readonly factor?: number;
}

/**
 * Smallest s such that coefficients rounded to multiples of unit / 2^s (unit being the step unless given) keep the
 * accumulator's error (root mean square) below `noise` times that of rounding to `step`, which is step / sqrt(12).
 * `rows` accumulators share the coefficients, laid out row by row; where `meanSquare` is an array it repeats with each
 * row.
 */
export function accumulatorShift(
  terms: readonly Term[],
  rows: number,
  step: number,
  noise: number,
  largest = step,
): number {
  const allowed = (noise * noise * step * step) / 12;
  for (let shift = 0; shift < 40; shift += 1) {
    const unit = largest / 2 ** shift;
    let error = 0;
    for (const term of terms) {
      error += roundingError(term, unit / (term.factor ?? 1), rows, (allowed / (unit * unit) - error) * rows);
      if (error * unit * unit > allowed) break;
    }
    if (error * unit * unit <= allowed) return shift;
  }
  return 40;
}

/** Coefficients between two looks at the limit. */
const STRETCH = 1024;

/**
 * Mean square that rounding a term's coefficients to multiples of `unit` adds, in units squared, for one of `rows`
 * accumulators. Stops where the sum over all of them is well above `limit`, which most units miss after a few
 * coefficients of millions.
 */
function roundingError({ coefficients, meanSquare }: Term, unit: number, rows: number, limit: number): number {
  const period = typeof meanSquare === 'number' ? coefficients.length : meanSquare.length;
  const enough = 2 * limit;
  let squares = 0;
  for (let first = 0; first < coefficients.length; first += period) {
    const end = Math.min(first + period, coefficients.length);
    for (let from = first; from < end; from += STRETCH) {
      const to = Math.min(from + STRETCH, end);
      squares =
        typeof meanSquare === 'number'
          ? addSquares(squares, coefficients, from, to, unit, meanSquare)
          : addWeightedSquares(squares, coefficients, from, to, unit, meanSquare, first);
      if (squares > enough) return squares / rows;
    }
  }
  return squares / rows;
}

/** To `sum`, the squares of what rounding coefficients `from` .. `to` to multiples of `unit` changes, times `weight`. */
function addSquares(
  sum: number,
  coefficients: ArrayLike<number>,
  from: number,
  to: number,
  unit: number,
  weight: number,
): number {
  for (let k = from; k < to; k += 1) {
    const delta = fromNearest(coefficients[k] / unit);
    sum += delta * delta * weight;
  }
  return sum;
}

/** The same, coefficient k times `weights[k - first]`. */
function addWeightedSquares(
  sum: number,
  coefficients: ArrayLike<number>,
  from: number,
  to: number,
  unit: number,
  weights: Float64Array,
  first: number,
): number {
  for (let k = from; k < to; k += 1) {
    const delta = fromNearest(coefficients[k] / unit);
    sum += delta * delta * weights[k - first];
  }
  return sum;
}

/** From there on doubles have no fraction: adding and subtracting it leaves the nearest integer of what is far below. */
const WHOLE = 1.5 * 2 ** 52;
const FAR_BELOW = 2 ** 51;

/**
 * How far a number is from its nearest integer. `Math.round` compares and so takes several times as long on numbers
 * without order; the two differ only halfway between integers, and there in the sign of the distance.
 */
function fromNearest(exact: number): number {
  return exact < FAR_BELOW && exact > -FAR_BELOW ? exact - (exact + WHOLE - WHOLE) : exact - Math.round(exact);
}
