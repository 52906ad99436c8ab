/** Small JSON files that survive a killed process, and locks between processes. */
import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lock } from 'proper-lockfile';
import type { z } from 'zod';
import { makeFolder, writeAtomic } from '../atomic-file.js';
import { RecordError } from './errors.js';

/**
 * Writes a file that only its owner may read, in a folder that is made if need be. On disk when it resolves, its name
 * too.
 */
export async function writeFileAtomic(path: string, contents: string | Uint8Array): Promise<void> {
  await makeFolder(dirname(path));
  await writeAtomic(path, [contents], 0o600);
  await syncFolder(dirname(path));
}

/**
 * A renamed file has its new name on disk only once its folder is flushed. Not on Windows, where folders cannot be
 * opened.
 */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * The file's value checked against `schema`; undefined if there is no such file. Throws RecordError if it is damaged.
 */
export async function readRecord<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new RecordError(`${path} is damaged or of another version; move it away to start afresh`, { cause });
  }
}

/** Runs `work` while this process alone holds the lock on `path`; waits up to a minute for it. */
export async function whileLocked<T>(path: string, work: () => Promise<T>): Promise<T> {
  const release = await acquireLock(path);
  try {
    return await work();
  } finally {
    await release();
  }
}

/** Takes the lock on `path`, which need not exist; the caller must call the returned function to give it back. */
export async function acquireLock(path: string): Promise<() => Promise<void>> {
  await makeFolder(dirname(path));
  try {
    return await lock(path, {
      realpath: false,
      stale: 10_000,
      retries: { retries: 600, factor: 1, minTimeout: 100, maxTimeout: 100 },
      // A process that stood still for longer than `stale` may have lost the lock; what it guards is checked on chain
      // too.
      onCompromised: () => undefined,
    });
  } catch (cause) {
    throw new RecordError(`${path} is in use by another zkinfer process; wait for it to end, or remove ${path}.lock`, {
      cause,
    });
  }
}
