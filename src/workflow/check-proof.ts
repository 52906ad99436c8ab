/** Whether a proof is one of a build, in values: the same checks wherever they are made. Runs in browsers, too. */
import type { Groth16Backend, VerificationKey } from '../groth16/types.js';
import { ShapeMismatch } from '../json-shape.js';
import type { Manifest } from '../manifest.js';
import { proofSystemOf } from '../proof-systems/index.js';
import { BuildFolderError } from './errors.js';
import { keysRemedy } from './keys-remedy.js';
import { outputsFromSignals, type OutputReport } from './outputs.js';
import type { ProofFile } from './proof-file.js';

export interface VerifyResult {
  readonly valid: boolean;
  /** Why not, where it is seen before any pairing. */
  readonly reason?: string;
  readonly publicSignals: readonly string[];
  /** What the public signals say, where the build's outputs are public and the proof is valid. */
  readonly outputs?: readonly OutputReport[];
  readonly seconds: number;
}

/** The text of a build's verification key as a value. @throws BuildFolderError where it is none */
export function keyFromText(text: string, folder: string, manifest: Manifest): VerificationKey {
  const system = proofSystemOf(manifest);
  try {
    return system.keyFrom(JSON.parse(text));
  } catch (cause) {
    if (!(cause instanceof ShapeMismatch || cause instanceof SyntaxError)) throw cause;
    throw new BuildFolderError(
      `${folder}/${system.files.verificationKey} is no ${system.title} verification key (${cause.message}); ${keysRemedy(folder, manifest)}`,
      { cause },
    );
  }
}

/** Checks a proof under a key that was found to be the build's. */
export async function checkProof(
  manifest: Manifest,
  key: VerificationKey,
  backend: Pick<Groth16Backend, 'verify'>,
  { proof, publicSignals }: Pick<ProofFile, 'proof' | 'publicSignals'>,
): Promise<Omit<VerifyResult, 'seconds'>> {
  const reason =
    publicSignals.length === key.nPublic
      ? undefined
      : `the key is for ${key.nPublic} public signals, and the proof comes with ${publicSignals.length}: it is of another build, or --public names another proof's signals`;
  const valid = reason === undefined && (await backend.verify(key, publicSignals, proof));
  const outputs = valid ? outputsFromSignals(manifest, publicSignals) : undefined;
  return {
    valid,
    ...(reason === undefined ? {} : { reason }),
    publicSignals,
    ...(outputs ? { outputs } : {}),
  };
}
