/** How a tensor of bounded integers shares field elements: see `packingSchema` of the manifest. */
import { sizeOf, type Shape } from '../tensor/shape.js';
import { bitsOf } from '../integer/intervals.js';

/** Bits that always fit below the field's modulus, which lies between 2^253 and 2^254. */
export const WORD_BITS = 253;

export interface PackingPlan {
  /** Elements are stored as y - offset. */
  readonly offset: number;
  readonly bits: number;
  readonly perWord: number;
  readonly words: number;
}

export function planPacking(shape: Shape, low: number, high: number): PackingPlan {
  const bits = Math.max(1, bitsOf(high - low));
  const perWord = Math.floor(WORD_BITS / bits);
  return { offset: low, bits, perWord, words: Math.ceil(sizeOf(shape) / perWord) };
}

/** Field elements that hold these integers; `offset` per element where given as an array. */
export function packIntegers(
  values: ArrayLike<number>,
  plan: PackingPlan,
  offset: number | ArrayLike<number> = plan.offset,
): bigint[] {
  const words = new Array<bigint>(plan.words).fill(0n);
  for (let e = 0; e < values.length; e += 1) {
    const code = BigInt(values[e] - (typeof offset === 'number' ? offset : offset[e]));
    words[Math.floor(e / plan.perWord)] |= code << BigInt((e % plan.perWord) * plan.bits);
  }
  return words;
}

/** The integers that packed field elements hold. */
export function unpackIntegers(words: readonly bigint[], count: number, plan: PackingPlan): Float64Array {
  const mask = (1n << BigInt(plan.bits)) - 1n;
  return Float64Array.from({ length: count }, (_, e) => {
    const word = words[Math.floor(e / plan.perWord)];
    return Number((word >> BigInt((e % plan.perWord) * plan.bits)) & mask) + plan.offset;
  });
}
