/**
 * Whether a key's secrets are secret, as far as a key shows it. Three kinds of key look like others and let anybody
 * forge:
 *
 * - fresh from powers of tau, delta = gamma = 1: A = alpha, B = beta, C = -(the public sum) satisfies the verifier's
 *   equation for any public signals;
 * - from powers of tau that nobody contributed to, beta = gamma = 1: A = alpha + the public sum, B = gamma, C = 0 does,
 *   whatever delta is;
 * - with no contribution but beacons, or such that multiply by 1 or -1: delta follows from values that the key names.
 *   Only a `.zkey` shows that.
 */
import { ZkinferError } from '../errors.js';
import type { ContributionRecord } from './ceremony.js';
import type { VerificationKey } from './types.js';

/**
 * A key whose secrets are public, because nobody contributed to it or to its powers of tau: anybody can forge proofs
 * under it.
 */
export class UnfinishedKeyError extends ZkinferError {
  readonly code = 'KEY_UNFINISHED';
}

/** The abscissa of G2's generator (EIP-197), [c0, c1]. */
export const G2_GENERATOR_X = [
  '10857046999023057135944570762232829481370756359578518086990519993285655852781',
  '11559732032986387107991004021392285783925812861821192530917403151452391805634',
];
/** The abscissa of G1's generator. */
export const G1_GENERATOR_X = '1';

/**
 * Refuses a verification key whose delta or beta is public: gamma's, or a generator, or the negative of one; or whose
 * alpha is.
 * @throws UnfinishedKeyError
 */
export function requireFinishedKey(
  key: Pick<VerificationKey, 'vk_alpha_1' | 'vk_beta_2' | 'vk_gamma_2' | 'vk_delta_2'>,
  name = 'the verification key',
): void {
  const [alpha, beta, gamma, delta] = [
    key.vk_alpha_1?.[0],
    key.vk_beta_2?.[0],
    key.vk_gamma_2?.[0],
    key.vk_delta_2?.[0],
  ];
  // Points with one abscissa are equal or opposite.
  const isPublic = (point: readonly string[] | undefined): boolean => same(point, gamma) || same(point, G2_GENERATOR_X);
  if (isPublic(delta)) throw unfinished(name);
  if (isPublic(beta) || (alpha !== undefined && decimal(alpha) === G1_GENERATOR_X)) throw unfinishedPowers(name);
}

function same(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return a !== undefined && b !== undefined && decimal(a[0]) === decimal(b[0]) && decimal(a[1]) === decimal(b[1]);
}

/**
 * Refuses a key that names contributions and none of a secret. One that names none is judged by its delta. @throws
 * UnfinishedKeyError
 */
export function requireSecretContribution(contributions: readonly DeltaStep[], name: string): void {
  if (contributions.length > 0 && contributions.every(({ kind }) => kind === 'beacon')) {
    throw new UnfinishedKeyError(
      `${name}: every contribution to this key is a beacon, whose secret anybody can compute from its value, so anybody can forge proofs ` +
        'under it; have people contribute to the key, and apply the beacon last',
    );
  }
  if (contributions.length > 0 && !hasKeptSecret(contributions)) {
    throw new UnfinishedKeyError(
      `${name}: nobody contributed a secret to this key: its contributions multiply delta by 1 or -1, or take each other back, so anybody can ` +
        'forge proofs under it; have people contribute to the key',
    );
  }
}

/** A contribution, and the abscissa of the delta in G1 that it left. Points with one abscissa are equal or opposite. */
export interface DeltaStep extends Pick<ContributionRecord, 'kind'> {
  readonly deltaAbscissa: bigint;
}

/**
 * Whether some contribution's secret is neither 1 nor -1 nor taken back by a later one: whether delta is none of those
 * that anybody can compute, which are 1 and what beacons alone made of it.
 */
export function hasKeptSecret(contributions: readonly DeltaStep[]): boolean {
  const known = new Set([BigInt(G1_GENERATOR_X)]);
  let kept = false;
  for (const { kind, deltaAbscissa } of contributions) {
    if (known.has(deltaAbscissa)) kept = false;
    else if (kind === 'contribution') kept = true;
    else if (!kept) known.add(deltaAbscissa);
  }
  return kept;
}

/** The error for a key that nobody contributed to. */
export function unfinished(name: string): UnfinishedKeyError {
  return new UnfinishedKeyError(
    `${name}: nobody has contributed to this key (its delta is public), so anybody can forge proofs under it; ` +
      'contribute to it (zkinfer ceremony contribute, or snarkjs zkey contribute) and import the result (zkinfer setup --import)',
  );
}

/** The error for a key from powers of tau that nobody contributed to. */
export function unfinishedPowers(name: string): UnfinishedKeyError {
  return new UnfinishedKeyError(
    `${name}: nobody has contributed to the powers of tau that this key comes from (its alpha or beta is public), so anybody can forge ` +
      'proofs under it, whoever contributed later; make the key again, from powers of tau with contributions',
  );
}

/** Leading zeros do not make another number. */
function decimal(text: string): string {
  return String(text).replace(/^0+(?=\d)/, '');
}
