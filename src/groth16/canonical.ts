/**
 * One spelling for each proof: decimal without sign, coordinates below q and signals below r, z = 1, infinity as [0, 1, 0] in each
 * group. Both provers and the contracts (where infinity is all zeros) take the same.
 * The trap: snarkjs reduces what is too large, so that x + q would be accepted for x, and a signal could be spelled twice.
 */
import { FIELD_MODULUS } from '../r1cs/types.js';
import type { Proof } from './types.js';

/** Order of BN254's base field. */
const BASE_FIELD = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;

/** Infinity of the second group. */
const INFINITY_G2 = '0,0,1,0,0,0';

/**
 * The same equation without B at infinity, which snarkjs's pairing cannot take: e(A, 0) = 1 = e(0, G) for any G. Undefined where A is
 * no point, since then nothing else would look at it. Any other canonical proof as it is.
 */
export function withoutInfiniteB(proof: Proof, anyG2: readonly (readonly string[])[]): Proof | undefined {
  if (proof.pi_b.flat().join() !== INFINITY_G2) return proof;
  const [x, y, z] = proof.pi_a.map(BigInt);
  if (z === 1n && (y * y - x * x * x - 3n) % BASE_FIELD !== 0n) return undefined;
  return { ...proof, pi_a: ['0', '1', '0'], pi_b: anyG2 as Proof['pi_b'] };
}

/** Whether a proof and its public signals are written in the one way that is accepted. */
export function isCanonical(proof: Proof, publicSignals: readonly string[]): boolean {
  const { pi_a: a, pi_b: b, pi_c: c } = proof;
  const finite = (z: unknown): boolean => z === '1';
  const g1 = (point: readonly string[]): boolean =>
    Array.isArray(point) && point.length === 3 && isBelow(point[0], BASE_FIELD) && isBelow(point[1], BASE_FIELD)
    && (finite(point[2]) || (point[2] === '0' && point[0] === '0' && point[1] === '1'));
  const g2 =
    Array.isArray(b) && b.length === 3
    && b.slice(0, 2).every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every((part) => isBelow(part, BASE_FIELD)))
    && b[2]?.length === 2 && b[2]?.[1] === '0'
    && (finite(b[2]?.[0]) || (b[2]?.[0] === '0' && b.flat().join() === INFINITY_G2));
  return g1(a) && g2 && g1(c) && publicSignals.every((signal) => isBelow(signal, FIELD_MODULUS));
}

function isBelow(text: unknown, modulus: bigint): boolean {
  return typeof text === 'string' && /^(0|[1-9]\d{0,77})$/.test(text) && BigInt(text) < modulus;
}
