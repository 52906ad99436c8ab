/** `setup`: keys for a build, development keys or from a powers-of-tau file. */
import { join } from 'node:path';
import type { Groth16Backend, OnProgress, VerificationKey } from '../groth16/types.js';
import type { Manifest } from '../manifest.js';
import { addToBuild, checkBuildFile, dropFromBuild, hashFile, readManifest, sweepUnfinished } from './build-folder.js';

export interface SetupResult {
  readonly manifest: Manifest;
  readonly key: VerificationKey;
  readonly seconds: number;
}

/** What everyone who uses development keys must know. */
export const DEVELOPMENT_KEYS_NOTICE =
  'development keys, made on this one machine: whoever made them could forge proofs. For production, use a powers-of-tau file (--ptau) and contributions by several people (snarkjs zkey contribute).';

export async function setupBuild(
  folder: string,
  backend: Groth16Backend,
  options: { readonly ptau?: string; readonly onProgress?: OnProgress; readonly signal?: AbortSignal } = {},
): Promise<SetupResult> {
  const start = performance.now();
  const manifest = await readManifest(folder);
  await sweepUnfinished(folder);
  const r1cs = await checkBuildFile(folder, manifest, 'circuit.r1cs');
  const key = await backend.setup(r1cs, join(folder, 'proving.zkey'), options);
  const keys = {
    kind: options.ptau ? ('ptau' as const) : ('development' as const),
    backend: backend.name,
    ...(options.ptau ? { ptauHash: await hashFile(options.ptau) } : {}),
  };
  const files = { 'verification_key.json': () => [`${JSON.stringify(key, null, 1)}\n`] };
  // A contract made for earlier keys would refuse every proof made with these.
  await dropFromBuild(folder, 'Verifier.sol');
  const complete = await addToBuild(folder, { keys }, files, ['proving.zkey']);
  return { manifest: complete, key, seconds: (performance.now() - start) / 1000 };
}
