/**
 * The scalar field of BN254, for the few places where numbers do not suffice. An element is a bigint, either canonical,
 * in [0, r), or signed, in (-r/2, r/2); most wires of a model are small integers in the signed form. The trap: the
 * remainder operator of JavaScript keeps the sign of its left side, so a reduction needs a correction.
 */
import { FIELD_MODULUS } from './types.js';

const HALF = FIELD_MODULUS >> 1n;

/** The representative in [0, r). */
export function canonical(value: bigint): bigint {
  const rest = value % FIELD_MODULUS;
  return rest < 0n ? rest + FIELD_MODULUS : rest;
}

/** The representative in (-r/2, r/2). */
export function signed(value: bigint): bigint {
  if (value <= HALF && value >= -HALF) return value;
  const rest = canonical(value);
  return rest > HALF ? rest - FIELD_MODULUS : rest;
}

/** 1 / value, in [0, r), by the extended Euclidean algorithm; value must not be 0 modulo r. */
export function inverse(value: bigint): bigint {
  let [a, b] = [canonical(value), FIELD_MODULUS];
  let [x, y] = [1n, 0n];
  if (a === 0n) throw new RangeError('0 has no inverse modulo r');
  while (b !== 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  return canonical(x);
}

/** Writes the canonical representative as eight 32-bit words, least significant first. */
export function writeWords(value: bigint, words: Uint32Array, at: number): void {
  let rest = canonical(value);
  for (let i = 0; i < 8; i++) {
    words[at + i] = Number(rest & 0xffffffffn);
    rest >>= 32n;
  }
}

/** Reads eight 32-bit words, least significant first; the result is not reduced. */
export function readWords(words: Uint32Array, at: number): bigint {
  let value = 0n;
  for (let i = 7; i >= 0; i--) value = (value << 32n) | BigInt(words[at + i]);
  return value;
}

const MODULUS_WORDS = new Uint32Array(8);
for (let i = 0; i < 8; i++) MODULUS_WORDS[i] = Number((FIELD_MODULUS >> BigInt(32 * i)) & 0xffffffffn);

/** The modulus as eight 32-bit words, least significant first. */
export function modulusWords(): Uint32Array {
  return MODULUS_WORDS.slice();
}

/**
 * The element in eight words at `at` as a signed number if |value| < 2^52, else NaN. Does not notice values of r or
 * above by less than 2^52 (they give small positive numbers); check `isCanonical` first for untrusted bytes.
 */
export function smallFromWords(words: Uint32Array, at: number): number {
  if ((words[at + 2] | words[at + 3] | words[at + 4] | words[at + 5] | words[at + 6] | words[at + 7]) === 0) {
    return words[at + 1] < 0x100000 ? words[at + 1] * 0x100000000 + words[at] : NaN;
  }
  for (let i = 7; i >= 2; i--) if (words[at + i] !== MODULUS_WORDS[i]) return NaN;
  const difference = (words[at + 1] - MODULUS_WORDS[1]) * 0x100000000 + (words[at] - MODULUS_WORDS[0]);
  return Math.abs(difference) < 0x10000000000000 ? difference : NaN;
}

/** Whether the eight words at `at` are below the modulus. */
export function isCanonical(words: Uint32Array, at: number): boolean {
  for (let i = 7; i >= 0; i--) {
    if (words[at + i] !== MODULUS_WORDS[i]) return words[at + i] < MODULUS_WORDS[i];
  }
  return false;
}
