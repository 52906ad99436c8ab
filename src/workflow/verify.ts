/** `verify`: a proof against a build's verification key, off chain. */
import { join } from 'node:path';
import { z } from 'zod';
import { requireFinishedKey } from '../groth16/finished-key.js';
import { requireSameKey } from '../groth16/key-record.js';
import type { Groth16Backend, VerificationKey } from '../groth16/types.js';
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

const number = z.string().regex(/^\d{1,78}$/, 'not a decimal number');
const g1 = z.tuple([number, number, number]);
const pair = z.tuple([number, number]);
const g2 = z.tuple([pair, pair, pair]);
const keySchema = z
  .object({
    protocol: z.literal('groth16'),
    curve: z.literal('bn128'),
    nPublic: z.number().int().nonnegative(),
    vk_alpha_1: g1,
    vk_beta_2: g2,
    vk_gamma_2: g2,
    vk_delta_2: g2,
    IC: z.array(g1),
  })
  .refine(({ nPublic, IC }) => IC.length === nPublic + 1, 'IC must have a point for each public signal and one more');

/**
 * The build's verification key, compared with the proving key where the folder has one.
 * @throws BuildFolderError where it is missing, changed, or no verification key; UnfinishedKeyError where anybody could forge under it;
 *   KeyMismatchError where it is not the proving key's
 */
export async function readVerificationKey(folder: string): Promise<VerificationKey> {
  const manifest = await readManifest(folder);
  const text = new TextDecoder().decode(await readBuildFile(folder, manifest, 'verification_key.json'));
  const refuse = (why: string, cause?: unknown): never => {
    throw new BuildFolderError(`${folder}/verification_key.json is no Groth16 verification key (${why}); ${keysRemedy(folder, manifest)}`, { cause });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return refuse((cause as Error).message, cause);
  }
  const result = keySchema.safeParse(value);
  if (result.success) {
    const key = value as VerificationKey;
    const name = `${folder}/verification_key.json`;
    requireFinishedKey(key, name);
    if (await isInFolder(folder, 'proving.zkey')) {
      await requireSameKey(join(folder, 'proving.zkey'), key, { key: name, remedy: `if the keys are yours, ${keysRemedy(folder, manifest)}; else do not use this build` });
    }
    return key;
  }
  const [issue] = result.error.issues;
  return refuse(`${issue.path.join('.') || 'top level'}: ${issue.message}`);
}

export async function verifyProof(folder: string, backend: Groth16Backend, { proof, publicSignals }: ProofFile): Promise<VerifyResult> {
  const start = performance.now();
  const manifest = await readManifest(folder);
  const key = await readVerificationKey(folder);
  const reason =
    publicSignals.length === key.nPublic
      ? undefined
      : `the key is for ${key.nPublic} public signals, and the proof comes with ${publicSignals.length}: it is of another build, or --public names another proof's signals`;
  const valid = reason === undefined && (await backend.verify(key, publicSignals, proof));
  const outputs = valid ? outputsFromSignals(manifest, publicSignals) : undefined;
  return { valid, ...(reason === undefined ? {} : { reason }), publicSignals, ...(outputs ? { outputs } : {}), seconds: (performance.now() - start) / 1000 };
}
