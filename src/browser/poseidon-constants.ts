/**
 * The constants of circomlib's Poseidon in a browser: those that came with a build. Stands in the place of
 * `gadgets/poseidon-constants.ts` in the bundle (`scripts/build-browser.mjs`). They need no hash of their own: with wrong
 * ones a witness does not satisfy its circuit, and its proof is refused before it is given away.
 */
import { z } from 'zod';
import type { PoseidonConstants } from '../gadgets/poseidon-constants.js';
import { WebBuildError } from '../workflow/errors.js';

const supplied = new Map<number, PoseidonConstants>();

const numbers = z.array(z.string().regex(/^(0x[0-9a-f]{1,64}|\d{1,77})$/i));
const constantsSchema = z.record(
  z.string(),
  z.object({ round: numbers, sparse: numbers, mix: z.array(numbers), preMix: z.array(numbers) }),
);

/** Takes constants by width, as JSON from `url`. @throws WebBuildError where it is something else */
export function supplyPoseidonConstants(json: string, url: string): void {
  try {
    const constants = constantsSchema.parse(JSON.parse(json));
    for (const [width, own] of Object.entries(constants)) supplied.set(Number(width), own);
  } catch (cause) {
    throw new WebBuildError(`${url} holds no constants of Poseidon; export the build again`, { cause });
  }
}

/** @throws WebBuildError where the build came without them */
export function poseidonConstants(width: number): PoseidonConstants {
  const own = supplied.get(width);
  if (own === undefined)
    throw new WebBuildError(`the exported build has no constants of Poseidon for ${width - 1} inputs; export it again`);
  return own;
}
