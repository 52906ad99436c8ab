/**
 * One spelling for each proof and key: decimal without sign, coordinates below q and signals below r, z = 1, infinity
 * as [0, 1, 0] in each group (no point of G2 in a key is infinity). Both provers and the contracts (where infinity is
 * all zeros) take the same. The trap: snarkjs reduces what is too large, so that x + q would be accepted for x, and a
 * signal could be spelled twice.
 */
import { FIELD_MODULUS } from '../r1cs/types.js';
import type { Proof, VerificationKey } from './types.js';

/** Order of BN254's base field. */
export const BASE_FIELD = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;

/** Infinity of the second group. */
const INFINITY_G2 = '0,0,1,0,0,0';

/**
 * The same equation without B at infinity, which snarkjs's pairing cannot take: e(A, 0) = 1 = e(0, G) for any G.
 * Undefined where A is no point, since then nothing else would look at it. Any other canonical proof as it is.
 */
export function withoutInfiniteB(proof: Proof, anyG2: readonly (readonly string[])[]): Proof | undefined {
  if (proof.pi_b.flat().join() !== INFINITY_G2) return proof;
  const [x, y, z] = proof.pi_a.map(BigInt);
  if (z === 1n && (y * y - x * x * x - 3n) % BASE_FIELD !== 0n) return undefined;
  return { ...proof, pi_a: ['0', '1', '0'], pi_b: anyG2 as Proof['pi_b'] };
}

/** Whether a proof and its public signals are written in the one way that is accepted. */
export function isCanonicalProof(proof: Proof, publicSignals: readonly string[]): boolean {
  const { pi_a: a, pi_b: b, pi_c: c } = proof;
  return (
    isG1(a) &&
    (isG2(b) || (Array.isArray(b) && b.flat().join() === INFINITY_G2)) &&
    isG1(c) &&
    publicSignals.every((signal) => isBelow(signal, FIELD_MODULUS))
  );
}

/**
 * Whether the points of a verification key are written in the one way that is accepted. A point with another z, or with
 * a multiple of q added, compares as different from itself (delta would not be seen to equal gamma), while snarkjs
 * computes with the same point.
 */
export function isCanonicalKey(key: VerificationKey): boolean {
  const { vk_alpha_1: alpha, vk_beta_2: beta, vk_gamma_2: gamma, vk_delta_2: delta, IC: ic, nPublic } = key;
  // With alpha = 0, A = the public sum, B = gamma, C = 0 is accepted: snarkjs takes such a key.
  return (
    isG1(alpha) &&
    alpha[2] === '1' &&
    isG2(beta) &&
    isG2(gamma) &&
    isG2(delta) &&
    Array.isArray(ic) &&
    ic.length === nPublic + 1 &&
    ic.every(isG1)
  );
}

function isG1(point: readonly string[]): boolean {
  return (
    Array.isArray(point) &&
    point.length === 3 &&
    isBelow(point[0], BASE_FIELD) &&
    isBelow(point[1], BASE_FIELD) &&
    (point[2] === '1' || (point[2] === '0' && point[0] === '0' && point[1] === '1'))
  );
}

function isG2(point: readonly (readonly string[])[]): boolean {
  return (
    Array.isArray(point) &&
    point.length === 3 &&
    point
      .slice(0, 2)
      .every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every((part) => isBelow(part, BASE_FIELD))) &&
    point[2]?.length === 2 &&
    point[2][0] === '1' &&
    point[2][1] === '0'
  );
}

function isBelow(text: unknown, modulus: bigint): boolean {
  return typeof text === 'string' && /^(0|[1-9]\d{0,77})$/.test(text) && BigInt(text) < modulus;
}
