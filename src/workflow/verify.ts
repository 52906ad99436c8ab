/** `verify`: a proof against a build's verification key, off chain. */
import type { Groth16Backend, VerificationKey } from '../groth16/types.js';
import { readBuildFile, readManifest } from './build-folder.js';
import { outputsFromSignals, type OutputReport } from './outputs.js';
import type { ProofFile } from './proof-file.js';

export interface VerifyResult {
  readonly valid: boolean;
  readonly publicSignals: readonly string[];
  /** What the public signals say, where the build's outputs are public and the proof is valid. */
  readonly outputs?: readonly OutputReport[];
  readonly seconds: number;
}

export async function readVerificationKey(folder: string): Promise<VerificationKey> {
  const manifest = await readManifest(folder);
  return JSON.parse(new TextDecoder().decode(await readBuildFile(folder, manifest, 'verification_key.json'))) as VerificationKey;
}

export async function verifyProof(folder: string, backend: Groth16Backend, { proof, publicSignals }: ProofFile): Promise<VerifyResult> {
  const start = performance.now();
  const manifest = await readManifest(folder);
  const key = await readVerificationKey(folder);
  const valid = publicSignals.length === key.nPublic && (await backend.verify(key, publicSignals, proof));
  const outputs = valid ? outputsFromSignals(manifest, publicSignals) : undefined;
  return { valid, publicSignals, ...(outputs ? { outputs } : {}), seconds: (performance.now() - start) / 1000 };
}
