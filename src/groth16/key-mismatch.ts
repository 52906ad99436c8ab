import { ZkinferError } from '../errors.js';
import type { VerificationKey } from './types.js';

/** The proving key is not the one that a verification key belongs to. */
export class KeyMismatchError extends ZkinferError {
  readonly code = 'KEY_MISMATCH';
}

/**
 * Refuses a verification key that is not the one a proving key holds, by all points that a verifier uses. `names`: both as
 * the user knows them, and what helps. @throws KeyMismatchError
 */
export function requireKeyOf(
  held: VerificationKey,
  key: VerificationKey,
  names: { readonly key: string; readonly provingKey: string; readonly remedy: string },
): void {
  const points = (one: VerificationKey): string =>
    JSON.stringify(
      [one.vk_alpha_1, one.vk_beta_2, one.vk_gamma_2, one.vk_delta_2, one.IC].map((part) =>
        part.flat(2).map((number) => String(BigInt(number))),
      ),
    );
  if (points(held) === points(key)) return;
  throw new KeyMismatchError(
    `${names.key} is not the key of ${names.provingKey}. One of the two was exchanged, and proofs of the one mean nothing under the other; ${names.remedy}`,
  );
}
