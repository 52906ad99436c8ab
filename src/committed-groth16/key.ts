/**
 * The verification key of Groth16 with committed rounds, as words of the EVM, and the hash that every challenge starts
 * from. Order: the number of rounds, the mask of those with a challenge (round j is bit j), the number of public
 * signals; alpha, beta, gamma, delta_0 .. delta_k, then IC_0, IC of the public signals, IC of the challenges. The counts
 * come first, so no two keys have the same words.
 */
import { CURVE } from '../groth16/types.js';
import { G1_GENERATOR_X, G2_GENERATOR_X, UnfinishedKeyError } from '../groth16/finished-key.js';
import { g1Words, g2Words, keccakWords } from '../solidity/key.js';
import { InvalidVerificationKeyError } from '../solidity/errors.js';
import { MAX_ROUNDS } from './rounds.js';

export const COMMITTED_PROTOCOL = 'committed-groth16';

/** Points as in snarkjs's `verification_key.json`: decimal, affine with z = 1; G2 coordinates as [c0, c1]. */
export interface CommittedVerificationKey {
  readonly protocol: typeof COMMITTED_PROTOCOL;
  readonly curve: typeof CURVE;
  /** Public signals, without the challenges. */
  readonly nPublic: number;
  /** For each round, whether it has a challenge. */
  readonly challenges: readonly boolean[];
  readonly vk_alpha_1: readonly string[];
  readonly vk_beta_2: readonly (readonly string[])[];
  readonly vk_gamma_2: readonly (readonly string[])[];
  /** One for each round, and that of the remaining wires. */
  readonly vk_deltas_2: readonly (readonly (readonly string[])[])[];
  readonly IC: readonly (readonly string[])[];
}

/**
 * The key's words, after the checks that a verifier must make: every point finite and on its curve, no two of gamma and
 * the deltas equal or opposite, none of them nor beta the generator where a contribution must have moved it. With two
 * equal deltas a prover could move wires from one round to another.
 * @throws InvalidVerificationKeyError, UnfinishedKeyError
 */
export function committedKeyWords(key: CommittedVerificationKey): bigint[] {
  const rounds = key.challenges.length;
  const challenges = key.challenges.filter(Boolean).length;
  if (key.protocol !== COMMITTED_PROTOCOL || key.curve !== CURVE)
    throw invalid(`it is for ${String(key.protocol)} on ${String(key.curve)}`);
  if (rounds < 1 || rounds > MAX_ROUNDS) throw invalid(`it has ${rounds} rounds; there are 1 to ${MAX_ROUNDS}`);
  if (key.vk_deltas_2.length !== rounds + 1)
    throw invalid(`it has ${key.vk_deltas_2.length} deltas for ${rounds} rounds; it needs one more than rounds`);
  if (!Number.isInteger(key.nPublic) || key.nPublic < 0 || key.IC.length !== key.nPublic + challenges + 1) {
    throw invalid(
      `it has ${key.IC.length} IC points for ${key.nPublic} public signals and ${challenges} challenges; it needs one more than both together`,
    );
  }
  const alpha = g1Words(key.vk_alpha_1, 'vk_alpha_1');
  const beta = g2Words(key.vk_beta_2, 'vk_beta_2');
  const gamma = g2Words(key.vk_gamma_2, 'vk_gamma_2');
  const deltas = key.vk_deltas_2.map((point, j) => g2Words(point, `vk_deltas_2[${j}]`));
  requireDistinct(alpha, beta, gamma, deltas);
  return [
    ...[rounds, key.challenges.reduce((mask, has, j) => mask + (has ? 2 ** j : 0), 0), key.nPublic].map(BigInt),
    ...alpha,
    ...beta,
    ...gamma,
    ...deltas.flat(),
    ...key.IC.flatMap((point, i) => g1Words(point, `IC[${i}]`)),
  ];
}

/** keccak256 of the key's words: what challenges and registered models are tied to. Errors: those of the words. */
export function committedKeyHash(key: CommittedVerificationKey): string {
  return keccakWords(committedKeyWords(key));
}

function requireDistinct(
  alpha: readonly bigint[],
  beta: readonly bigint[],
  gamma: readonly bigint[],
  deltas: readonly (readonly bigint[])[],
): void {
  // Points with one abscissa are equal or opposite.
  const abscissa = (point: readonly bigint[]): string => point.slice(0, 2).join();
  const generator = [...G2_GENERATOR_X].reverse().join();
  if (String(alpha[0]) === G1_GENERATOR_X || [generator, abscissa(gamma)].includes(abscissa(beta)))
    throw new UnfinishedKeyError('The verification key is of powers of tau that nobody contributed to.');
  const seen = new Map([[generator, 'the generator']]);
  if (!seen.has(abscissa(gamma))) seen.set(abscissa(gamma), 'gamma');
  for (const [j, delta] of deltas.entries()) {
    const other = seen.get(abscissa(delta));
    if (other !== undefined) {
      throw new UnfinishedKeyError(
        `The verification key's delta of round ${j} is ${other}, or its negative: anybody can forge proofs under it. A contribution must move every delta by a secret of its own.`,
      );
    }
    seen.set(abscissa(delta), `delta of round ${j}`);
  }
}

function invalid(what: string): InvalidVerificationKeyError {
  return new InvalidVerificationKeyError(`The verification key cannot be used: ${what}.`);
}
