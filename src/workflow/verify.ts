/** `verify`: a proof against a build's verification key, off chain. */
import { join } from 'node:path';
import type { Groth16Backend, VerificationKey } from '../groth16/types.js';
import { proofSystemOf } from '../proof-systems/index.js';
import { isInFolder, keysRemedy, readBuildFile, readManifest } from './build-folder.js';
import { checkProof, keyFromText, type VerifyResult } from './check-proof.js';
import type { ProofFile } from './proof-file.js';

export type { VerifyResult } from './check-proof.js';

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
  const key = keyFromText(text, folder, manifest);
  const name = `${folder}/${verificationKey}`;
  system.requireFinished(key, name);
  if (await isInFolder(folder, provingKey)) {
    const remedy = `if the keys are yours, ${keysRemedy(folder, manifest)}; else do not use this build`;
    await system.requireSameKey(join(folder, provingKey), key, { key: name, remedy });
  }
  return key;
}

export async function verifyProof(folder: string, backend: Groth16Backend, file: ProofFile): Promise<VerifyResult> {
  const start = performance.now();
  const manifest = await readManifest(folder);
  const result = await checkProof(manifest, await readVerificationKey(folder), backend, file);
  return { ...result, seconds: (performance.now() - start) / 1000 };
}
