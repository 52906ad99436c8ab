/**
 * `setup`: keys for a build. Development keys, made on this machine; or, from powers of tau, a key that is unfinished until people have
 * contributed to it, and the import of the finished one after it was checked against circuit and powers.
 *
 * The trap: an unfinished key has a public delta, and anybody forges under it. It never bears the name of the proving key.
 */
import { randomBytes } from 'node:crypto';
import { constants, copyFile, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFailure } from '../atomic-file.js';
import { ZkinferError } from '../errors.js';
import { ceremony } from '../groth16/ceremony.js';
import type { Groth16Backend, OnProgress, VerificationKey } from '../groth16/types.js';
import type { Manifest } from '../manifest.js';
import { addToBuild, checkBuildFile, dropFromBuild, hashFile, KeysExistError, readManifest, sweepUnfinished } from './build-folder.js';

/** The name of a key that nobody contributed to yet. */
export const UNFINISHED_KEY = 'unfinished.zkey';
const PROVING_KEY = 'proving.zkey';

export interface SetupOptions {
  /** Prepared powers of tau; without them: development keys. */
  readonly ptau?: string;
  /** SHA-256 of the powers of tau, where they are known by it: their points are then not checked again. */
  readonly ptauHash?: string;
  /** With `ptau`: contributes once, here, under this name. */
  readonly contribute?: { readonly name?: string };
  /** With `ptau`: a key that people contributed to, checked and taken as the build's. */
  readonly importKey?: string;
  /** Replaces keys of a ceremony that the build has. */
  readonly force?: boolean;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

export interface SetupResult {
  readonly manifest: Manifest;
  /** Absent where the key is unfinished. */
  readonly key?: VerificationKey;
  readonly seconds: number;
}

/** What everyone who uses development keys must know. */
export function developmentKeysNotice(folder: string): string {
  return (
    'development keys, made on this one machine: whoever made them could forge proofs. For production hold a ceremony: ' +
    `zkinfer setup ${folder} --ptau FILE, contributions by several people, zkinfer setup ${folder} --ptau FILE --import KEY (docs/ceremony.md).`
  );
}

/** What one contribution is worth. */
export const ONE_CONTRIBUTION_NOTICE =
  'one contribution, made on this one machine: whoever ran it could have kept its secret and forge proofs. Have others contribute, too.';

/** @throws BuildFolderError, KeysExistError, CeremonyError, UnfinishedKeyError and the backend's errors */
export async function setupBuild(folder: string, backend: Groth16Backend, options: SetupOptions = {}): Promise<SetupResult> {
  const start = performance.now();
  const manifest = await readManifest(folder);
  await sweepUnfinished(folder);
  const r1cs = await checkBuildFile(folder, manifest, 'circuit.r1cs');
  if (manifest.keys?.kind === 'ptau' && options.force !== true) {
    throw new KeysExistError(
      `${folder} has keys that ${manifest.keys.contributions?.length ?? 1} contribution(s) made; --force replaces them, and every contract deployed for them then refuses new proofs`,
    );
  }
  const ptauHash = options.ptau === undefined ? undefined : await knownHash(options.ptau, options.ptauHash);
  const made = await makeKeys(folder, r1cs, backend, options, ptauHash);
  return { ...made, seconds: (performance.now() - start) / 1000 };
}

async function makeKeys(
  folder: string,
  r1cs: string,
  backend: Groth16Backend,
  options: SetupOptions,
  ptauHash: string | undefined,
): Promise<Omit<SetupResult, 'seconds'>> {
  const { ptau, importKey, contribute } = options;
  if (ptau === undefined || ptauHash === undefined) {
    const key = await backend.setup(r1cs, join(folder, PROVING_KEY), options);
    return await finish(folder, { kind: 'development', backend: backend.name }, key);
  }
  const checkPowers = options.ptauHash === undefined;
  if (importKey !== undefined) return await importFinished(folder, r1cs, backend, { ...options, ptau, importKey, checkPowers }, ptauHash);
  const unfinished = join(folder, UNFINISHED_KEY);
  await backend.setup(r1cs, unfinished, { ...options, checkPowers });
  if (contribute === undefined) {
    const pending = { ptauHash, backend: backend.name };
    return { manifest: await addToBuild(folder, { unfinishedKey: pending }, {}, [UNFINISHED_KEY]) };
  }
  const { onProgress, signal } = options;
  const contributed = join(folder, `${UNFINISHED_KEY}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    await ceremony().contribute(unfinished, contributed, { name: contribute.name, onProgress, signal });
    return await importFinished(folder, r1cs, backend, { ...options, ptau, importKey: contributed, checkPowers: false }, ptauHash);
  } finally {
    await Promise.all([contributed, unfinished].map((path) => rm(path, { force: true })));
  }
}

/** Copies a key into the build under a temporary name, checks the copy, and gives it its name: what was checked is what is used. */
async function importFinished(
  folder: string,
  r1cs: string,
  backend: Groth16Backend,
  options: SetupOptions & { readonly ptau: string; readonly importKey: string; readonly checkPowers: boolean },
  ptauHash: string,
): Promise<Omit<SetupResult, 'seconds'>> {
  const temporary = join(folder, `${PROVING_KEY}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    await copyFile(options.importKey, temporary, constants.COPYFILE_FICLONE).catch((error: unknown) => {
      throw writeFailure(temporary, error);
    });
    const { key, record } = await backend.importKey(temporary, { ...options, r1cs });
    const file = await open(temporary, 'r');
    await file.sync().finally(() => file.close());
    await rename(temporary, join(folder, PROVING_KEY));
    const contributions = record?.contributions.map(({ kind, hash, name }) => ({ kind, hash, ...(name === undefined ? {} : { name }) }));
    const keys = {
      kind: 'ptau' as const,
      backend: backend.name,
      ptauHash,
      ...(record === undefined ? {} : { ceremonyCircuitHash: record.circuitHash, contributions }),
    };
    return await finish(folder, keys, key);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function finish(folder: string, keys: NonNullable<Manifest['keys']>, key: VerificationKey): Promise<Omit<SetupResult, 'seconds'>> {
  const files = { 'verification_key.json': () => [`${JSON.stringify(key, null, 1)}\n`] };
  // A contract made for earlier keys would refuse every proof made with these; an unfinished key is of no more use.
  for (const name of ['Verifier.sol', UNFINISHED_KEY]) await dropFromBuild(folder, name);
  return { manifest: await addToBuild(folder, { keys, unfinishedKey: undefined }, files, [PROVING_KEY]), key };
}

/** SHA-256 of the powers of tau; refused where another is expected. */
async function knownHash(ptau: string, expected: string | undefined): Promise<string> {
  const hash = await hashFile(ptau).catch((error: unknown) => {
    throw new PowersOfTauError(`cannot read the powers of tau ${ptau}: ${(error as Error).message}`, { cause: error });
  });
  const wanted = expected?.toLowerCase().replace(/^(0x)?/, '0x');
  if (wanted !== undefined && wanted !== hash) {
    throw new PowersOfTauError(`${ptau} has the SHA-256 ${hash}, not ${wanted}: it is another file than the one you know`);
  }
  return hash;
}

/** A file of powers of tau is not there, or not the one that was meant. */
export class PowersOfTauError extends ZkinferError {
  readonly code = 'POWERS_OF_TAU';
}
