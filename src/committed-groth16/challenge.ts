/**
 * The challenge of a round: keccak256 of whole words, reduced modulo r, so that a contract computes the same.
 *
 *     domain | hash of the verification key | round | public signals | C_0 | .. | C_round        (C_i: x, y)
 *
 * The key fixes the number of signals and the round that of commitments, so two statements never hash the same words.
 * Earlier challenges are functions of what is hashed. A digest modulo r takes each value with probability at most
 * 6 / 2^256 < 1.14 / r: soundness loses that factor, and nothing needs the challenge to be uniform.
 */
import { FIELD_MODULUS } from '../r1cs/types.js';
import { keccak, keccakWords } from '../solidity/key.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';

/** First word of what is hashed for a challenge: keccak256 of the name. */
export const CHALLENGE_DOMAIN = keccak(utf8ToBytes('zkinfer/committed-groth16/challenge/v1'));

/** x and y; a commitment at infinity is (0, 0), and no verifier takes it. */
export type Commitment = readonly [bigint, bigint];

export interface ChallengeInput {
  /** `committedKeyHash`, hex with 0x. */
  readonly keyHash: string;
  /** In [0, r), all of them. */
  readonly publicSignals: readonly bigint[];
  /** Those of the rounds so far; the last one's challenge is asked for. */
  readonly commitments: readonly Commitment[];
}

/** The challenge of the last round that has a commitment here, in [0, r). */
export function challengeOf({ keyHash, publicSignals, commitments }: ChallengeInput): bigint {
  const digest = keccakWords([
    BigInt(CHALLENGE_DOMAIN),
    BigInt(keyHash),
    BigInt(commitments.length - 1),
    ...publicSignals,
    ...commitments.flat(),
  ]);
  return BigInt(digest) % FIELD_MODULUS;
}
