/**
 * Whether somebody contributed to a key. A key fresh from powers of tau has delta = gamma = 1; then A = alpha, B = beta and
 * C = -(the public sum) satisfies the verifier's equation for any public signals, so anybody can forge, and nothing in a proof shows it.
 */
import { ZkinferError } from '../errors.js';
import type { VerificationKey } from './types.js';

/** A key that nobody contributed to: anybody can forge proofs under it. */
export class UnfinishedKeyError extends ZkinferError {
  readonly code = 'KEY_UNFINISHED';
}

/** The abscissa of G2's generator (EIP-197), [c0, c1]. */
export const G2_GENERATOR_X = [
  '10857046999023057135944570762232829481370756359578518086990519993285655852781',
  '11559732032986387107991004021392285783925812861821192530917403151452391805634',
];

/**
 * Refuses a verification key whose delta is public: gamma's, or a generator, or the negative of one.
 * @throws UnfinishedKeyError
 */
export function requireFinishedKey(key: Pick<VerificationKey, 'vk_gamma_2' | 'vk_delta_2'>, name = 'the verification key'): void {
  const [delta, gamma] = [key.vk_delta_2?.[0], key.vk_gamma_2?.[0]];
  const same = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean =>
    a !== undefined && b !== undefined && decimal(a[0]) === decimal(b[0]) && decimal(a[1]) === decimal(b[1]);
  // Points with one abscissa are equal or opposite.
  if (same(delta, gamma) || same(delta, G2_GENERATOR_X)) throw unfinished(name);
}

/** The error for a key that nobody contributed to. */
export function unfinished(name: string): UnfinishedKeyError {
  return new UnfinishedKeyError(
    `${name}: nobody has contributed to this key (its delta is public), so anybody can forge proofs under it; ` +
      'contribute to it (zkinfer ceremony contribute, or snarkjs zkey contribute) and import the result (zkinfer setup --import)',
  );
}

/** Leading zeros do not make another number. */
function decimal(text: string): string {
  return String(text).replace(/^0+(?=\d)/, '');
}
