/** Files that a user names: a missing or unreadable one gets an error that says so. */
import { readFile } from 'node:fs/promises';
import { FileError } from './errors.js';

/** `what` names the file's role in the error. @throws FileError */
export async function readUserFile(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new FileError(`cannot read ${what} ${path}: ${whyUnreadable(cause)}`, { cause });
  }
}

/** The system's reason in words. */
export function whyUnreadable(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : message;
}
