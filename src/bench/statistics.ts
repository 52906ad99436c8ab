/** Medians and paired ratios: what a noisy machine leaves of timings. */

/** Median of a non-empty list; the mean of the middle two where the count is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Median over rounds of `numerator[i] / denominator[i]`. Both were timed in the same round, one after the other, so a
 * slow spell of the machine slows both and leaves their ratio.
 */
export function pairedRatio(numerator: readonly number[], denominator: readonly number[]): number {
  return median(numerator.map((value, round) => value / denominator[round]));
}
