/**
 * A rounding of integers by any real factor as integer arithmetic: floor((sum_k multipliers[k] n_k + offset) /
 * 2^shift), the cheapest such line under a staircase of codes. That is the problem of recognizing a digital straight
 * line (Klette and Rosenfeld, "Digital straightness", 2004): each point at an edge of a step bounds the offset from one
 * side, and a line exists where the bounds leave room.
 *
 * The trap: where halves go to the even number, no single line goes through them. A sum of two does: with codes c =
 * ceil(c / 2) + floor(c / 2), the first half rises at odd codes alone and the second at even ones, and each meets all
 * of its halves from the same side.
 */

/** Integers at which a code was looked at. */
export interface Point {
  readonly n: readonly number[];
  readonly code: number;
  /** The code is at its lower end, and would be so below; or at its upper end, and would be so above. */
  readonly lowest: boolean;
  readonly highest: boolean;
}

export interface Line {
  readonly multipliers: readonly number[];
  readonly offset: number;
  readonly shift: number;
}

/**
 * The line with the smallest shift that gives every point its code: no less, unless the code is its lowest, and no
 * more, unless it is its highest. `slopes` are the real factors that it follows; undefined where none with a shift up
 * to `most` does.
 */
export function exactLine(points: readonly Point[], slopes: readonly number[], most: number): Line | undefined {
  for (let shift = 0; shift <= most; shift += 1) {
    const unit = 2 ** shift;
    const nearest = slopes.map((slope) => Math.round(slope * unit) + 0);
    // The nearest integer, and that on the other side of the real factor.
    const other = slopes.map((slope, k) => (slope * unit > nearest[k] ? nearest[k] + 1 : nearest[k] - 1));
    for (const multipliers of slopes.length === 1 ? [nearest, other] : [nearest]) {
      const offset = offsetFor(points, multipliers, unit);
      if (offset !== undefined) return { multipliers, offset, shift };
    }
  }
  return undefined;
}

/** The middle of the offsets that satisfy all points. */
function offsetFor(points: readonly Point[], multipliers: readonly number[], unit: number): number | undefined {
  let [least, most] = [-Infinity, Infinity];
  for (const { n, code, lowest, highest } of points) {
    let sum = 0;
    for (let k = 0; k < n.length; k += 1) sum += multipliers[k] * n[k];
    if (!lowest && code * unit - sum > least) least = code * unit - sum;
    if (!highest && (code + 1) * unit - 1 - sum < most) most = (code + 1) * unit - 1 - sum;
    if (least > most) return undefined;
  }
  if (least === -Infinity && most === Infinity) return points.length === 0 ? 0 : points[0].code * unit;
  if (least === -Infinity) return most;
  return most === Infinity ? least : Math.floor((least + most) / 2);
}

/** The same line in units of a finer shift. */
export function refined(line: Line, shift: number): Line {
  const factor = 2 ** (shift - line.shift);
  return {
    multipliers: line.multipliers.map((multiplier) => multiplier * factor),
    offset: line.offset * factor,
    shift,
  };
}

/**
 * The points at which a non-decreasing function of integers in [from, to] changes, and both ends. `near` says about
 * where it reaches a code; at `low` and `high` it saturates.
 */
export function edges(
  code: (n: number) => number,
  from: number,
  to: number,
  near: (code: number) => number,
  [low, high]: readonly [number, number],
): Point[] {
  const [first, last] = [code(from), code(to)];
  const at = new Set<number>([from, to]);
  for (let k = first + 1; k <= last; k += 1) {
    let n = Math.min(Math.max(Math.ceil(near(k)), from + 1), to);
    while (n - 1 >= from && code(n - 1) >= k) n -= 1;
    while (code(n) < k) n += 1;
    at.add(n).add(n - 1);
  }
  return [...at].map((n) => {
    const value = code(n);
    return { n: [n], code: value, lowest: value === low, highest: value === high };
  });
}
