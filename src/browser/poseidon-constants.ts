/**
 * The constants of circomlib's Poseidon in a browser: those that came with a build. Stands in the place of
 * `gadgets/poseidon-constants.ts` in the bundle (`scripts/build-browser.mjs`). They need no hash of their own: with wrong
 * ones a witness does not satisfy its circuit, and its proof is refused before it is given away.
 */
import type { PoseidonConstants } from '../gadgets/poseidon-constants.js';
import { WebBuildError } from '../workflow/errors.js';

const supplied = new Map<number, PoseidonConstants>();

/** Takes constants by width. */
export function supplyPoseidonConstants(constants: Readonly<Record<string, PoseidonConstants>>): void {
  for (const [width, own] of Object.entries(constants)) supplied.set(Number(width), own);
}

/** @throws WebBuildError where the build came without them */
export function poseidonConstants(width: number): PoseidonConstants {
  const own = supplied.get(width);
  if (own === undefined)
    throw new WebBuildError(`the exported build has no constants of Poseidon for ${width - 1} inputs; export it again`);
  return own;
}
