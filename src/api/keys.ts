/** Keys of a build as a value. The proving key itself stays a file: it may be larger than memory. */
import { randomBytes } from 'node:crypto';
import { constants, copyFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeFailure } from '../atomic-file.js';
import { chooseBackend } from '../groth16/backends.js';
import { KeyMismatchError } from '../groth16/key-mismatch.js';
import type { Groth16Backend, VerificationKey } from '../groth16/types.js';
import { proofSystemOf } from '../proof-systems/index.js';
import { addToBuild, checkBuildFile, KeysExistError, readManifest } from '../workflow/build-folder.js';
import { setupBuild, type SetupOptions } from '../workflow/setup.js';
import { isSameBuild, placeOf, type Build } from './build.js';

/** Keys for one circuit. */
export interface Keys {
  /** `unfinished`: people must contribute to it before anything can be proved. */
  readonly kind: 'development' | 'ptau' | 'unfinished';
  readonly verificationKey?: VerificationKey;
  /** Folder that holds them, beside the build that they were made for. */
  readonly folder: string;
  /** Path of the proving key. */
  readonly provingKey: string;
  /** SHA-256 of the circuit that they are of. */
  readonly circuitHash: string;
  /**
   * Copies them to the saved build in a folder. @throws KeyMismatchError where that is of another circuit, KeysExistError
   * where it has keys, BuildFolderError where the file is no longer the one that was made
   */
  save(folder: string): Promise<void>;
}

/** Powers of tau, and what is made of them. */
export interface PowersSource extends Pick<SetupOptions, 'ptauHash' | 'contribute' | 'importKey'> {
  /** Path of prepared powers of tau. */
  readonly ptau: string;
}

export interface SetupRequest extends Pick<SetupOptions, 'force' | 'onProgress' | 'signal'> {
  readonly build: Build;
  /** Default `development`: made in one go on this machine, whose owner can forge proofs. */
  readonly source?: 'development' | PowersSource;
  /** Default: the fastest there is here. */
  readonly backend?: Groth16Backend;
}

/** The backend asked for, or the fastest one, with a warning of the process where it is not the native one. */
export function backendOr(backend: Groth16Backend | undefined): Groth16Backend {
  return backend ?? chooseBackend('auto', (text) => process.emitWarning(text, 'ZkinferWarning'));
}

/** The last setup of each folder, settled or not. */
const setups = new Map<string, Promise<unknown>>();

/** Setups of one folder one after the other: they write the same files. */
async function inTurn<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const before = setups.get(folder) ?? Promise.resolve();
  const result = before.then(work, work);
  setups.set(folder, result);
  try {
    return await result;
  } finally {
    if (setups.get(folder) === result) setups.delete(folder);
  }
}

/**
 * Makes keys for a build; those of a saved one are written into its folder.
 * @throws KeysExistError where it has keys and `force` is not set, CeremonyError, PowersOfTauError and the backend's errors
 */
export async function setup({ build, source = 'development', backend, ...options }: SetupRequest): Promise<Keys> {
  const folder = await placeOf(build);
  const powers = source === 'development' ? {} : source;
  const { manifest, key } = await inTurn(folder, () =>
    setupBuild(folder, backendOr(backend), { ...options, ...powers }),
  );
  const system = proofSystemOf(manifest);
  const kind = key === undefined ? 'unfinished' : (manifest.keys?.kind ?? 'development');
  const { provingKey, unfinishedKey, verificationKey } = system.files;
  const made = key === undefined ? unfinishedKey : provingKey;
  return {
    kind,
    ...(key === undefined ? {} : { verificationKey: key }),
    folder,
    provingKey: join(folder, made),
    circuitHash: manifest.circuitHash,
    async save(other) {
      if (resolve(other) === folder) return;
      const target = await readManifest(other);
      requireCircuit(manifest.circuitHash, target.circuitHash, other);
      if (target.keys !== undefined || target.unfinishedKey !== undefined)
        throw new KeysExistError(`${other} has keys already; make new ones with setup({ build, force: true })`);
      await copyWhole(await checkBuildFile(folder, manifest, made), join(other, made));
      const files = key === undefined ? {} : { [verificationKey]: () => [system.keyToJson(key)] };
      await addToBuild(other, { keys: manifest.keys, unfinishedKey: manifest.unfinishedKey }, files, [made]);
    },
  };
}

/**
 * Folder with the build's files and its keys: those asked for, or its own. @throws KeyMismatchError where they are of
 * another circuit, or lie beside another build
 */
export async function placeWithKeys(build: Build, keys: Keys | undefined): Promise<string> {
  const place = await placeOf(build);
  if (keys === undefined || keys.folder === place) return place;
  requireCircuit(keys.circuitHash, build.manifest.circuitHash, build.folder ?? 'the build');
  // What is there besides the keys is taken, too: scales, names and labels, which a circuit does not have.
  if (!isSameBuild(await readManifest(keys.folder), build.manifest)) {
    throw new KeyMismatchError(
      `the keys lie in ${keys.folder} beside another build of the same circuit; save this build, and then the keys into its folder with keys.save(folder)`,
    );
  }
  return keys.folder;
}

/** @throws KeyMismatchError */
function requireCircuit(keys: string, build: string, name: string): void {
  if (keys === build) return;
  throw new KeyMismatchError(`the keys are of the circuit ${keys}, ${name} has the circuit ${build}`);
}

/** A copy that bears its name when it is complete. */
async function copyWhole(from: string, to: string): Promise<void> {
  const temporary = `${to}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await copyFile(from, temporary, constants.COPYFILE_FICLONE);
    await rename(temporary, to);
  } catch (error) {
    throw writeFailure(to, error);
  } finally {
    await rm(temporary, { force: true });
  }
}
