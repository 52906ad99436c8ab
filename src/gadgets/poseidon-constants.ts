/**
 * The constants of circomlib's Poseidon, read from circomlibjs. In a browser `src/browser/poseidon-constants.ts` stands in
 * this file's place, which has those that a build came with.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Of one width, as texts that `BigInt` reads; matrices by column. */
export interface PoseidonConstants {
  readonly round: readonly string[];
  readonly sparse: readonly string[];
  readonly mix: readonly (readonly string[])[];
  readonly preMix: readonly (readonly string[])[];
}

interface ConstantFile {
  readonly C: readonly (readonly string[])[];
  readonly S: readonly (readonly string[])[];
  readonly M: readonly (readonly (readonly string[])[])[];
  readonly P: readonly (readonly (readonly string[])[])[];
}

let file: ConstantFile | undefined;

/** `width`: of the state, one more than there are inputs. */
export function poseidonConstants(width: number): PoseidonConstants {
  const main = createRequire(import.meta.url).resolve('circomlibjs');
  file ??= JSON.parse(readFileSync(join(dirname(main), '../src/poseidon_constants_opt.json'), 'utf8')) as ConstantFile;
  const place = width - 2;
  return { round: file.C[place], sparse: file.S[place], mix: file.M[place], preMix: file.P[place] };
}
