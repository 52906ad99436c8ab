/**
 * `setup`: keys for a build. Development keys, made on this machine; or, from powers of tau, a key that is unfinished
 * until people have contributed to it, and the import of the finished one after it was checked against circuit and
 * powers.
 *
 * The trap: an unfinished key has a public delta, and anybody forges under it. It never bears the name of the proving
 * key.
 */
import { randomBytes } from 'node:crypto';
import { constants, copyFile, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFailure } from '../atomic-file.js';
import { ZkinferError } from '../errors.js';
import { PowersOfTauError } from './errors.js';
import { CeremonyError } from '../groth16/ceremony.js';
import { powerOf } from '../groth16/snarkjs-ceremony.js';
import type { CircuitInput, Groth16Backend, OnProgress, VerificationKey } from '../groth16/types.js';
import type { Manifest } from '../manifest.js';
import { proofSystemOf, type ProofSystem } from '../proof-systems/index.js';
import { madeConstraints, ownR1cs } from './circuit-file.js';
import { addToBuild, dropFromBuild, hashFile, KeysExistError, readManifest, sweepUnfinished } from './build-folder.js';

export interface SetupOptions {
  /** Prepared powers of tau; without them: development keys. */
  readonly ptau?: string;
  /** SHA-256 of the powers of tau, where they are known by it: their points are then not checked again. */
  readonly ptauHash?: string;
  /** With `ptau`: contributes once, here, under this name. */
  readonly contribute?: { readonly name?: string };
  /** With `ptau`: a key that people contributed to, checked and taken as the build's. */
  readonly importKey?: string;
  /**
   * Replaces keys that the build has. Taking a key with `importKey` or `contribute` in place of development keys needs
   * no force.
   */
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

/** @throws BuildFolderError, KeysExistError, CeremonyError, UnfinishedKeyError and the backend's errors */
export async function setupBuild(
  folder: string,
  backend: Groth16Backend,
  options: SetupOptions = {},
): Promise<SetupResult> {
  const start = performance.now();
  const manifest = await readManifest(folder);
  await sweepUnfinished(folder);
  const own = await ownR1cs(folder, manifest);
  if (options.force !== true) await refuseOverwriting(folder, manifest, options);
  const powers = options.ptau === undefined ? undefined : await knownPowers(options.ptau, options.ptauHash);
  if (powers !== undefined && options.force !== true) await refuseOtherPowers(folder, manifest, powers, options);
  const circuit = own ?? (await madeConstraints(folder, manifest));
  const made = await makeKeys(folder, proofSystemOf(manifest), circuit, backend, options, powers);
  return { ...made, seconds: (performance.now() - start) / 1000 };
}

/** @throws KeysExistError */
function refuseOverwriting(folder: string, { keys }: Manifest, { ptau }: SetupOptions): void {
  if (keys?.kind === 'ptau') {
    const made = keys.contributions === undefined ? 'a ceremony' : `${keys.contributions.length} contribution(s)`;
    throw new KeysExistError(
      `${folder} has keys that ${made} made; --force replaces them, and every contract deployed for them then refuses new proofs`,
    );
  }
  if (keys !== undefined && ptau === undefined) {
    throw new KeysExistError(
      `${folder} has development keys already, which prove and verify as they are; --force (in code, force: true) makes new ones, and every contract deployed for the old ones then refuses new proofs`,
    );
  }
}

/**
 * Others may be contributing to an unfinished key: another one is not put in its place unasked. @throws KeysExistError
 */
async function refuseOtherPowers(
  folder: string,
  manifest: Manifest,
  { hash }: Powers,
  { importKey, contribute }: SetupOptions,
): Promise<void> {
  const { unfinishedKey, files } = manifest;
  const { unfinishedKey: unfinishedName } = proofSystemOf(manifest).files;
  if (unfinishedKey === undefined || importKey !== undefined) return;
  const path = join(folder, unfinishedName);
  const found = await hashFile(path).catch(() => undefined);
  const what =
    contribute !== undefined
      ? 'waits for contributions'
      : unfinishedKey.ptauHash !== hash
        ? `comes from powers of tau with the SHA-256 ${unfinishedKey.ptauHash}`
        : found !== undefined && found !== files[unfinishedName]
          ? 'was changed since it was made here; somebody may have contributed to it'
          : undefined;
  if (what !== undefined) throw new KeysExistError(`${path} ${what}; --force starts again without it`);
}

/** A file of powers of tau. */
interface Powers {
  readonly path: string;
  /** SHA-256 of the file. */
  readonly hash: string;
  /** It serves domains up to 2^power. */
  readonly power: number;
}

async function makeKeys(
  folder: string,
  system: ProofSystem,
  circuit: CircuitInput,
  backend: Groth16Backend,
  options: SetupOptions,
  powers: Powers | undefined,
): Promise<Omit<SetupResult, 'seconds'>> {
  const { importKey, contribute } = options;
  if (powers === undefined) {
    const key = await backend.setup(circuit, join(folder, system.files.provingKey), options);
    return await finish(folder, system, { kind: 'development', backend: backend.name }, key);
  }
  const checkPowers = options.ptauHash === undefined;
  if (importKey !== undefined)
    return await importFinished(folder, system, circuit, backend, powers, importKey, { ...options, checkPowers });
  if (contribute === undefined) {
    await backend.setup(circuit, join(folder, system.files.unfinishedKey), { ...options, checkPowers });
    const unfinishedKey = { backend: backend.name, ptauHash: powers.hash };
    return { manifest: await addToBuild(folder, { unfinishedKey }, {}, [system.files.unfinishedKey]) };
  }
  const { onProgress, signal } = options;
  const [initial, contributed] = ['initial', 'contributed'].map((step) =>
    join(folder, `${step}-${system.files.provingKey}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`),
  );
  try {
    await backend.setup(circuit, initial, { ...options, checkPowers });
    await backend.ceremony.contribute(initial, contributed, { name: contribute.name, onProgress, signal });
    return await importFinished(folder, system, circuit, backend, powers, contributed, {
      ...options,
      checkPowers: false,
    });
  } finally {
    await Promise.all([initial, contributed].map((path) => rm(path, { force: true })));
  }
}

/**
 * Copies a key into the build under a temporary name, checks the copy, and gives it its name: what was checked is what
 * is used.
 */
async function importFinished(
  folder: string,
  system: ProofSystem,
  circuit: CircuitInput,
  backend: Groth16Backend,
  powers: Powers,
  importKey: string,
  options: Pick<SetupOptions, 'ptauHash' | 'onProgress' | 'signal'> & { readonly checkPowers: boolean },
): Promise<Omit<SetupResult, 'seconds'>> {
  const { provingKey } = system.files;
  const temporary = join(folder, `${provingKey}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`);
  // A pipe or a device would be copied without end.
  if ((await stat(importKey).catch(() => undefined))?.isFile() === false)
    throw new CeremonyError(`${importKey} is not a regular file`);
  try {
    await copyFile(importKey, temporary, constants.COPYFILE_FICLONE).catch((error: unknown) => {
      throw writeFailure(temporary, error);
    });
    const { checkPowers, onProgress, signal } = options;
    const { key, record } = await backend
      .importKey(temporary, { r1cs: circuit, ptau: powers.path, checkPowers, onProgress, signal })
      .catch((error: unknown) => {
        throw renamed(error, temporary, importKey);
      });
    const file = await open(temporary, 'r');
    await file.sync().finally(() => file.close());
    await rename(temporary, join(folder, provingKey));
    const keys = {
      kind: 'ptau' as const,
      backend: backend.name,
      ptauHash: powers.hash,
      ptauPower: powers.power,
      ceremonyCircuitHash: record.circuitHash,
      contributions: [...record.contributions],
      checked: {
        key: 'circuit and powers of tau' as const,
        powers: options.ptauHash === undefined ? ('points' as const) : ('hash' as const),
      },
    };
    return await finish(folder, system, keys, key);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function finish(
  folder: string,
  system: ProofSystem,
  keys: NonNullable<Manifest['keys']>,
  key: VerificationKey,
): Promise<Omit<SetupResult, 'seconds'>> {
  const { provingKey, unfinishedKey: unfinishedName, verificationKey } = system.files;
  const files = { [verificationKey]: () => [system.keyToJson(key)] };
  // A contract made for earlier keys would refuse every proof made with these. An unfinished key is of no more use once
  // a finished one is there.
  const { unfinishedKey } = await readManifest(folder);
  const pending = keys.kind === 'development' ? unfinishedKey : undefined;
  for (const name of ['Verifier.sol', ...(pending === undefined ? [unfinishedName] : [])])
    await dropFromBuild(folder, name);
  return { manifest: await addToBuild(folder, { keys, unfinishedKey: pending }, files, [provingKey]), key };
}

/** An error about the copy of a key as one about the file that the user named. */
function renamed(error: unknown, copy: string, original: string): unknown {
  if (error instanceof ZkinferError) error.message = error.message.replaceAll(copy, original);
  return error;
}

/** The file of powers of tau; refused where another is expected. */
async function knownPowers(ptau: string, expected: string | undefined): Promise<Powers> {
  const hash = await hashFile(ptau).catch((error: unknown) => {
    throw new PowersOfTauError(`cannot read the powers of tau ${ptau}: ${(error as Error).message}`, { cause: error });
  });
  const wanted = expected?.toLowerCase().replace(/^(0x)?/, '0x');
  if (wanted !== undefined && wanted !== hash) {
    throw new PowersOfTauError(
      `${ptau} has the SHA-256 ${hash}, not ${wanted}: it is another file than the one you know`,
    );
  }
  return { path: ptau, hash, power: await powerOf(ptau) };
}
