/**
 * Files that survive a killed process: written under a temporary name, flushed, renamed. There is the old file or the
 * new one, never a part.
 *
 * The trap: a rename replaces whatever bears the name. Run as root, `--out /dev/null` would make the machine's null
 * device a file. What is no regular file is therefore written through, or refused.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { link, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ZkinferError } from './errors.js';

/** A result cannot be written where it should go. */
export class OutputError extends ZkinferError {
  readonly code = 'OUTPUT';
}

/**
 * Writes pieces to a file under a temporary name, then renames it; returns the contents' SHA-256. A symbolic link
 * stays, and its target is written. Pipes and character devices are written through; folders, sockets and disks are
 * refused. @throws OutputError
 */
export async function writeAtomic(path: string, pieces: Iterable<Uint8Array | string>, mode = 0o644): Promise<string> {
  try {
    if (await isStream(path)) return await writeThrough(path, pieces);
    // A link that leads nowhere has no real path; it is replaced.
    const target = await realpath(path).catch(() => path);
    return await writeRenamed(target, pieces, mode);
  } catch (error) {
    throw writeFailure(path, error);
  }
}

/**
 * Writes a file as `writeAtomic` does, unless something bears its name; of several processes one writes. Gives whether this
 * one did. @throws OutputError, also on a file system without hard links
 */
export async function createAtomic(
  path: string,
  pieces: Iterable<Uint8Array | string>,
  mode = 0o644,
): Promise<boolean> {
  const temporary = `${path}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`;
  await writeAtomic(temporary, pieces, mode);
  try {
    // A rename would replace the file that another process made meanwhile.
    await link(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw writeFailure(path, error);
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Makes a folder, and those above it that are missing. Node's own recursive `mkdir` does not end below a folder that
 * takes none, such as /proc. @throws OutputError
 */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  try {
    await makeWithParents(resolve(path), mode);
  } catch (error) {
    throw writeFailure(path, error);
  }
}

async function makeWithParents(path: string, mode?: number): Promise<void> {
  const failure = await makeOne(path, mode);
  if (failure === undefined) return;
  const above = dirname(path);
  // Where the folder above is there, something else is wrong.
  const isAboveMissing = failure.code === 'ENOENT' && (await stat(above).catch(() => undefined)) === undefined;
  if (!isAboveMissing || above === path) throw failure;
  await makeWithParents(above, mode);
  const again = await makeOne(path, mode);
  if (again !== undefined) throw again;
}

/** Why a folder is neither made nor there. */
async function makeOne(path: string, mode?: number): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await mkdir(path, { mode });
    return undefined;
  } catch (error) {
    const isThere = (await stat(path).catch(() => undefined))?.isDirectory() === true;
    return isThere ? undefined : (error as NodeJS.ErrnoException);
  }
}

/**
 * The output stream of this process that the path names, as `/dev/stdout` does. It is written to as a stream: opening
 * the path again fails where the output is a socket.
 */
export function ownStream(path: string): NodeJS.WriteStream | undefined {
  const [, name, number] = /^\/dev\/(stdout|stderr)$|^\/(?:dev|proc\/self)\/fd\/([12])$/.exec(path) ?? [];
  if (name === undefined && number === undefined) return undefined;
  return name === 'stderr' || number === '2' ? process.stderr : process.stdout;
}

/**
 * Whether a path is a pipe, a device or an open descriptor, which is written to directly instead of being replaced by a
 * rename. @throws OutputError where it is a folder, a socket or a disk
 */
export async function isStream(path: string): Promise<boolean> {
  if (ownStream(path) !== undefined) return true;
  const there = await stat(path).catch(() => undefined);
  if (there === undefined) return false;
  if (there.isFile()) return await isDescriptor(path);
  if (there.isFIFO() || there.isCharacterDevice()) return true;
  throw new OutputError(`cannot write ${path}: it is ${kindOf(there)}; give the name of a file`);
}

/**
 * Whether the path is an open descriptor (`/proc/self/fd/3`): a rename would give the name to another file, and whoever
 * holds the descriptor would never see the result.
 */
async function isDescriptor(path: string): Promise<boolean> {
  return /^\/proc\/.*\/fd$/.test(await realpath(dirname(path)).catch(() => ''));
}

function kindOf(there: Stats): string {
  if (there.isDirectory()) return 'a folder';
  return there.isSocket() ? 'a socket' : 'a device';
}

async function writeThrough(path: string, pieces: Iterable<Uint8Array | string>): Promise<string> {
  const own = ownStream(path);
  if (own !== undefined) {
    const write = (data: string | Uint8Array): Promise<void> =>
      new Promise((resolve, reject) => void own.write(data, (error) => (error ? reject(error) : resolve())));
    return await writePieces({ writeFile: write }, pieces);
  }
  const file = await open(path, 'a');
  try {
    return await writePieces(file, pieces);
  } finally {
    await file.close();
  }
}

async function writeRenamed(path: string, pieces: Iterable<Uint8Array | string>, mode: number): Promise<string> {
  const temporary = `${path}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    const file = await open(temporary, 'wx', mode);
    let hash: string;
    try {
      hash = await writePieces(file, pieces);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    return hash;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Gives the SHA-256 of what it wrote, in hex with 0x. */
async function writePieces(
  file: { readonly writeFile: (data: string | Uint8Array) => Promise<void> },
  pieces: Iterable<Uint8Array | string>,
): Promise<string> {
  const hash = createHash('sha256');
  let pending: string[] = [];
  let length = 0;
  const flush = async (): Promise<void> => {
    if (pending.length > 0) await file.writeFile(pending.join(''));
    pending = [];
    length = 0;
  };
  for (const piece of pieces) {
    hash.update(piece);
    if (typeof piece === 'string') {
      pending.push(piece);
      length += piece.length;
      if (length > 1 << 20) await flush();
    } else {
      await flush();
      await file.writeFile(piece);
    }
  }
  await flush();
  return `0x${hash.digest('hex')}`;
}

/** Turns a system error from writing `path` into an OutputError; returns any other error unchanged. */
export function writeFailure(path: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined || error instanceof ZkinferError
    ? error
    : new OutputError(`cannot write ${path}: ${message}`, { cause: error });
}
