/**
 * The resolution of data: lengths in tenths of a centimetre, pixels in 255ths, counts. Where an input's step is a
 * fraction of it, the data are on the grid and nothing is lost by rounding them, and equal distances stay equal.
 */

/** Resolutions that are looked for, the coarsest first. */
const RESOLUTIONS = [1, 1 / 2, 1 / 4, 0.1, 1 / 16, 0.01, 1 / 255, 1 / 256, 0.001, 0.0001, 0.00001].sort(
  (a, b) => b - a,
);
/** Different values that must be seen, so that being multiples is no accident. */
const LEAST_VALUES = 16;
/** How near a value must come to a multiple, in parts of itself: a single-precision number is no nearer. */
const NEAR = 2 ** -22;

/** The coarsest of the resolutions of which all values are multiples; undefined where there is none, or few values. */
export function resolutionOf(samples: readonly Float64Array[]): number | undefined {
  const seen = new Set<number>();
  for (const values of samples) {
    for (const value of values) {
      seen.add(value);
      if (seen.size >= LEAST_VALUES) break;
    }
    if (seen.size >= LEAST_VALUES) break;
  }
  if (seen.size < LEAST_VALUES) return undefined;
  const fits = (resolution: number) => (value: number) =>
    Math.abs(value - Math.round(value / resolution) * resolution) <= NEAR * Math.abs(value);
  return RESOLUTIONS.find((resolution) => samples.every((values) => values.every(fits(resolution))));
}

/** The smallest step that is not below the one wished for and of which the resolution is a multiple. */
export function alignedStep(step: number, resolution: number | undefined): number {
  const parts = resolution === undefined ? 0 : Math.floor(resolution / step + 1e-9);
  return parts === 0 ? step : (resolution as number) / parts;
}
