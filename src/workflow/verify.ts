/** `verify`: a proof against a build's verification key, off chain. */
import { join } from 'node:path';
import type { Groth16Backend, VerificationKey } from '../groth16/types.js';
import { ShapeMismatch } from '../json-shape.js';
import { proofSystemOf } from '../proof-systems/index.js';
import { BuildFolderError, isInFolder, keysRemedy, readBuildFile, readManifest } from './build-folder.js';
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

/**
 * The build's verification key, compared with the proving key where the folder has one.
 * @throws BuildFolderError where it is missing, changed, or no verification key; UnfinishedKeyError where anybody could
 *   forge under it; KeyMismatchError where it is not the proving key's
 */
export async function readVerificationKey(folder: string): Promise<VerificationKey> {
  const manifest = await readManifest(folder);
  const system = proofSystemOf(manifest);
  const { provingKey, verificationKey } = system.files;
  const text = new TextDecoder().decode(await readBuildFile(folder, manifest, verificationKey));
  const refuse = (why: string, cause?: unknown): never => {
    throw new BuildFolderError(
      `${folder}/${verificationKey} is no ${system.title} verification key (${why}); ${keysRemedy(folder, manifest)}`,
      { cause },
    );
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return refuse((cause as Error).message, cause);
  }
  const key = (() => {
    try {
      return system.keyFrom(value);
    } catch (cause) {
      if (!(cause instanceof ShapeMismatch)) throw cause;
      return refuse(cause.message, cause);
    }
  })();
  const name = `${folder}/${verificationKey}`;
  system.requireFinished(key, name);
  if (await isInFolder(folder, provingKey)) {
    const remedy = `if the keys are yours, ${keysRemedy(folder, manifest)}; else do not use this build`;
    await system.requireSameKey(join(folder, provingKey), key, { key: name, remedy });
  }
  return key;
}

export async function verifyProof(
  folder: string,
  backend: Groth16Backend,
  { proof, publicSignals }: ProofFile,
): Promise<VerifyResult> {
  const start = performance.now();
  const manifest = await readManifest(folder);
  const key = await readVerificationKey(folder);
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
    seconds: (performance.now() - start) / 1000,
  };
}
