/**
 * The files that snarkjs leaves open. Its checks return false, and its readers throw, without closing what they opened,
 * and one of its checks never closes the powers of tau; Node then closes them when it happens to collect the garbage,
 * and warns of it.
 *
 * The trap: snarkjs's files are objects of its own, out of reach here. What opens them is `fs.promises.open`, which is
 * replaced once by a function that remembers, for the work at hand alone, what was opened.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

const opened = new AsyncLocalStorage<FileHandle[]>();
let remembers = false;

/** Runs work of snarkjs's, and closes the files that it leaves open, however it ends. */
export async function closingFiles<T>(work: () => Promise<T>): Promise<T> {
  if (!remembers) remember();
  const files: FileHandle[] = [];
  try {
    return await opened.run(files, work);
  } finally {
    // Closing a closed file does nothing.
    await Promise.all(files.map((file) => file.close().catch(() => undefined)));
  }
}

function remember(): void {
  remembers = true;
  const { open } = fs.promises;
  fs.promises.open = async (path, flags, mode): Promise<FileHandle> => {
    const file = await open(path, flags, mode);
    opened.getStore()?.push(file);
    return file;
  };
}
