/**
 * Least and largest of many numbers. The trap: `Math.min(...values)` puts every value on the stack, and fails beyond
 * some 120,000.
 */

/** Infinity where there are none. */
export function leastOf(values: Iterable<number>): number {
  let least = Infinity;
  for (const value of values) if (value < least) least = value;
  return least;
}

/** -Infinity where there are none. */
export function mostOf(values: Iterable<number>): number {
  let most = -Infinity;
  for (const value of values) if (value > most) most = value;
  return most;
}
