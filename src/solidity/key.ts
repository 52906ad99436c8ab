/**
 * A Groth16 verification key as the EVM sees it: a list of 256-bit words, and the hash of that list which ties a
 * registered model to its verifier.
 *
 * Order: alpha (x, y), beta, gamma, delta (x1, x0, y1, y0 each), IC_0 .. IC_n (x, y each). The trap: EIP-197 puts the
 * imaginary part of a G2 coordinate first, snarkjs's files put it last.
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { InvalidVerificationKeyError } from './errors.js';
import { BASE_FIELD } from '../groth16/canonical.js';
import { requireFinishedKey } from '../groth16/finished-key.js';
import { CURVE, PROTOCOL, type VerificationKey } from '../groth16/types.js';

/** ERC-7992's canonical name of Groth16 over BN254. */
export const PROOF_SYSTEM = 'groth16-bn254-v1';
/** First four bytes of its keccak256. */
export const PROOF_SYSTEM_ID = keccak(utf8ToBytes(PROOF_SYSTEM)).slice(0, 10);

/** The key's words, in the order of this file's head. @throws InvalidVerificationKeyError, UnfinishedKeyError */
export function keyWords(key: VerificationKey): bigint[] {
  if (key.protocol !== PROTOCOL || key.curve !== CURVE) {
    throw new InvalidVerificationKeyError(
      `The verification key is for ${String(key.protocol)} on ${String(key.curve)}; only ${PROTOCOL} on ${CURVE} is supported.`,
    );
  }
  if (key.IC.length !== key.nPublic + 1) {
    throw new InvalidVerificationKeyError(
      `The verification key has ${key.IC.length} IC points for ${key.nPublic} public signals; it needs one more than signals.`,
    );
  }
  requireFinishedKey(key);
  return [
    ...g1Words(key.vk_alpha_1, 'vk_alpha_1'),
    ...g2Words(key.vk_beta_2, 'vk_beta_2'),
    ...g2Words(key.vk_gamma_2, 'vk_gamma_2'),
    ...g2Words(key.vk_delta_2, 'vk_delta_2'),
    ...key.IC.flatMap((point, i) => g1Words(point, `IC[${i}]`)),
  ];
}

/** keccak256 of the key's words, as `vkHash()` of the generated contract returns it. */
export function vkHash(key: VerificationKey): string {
  return keccakWords(keyWords(key));
}

export function keccakWords(words: readonly bigint[]): string {
  return keccak(hexToBytes(words.map(wordHex).join('')));
}

export function keccak(bytes: Uint8Array): string {
  return `0x${bytesToHex(keccak_256(bytes))}`;
}

/** 32 bytes, big-endian, in hex without 0x. */
export function wordHex(word: bigint): string {
  return word.toString(16).padStart(64, '0');
}

/** x, y of a finite point of the curve. `name` stands in the error. @throws InvalidVerificationKeyError */
export function g1Words(point: readonly string[], name: string): bigint[] {
  if (point.length !== 3 || point[2] !== '1') throw notAffine(name);
  const [x, y] = [coordinate(point[0], name), coordinate(point[1], name)];
  if (mod(y * y - x * x * x - 3n) !== 0n) throw offCurve(name);
  return [x, y];
}

/**
 * x1, x0, y1, y0 of a finite point of the twist; whether it is in the subgroup the pairing's precompile checks. @throws
 * InvalidVerificationKeyError
 */
export function g2Words(point: readonly (readonly string[])[], name: string): bigint[] {
  if (point.length !== 3 || point[2][0] !== '1' || point[2][1] !== '0') throw notAffine(name);
  const [x1, x0, y1, y0] = [point[0][1], point[0][0], point[1][1], point[1][0]].map((c) => coordinate(c, name));
  // y^2 = x^3 + 3 / (9 + i), multiplied by 9 + i.
  const [x, y]: Fp2[] = [
    [x0, x1],
    [y0, y1],
  ];
  const [left, right] = [times([9n, 1n], times(y, y)), times([9n, 1n], times(x, times(x, x)))];
  if (mod(left[0] - right[0] - 3n) !== 0n || mod(left[1] - right[1]) !== 0n) throw offCurve(name);
  return [x1, x0, y1, y0];
}

/** a + b i with i^2 = -1. */
type Fp2 = readonly [bigint, bigint];

function times([a0, a1]: Fp2, [b0, b1]: Fp2): Fp2 {
  return [mod(a0 * b0 - a1 * b1), mod(a0 * b1 + a1 * b0)];
}

function mod(value: bigint): bigint {
  return ((value % BASE_FIELD) + BASE_FIELD) % BASE_FIELD;
}

function coordinate(text: string, name: string): bigint {
  const value = /^\d{1,78}$/.test(text) ? BigInt(text) : BASE_FIELD;
  if (value >= BASE_FIELD) {
    throw new InvalidVerificationKeyError(
      `The verification key's ${name} has a coordinate outside the base field: ${text}.`,
    );
  }
  return value;
}

function offCurve(name: string): InvalidVerificationKeyError {
  return new InvalidVerificationKeyError(
    `The verification key's ${name} is no point of the curve: the file is damaged.`,
  );
}

function notAffine(name: string): InvalidVerificationKeyError {
  return new InvalidVerificationKeyError(
    `The verification key's ${name} is not a finite point in affine form (z = 1); a key with such a point cannot be used.`,
  );
}
