/** The command line's reading of users' files: a missing or unreadable one gets an error that says so. */
import { readFile } from 'node:fs/promises';
import { FileError } from '../errors.js';
import { decodeText } from '../user-json.js';

export async function readUserFile(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : (cause as Error).message;
    throw new FileError(`cannot read ${what} ${path}: ${reason}`, { cause });
  }
}

export async function readUserText(path: string, what: string): Promise<string> {
  return decodeText(await readUserFile(path, what));
}
