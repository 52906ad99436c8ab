/**
 * The build folder on disk. Every file is written under a temporary name and renamed, the manifest last, so that a
 * killed run leaves the old build or the new one; what is read back is checked against the manifest's hashes.
 */
import { createReadStream } from 'node:fs';
import { open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { basename, join, relative, resolve, sep } from 'node:path';
import { makeFolder, writeAtomic } from '../atomic-file.js';
import { BuildFolderError, KeysExistError } from './errors.js';
import { manifestSchema, type Manifest } from '../manifest.js';
import { KEY_FILES, PROOF_SYSTEMS, proofSystemOf } from '../proof-systems/index.js';
import type { BuildFiles } from './build-files.js';
import { keysRemedy } from './keys-remedy.js';

export { BuildFolderError, KeysExistError } from './errors.js';
export { keysRemedy } from './keys-remedy.js';

export const MANIFEST = 'manifest.json';

/** Removes the unfinished files that killed runs left in a build; those of runs still alive stay. */
export async function sweepUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const mark = /\.tmp-(\w+)(-\w+)?$/.exec(name);
    if (mark && !isAlive(Number(mark[1]))) await rm(join(folder, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid)) return false;
  try {
    // Signal 0 is not delivered: it only asks whether the process exists.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Files of a compiled build that a build of another model or with other options may not have. */
const SOMETIMES = ['circuit.r1cs', 'circuit.sym', 'circuit.circom', 'weights.bin'];

/** What else a build takes the place of. */
export interface BuildWriteOptions {
  /** Where the ONNX file is: a build of another file is then told from an earlier state of this one. */
  readonly modelPath?: string;
  /** Drops keys that are refused otherwise: a ceremony's for another circuit, and whatever keys of another model. */
  readonly dropKeys?: boolean;
}

/**
 * Starts a build: writes its files and its manifest, and removes what an earlier build left that no longer belongs.
 * Keys stay where the circuit is the same. Development keys of another circuit are dropped where that was made of the
 * same ONNX file, in whatever state; a ceremony's, and those of another model, only with `dropKeys`.
 * @throws KeysExistError, BuildFolderError before anything is written
 */
export async function writeBuild(
  folder: string,
  manifest: Manifest,
  files: BuildFiles,
  { modelPath, dropKeys = false }: BuildWriteOptions = {},
): Promise<Manifest> {
  const origin = modelPath === undefined ? undefined : originOf(folder, modelPath);
  const earlier = await readManifest(folder).catch(() => undefined);
  if (earlier === undefined) await refuseFilesOfOthers(folder, Object.keys(files), dropKeys);
  const kept = earlier?.circuitHash === manifest.circuitHash ? keysOf(earlier) : undefined;
  if (kept === undefined && !dropKeys && (earlier?.keys?.kind === 'ptau' || earlier?.unfinishedKey !== undefined)) {
    throw new KeysExistError(
      `${folder} has keys of a ceremony for another circuit, which would be lost; compile to another folder (--out), or say --drop-keys`,
    );
  }
  const sameModel = earlier?.modelHash === manifest.modelHash || (origin !== undefined && earlier?.origin === origin);
  if (kept === undefined && !dropKeys && !sameModel && earlier?.keys !== undefined) {
    throw new KeysExistError(
      `${folder} is the build of another model (${earlier.name}, ONNX file with SHA-256 ${earlier.modelHash}), whose development keys would be lost, ` +
        'and with them the use of every contract deployed for them; compile to another folder (--out), or say --drop-keys',
    );
  }
  await makeFolder(folder);
  await sweepUnfinished(folder);
  // Without its manifest the folder is no build, so a run killed from here on leaves nothing that looks whole.
  await rm(join(folder, MANIFEST), { force: true });
  for (const stale of [...KEY_FILES, 'Verifier.sol']) {
    if (kept?.files[stale] === undefined) await rm(join(folder, stale), { force: true });
  }
  // What only some builds hold; a file of this name that the earlier build did not make is the user's own.
  for (const stale of SOMETIMES)
    if (earlier?.files[stale] !== undefined && files[stale] === undefined)
      await rm(join(folder, stale), { force: true });
  const hashes: Record<string, string> = { ...kept?.files };
  for (const [name, contents] of Object.entries(files))
    hashes[name] = await writeAtomic(join(folder, name), contents());
  const complete = { ...manifest, ...(origin === undefined ? {} : { origin }), ...kept?.entries, files: hashes };
  await writeManifest(folder, complete);
  return complete;
}

/**
 * By the path as seen from the build, so that a project moved as a whole keeps it; hashed, as builds are given away.
 */
function originOf(folder: string, modelPath: string): string {
  const path = relative(resolve(folder), resolve(modelPath)).split(sep).join('/');
  return `0x${createHash('sha256').update(path).digest('hex')}`;
}

/**
 * A folder without a manifest that can be read may hold a user's own files under names that a build replaces or
 * removes. A run that was killed half-way leaves an integer model, which is written first; a manifest of another
 * version names its format.
 * @throws BuildFolderError, KeysExistError
 */
async function refuseFilesOfOthers(folder: string, names: readonly string[], dropKeys: boolean): Promise<void> {
  const found = await readdir(folder).catch(() => [] as string[]);
  const beginsWith = async (name: string, text: string): Promise<boolean> =>
    found.includes(name) && (await readStart(join(folder, name))).includes(text);
  const ours =
    (await beginsWith(MANIFEST, '"format": "zkinfer-build"')) ||
    (await beginsWith('integer-model.json', '"zkinfer-integer-model"'));
  const lost = [MANIFEST, ...names, ...KEY_FILES, 'Verifier.sol'].filter((name) => found.includes(name));
  if (!ours && lost.length > 0) {
    throw new BuildFolderError(
      `${folder} is no build and has files that this one would replace (${lost.join(', ')}); choose another folder (--out), or move them away`,
    );
  }
  const keys = KEY_FILES.filter((name) => found.includes(name));
  if (keys.length > 0 && !dropKeys) {
    throw new KeysExistError(
      `${folder} has keys (${keys.join(', ')}) and no manifest that says what they are of; compile to another folder (--out), or say --drop-keys`,
    );
  }
}

/** Bytes in which a file of this package names its format. */
const START = 200;

async function readStart(path: string): Promise<string> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return '';
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(START), 0, START, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    return '';
  } finally {
    await file.close();
  }
}

/** What a manifest says of its keys; undefined where it has none. */
function keysOf({
  keys,
  unfinishedKey,
  files,
}: Manifest):
  | { readonly entries: Pick<Manifest, 'keys' | 'unfinishedKey'>; readonly files: Record<string, string> }
  | undefined {
  if (keys === undefined && unfinishedKey === undefined) return undefined;
  return {
    entries: { keys, unfinishedKey },
    files: Object.fromEntries(KEY_FILES.filter((name) => files[name] !== undefined).map((name) => [name, files[name]])),
  };
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeAtomic(join(folder, MANIFEST), [`${JSON.stringify(manifest, null, 2)}\n`]);
}

/** Adds files made later (keys, contract) to a build. Paths must already be in place or contents given. */
export async function addToBuild(
  folder: string,
  changes: Partial<Manifest>,
  files: BuildFiles,
  present: readonly string[] = [],
): Promise<Manifest> {
  const manifest = await readManifest(folder);
  const hashes: Record<string, string> = { ...manifest.files };
  for (const [name, contents] of Object.entries(files))
    hashes[name] = await writeAtomic(join(folder, name), contents());
  for (const name of present) hashes[name] = await hashFile(join(folder, name));
  const complete = { ...manifest, ...changes, files: hashes };
  await writeManifest(folder, complete);
  return complete;
}

/** Removes a file that no longer belongs to the build. */
export async function dropFromBuild(folder: string, name: string): Promise<void> {
  const manifest = await readManifest(folder);
  const files = Object.fromEntries(Object.entries(manifest.files).filter(([file]) => file !== name));
  await writeManifest(folder, { ...manifest, files });
  await rm(join(folder, name), { force: true });
}

/**
 * Bytes of a file that is read whole, at most: a folder may come from anybody. What is larger is read in pieces, or not
 * at all.
 */
const MOST_BYTES: Readonly<Record<string, number>> = {
  [MANIFEST]: 2 ** 26,
  'Verifier.sol': 2 ** 24,
  'integer-model.json': 2 ** 29,
  ...Object.fromEntries(Object.values(PROOF_SYSTEMS).map(({ files }) => [files.verificationKey, 2 ** 26])),
};
/** Of any other: what Node reads into one buffer. */
const MOST_BYTES_OF_OTHERS = 2 ** 31 - 1;

/**
 * A regular file of a bearable size; a pipe or a device would be read for ever. @throws BuildFolderError; ENOENT and
 * its like as they are
 */
async function readBounded(folder: string, name: string): Promise<Buffer> {
  const path = join(folder, name);
  const { size } = await requireRegular(path);
  const most = MOST_BYTES[name] ?? MOST_BYTES_OF_OTHERS;
  if (size > most)
    throw new BuildFolderError(
      `${path} has ${size} bytes, and at most ${most} are read; it is no file that zkinfer wrote`,
    );
  return await readFile(path);
}

/** @throws BuildFolderError where it is a pipe, a device or a folder; ENOENT and its like as they are */
async function requireRegular(path: string): Promise<{ readonly size: number }> {
  const found = await stat(path);
  if (!found.isFile()) throw new BuildFolderError(`${path} is no regular file; it is no file that zkinfer wrote`);
  return found;
}

/** @throws BuildFolderError */
export async function readManifest(folder: string): Promise<Manifest> {
  let text: string;
  try {
    text = (await readBounded(folder, MANIFEST)).toString('utf8');
  } catch (cause) {
    if (cause instanceof BuildFolderError) throw cause;
    throw new BuildFolderError(
      `${folder} holds no build (no ${MANIFEST}); make one with: zkinfer compile MODEL.onnx --out ${folder}`,
      { cause },
    );
  }
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new BuildFolderError(`${join(folder, MANIFEST)} is damaged or of another version; compile the model again`, {
      cause,
    });
  }
}

/** Contents of one of the build's files. @throws BuildFolderError where it is missing or not what the manifest says */
export async function readBuildFile(folder: string, manifest: Manifest, name: string): Promise<Uint8Array> {
  const expected = manifest.files[name];
  if (expected === undefined) throw missing(folder, manifest, name);
  let data: Buffer;
  try {
    data = await readBounded(folder, name);
  } catch (cause) {
    if (cause instanceof BuildFolderError) throw cause;
    throw new BuildFolderError(`${join(folder, name)} cannot be read; ${remedy(folder, manifest, name)}`, { cause });
  }
  const actual = `0x${createHash('sha256').update(data).digest('hex')}`;
  if (actual !== expected) throw damaged(folder, manifest, name);
  return data;
}

/** Path of a file too large to read whole, after a check of its hash. @throws BuildFolderError */
export async function checkBuildFile(folder: string, manifest: Manifest, name: string): Promise<string> {
  const path = join(folder, name);
  if (manifest.files[name] === undefined) throw missing(folder, manifest, name);
  if (basename(name) !== name)
    throw new BuildFolderError(`${folder}: the manifest names a file outside the folder: ${name}`);
  if (!(await stat(path).catch(() => undefined)))
    throw new BuildFolderError(`${path} cannot be read; ${remedy(folder, manifest, name)}`);
  await requireRegular(path);
  if ((await hashFile(path)) !== manifest.files[name]) throw damaged(folder, manifest, name);
  return path;
}

/** Whether there is a file of this name, whatever the manifest says. */
export async function isInFolder(folder: string, name: string): Promise<boolean> {
  return (await stat(join(folder, name)).catch(() => undefined)) !== undefined;
}

export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return `0x${hash.digest('hex')}`;
}

function missing(folder: string, manifest: Manifest, name: string): BuildFolderError {
  return new BuildFolderError(`the build in ${folder} has no ${name}; ${remedy(folder, manifest, name)}`);
}

function damaged(folder: string, manifest: Manifest, name: string): BuildFolderError {
  return new BuildFolderError(
    `${join(folder, name)} is not the file that the manifest describes (its hash differs); ${remedy(folder, manifest, name)}`,
  );
}

function remedy(folder: string, manifest: Manifest, name: string): string {
  const { provingKey, verificationKey } = proofSystemOf(manifest).files;
  if (name === provingKey || name === verificationKey) return keysRemedy(folder, manifest);
  if (name === 'Verifier.sol') return `make it with: zkinfer solidity ${folder}`;
  return 'compile the model again';
}
