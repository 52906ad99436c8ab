/**
 * Weights of a layer in the narrowest type that holds each of them exactly. A model's weights are its largest arrays by
 * far, and every stage that keeps a copy at eight bytes a weight would dominate the memory.
 */

/**
 * Numbers that are read only; whoever changes them makes a Float64Array first, since `map` of a narrower array rounds.
 */
export type Weights = Float64Array | Int32Array | Int16Array | Int8Array;

/** Arrays of fewer elements stay as they are: they are not worth it. */
export const LARGE = 4096;

/** Whole numbers, in the narrowest type where there are many. */
export function narrowed(values: Float64Array): Weights {
  if (values.length < LARGE) return values;
  let [least, most] = [0, 0];
  for (let i = 0; i < values.length; i += 1) {
    if (values[i] < least) least = values[i];
    else if (values[i] > most) most = values[i];
  }
  for (const narrow of [Int8Array, Int16Array, Int32Array]) {
    const limit = 2 ** (8 * narrow.BYTES_PER_ELEMENT - 1);
    if (least >= -limit && most < limit) return new narrow(values);
  }
  return values;
}

/** Whether a function takes the weights themselves or their magnitudes. */
export type WeightPart = 'all' | 'magnitudes';

/** Elements of `weights` from `start` on, as doubles, into the front of `into`. */
export function widen(weights: Weights, start: number, count: number, part: WeightPart, into: Float64Array): void {
  into.set(weights.subarray(start, start + count));
  if (part === 'magnitudes') for (let i = 0; i < count; i += 1) into[i] = Math.abs(into[i]);
}
