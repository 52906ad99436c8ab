/** Bounds of linear layers. */
import type { Intervals } from '../tensor/intervals.js';
import type { WeightPart } from '../tensor/weights.js';

/**
 * Bounds of a linear layer on integers: what it makes of the intervals' middles, and on either side what the weights'
 * magnitudes make of half their widths. Middles are halves of integers, so that sums of them are exact up to 2^52, as
 * far as a layer's terms may reach.
 */
export function aroundMiddles(
  x: Intervals,
  bias: Float64Array,
  layer: (values: Float64Array, bias: Float64Array, part: WeightPart) => Float64Array,
): Intervals {
  const middle = layer(
    x.low.map((low, i) => (low + x.high[i]) / 2),
    bias,
    'all',
  );
  const radius = layer(
    x.low.map((low, i) => (x.high[i] - low) / 2),
    new Float64Array(bias.length),
    'magnitudes',
  );
  return { low: middle.map((value, i) => value - radius[i]), high: middle.map((value, i) => value + radius[i]) };
}
