/**
 * The weights of a linear layer, rounded to whole numbers for each part of what it reads, and what its bias has to make up
 * for. Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", ICCV 2019.
 */
import { roundTogether, type Correlation } from './correlation.js';
import type { Part } from './parts.js';

/** Share of a mean square that counts as variance, whatever the calibration data: they may be more alike than others. */
const LEAST_VARIANCE = 1 / 4;

/** What is known of one part, without its tensor. */
export type KnownPart = Omit<Part, 'x'>;

/** Of a layer: real units of the result for each integer of x, output by output, and the groups of features they read. */
export interface LayerWeights {
  readonly coefficients: Float64Array;
  readonly outputs: number;
  /** By group, in integers of x; undefined where nothing is known. */
  readonly correlations?: readonly Correlation[];
}

/** Mean square of what the layer errs by for each unit that a weight for this part does: its bias knows of the means. */
export function variance(part: KnownPart, correlations?: readonly Correlation[]): number {
  const { factor, mean, meanSquare, isLeading } = part;
  const alone = meanSquare - mean ** 2;
  const left =
    isLeading && correlations !== undefined
      ? correlations.reduce((sum, each) => sum + each.left, 0) / correlations.length / factor ** 2
      : alone;
  return Math.max(Math.min(alone, left), LEAST_VARIANCE * meanSquare);
}

export interface RoundedPart {
  readonly weight: Float64Array;
  /** By output, what rounding takes from the result where the part is at its mean; in units. */
  readonly lost: Float64Array;
}

/** Reals as multiples of a unit. */
export function wholeUnits(reals: Float64Array, unit: number): Float64Array {
  return reals.map((value) => Math.round(value / unit) + 0);
}

/** The weights for a part, in units of the result for each of its integers. */
export function roundPart(part: KnownPart, layer: LayerWeights, unit: number): RoundedPart {
  const { factor, mean, isLeading } = part;
  const { coefficients, outputs, correlations } = layer;
  const features = coefficients.length / outputs;
  const weight = coefficients.map((value) => (value * factor) / unit);
  const lost = new Float64Array(outputs);
  for (let o = 0; o < outputs; o += 1) {
    const own = weight.subarray(o * features, (o + 1) * features);
    const exact = own.slice();
    const together =
      isLeading && correlations !== undefined
        ? correlations[Math.floor((o * correlations.length) / outputs)]
        : undefined;
    if (together === undefined) for (let k = 0; k < features; k += 1) own[k] = Math.round(own[k]) + 0;
    else roundTogether(own, together);
    for (let k = 0; k < features; k += 1)
      lost[o] += (exact[k] - own[k]) * (together === undefined ? mean : together.mean[k] / factor);
  }
  return { weight, lost };
}
