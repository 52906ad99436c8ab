/** Files that survive a killed process: written under a temporary name, flushed, renamed. There is the old file or the new one, never a part. */
import { createHash, randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { ZkinferError } from './errors.js';

/** A result cannot be written where it should go. */
export class OutputError extends ZkinferError {
  readonly code = 'OUTPUT';
}

/** Writes pieces to a file under a temporary name, then renames it; returns the contents' SHA-256. @throws OutputError */
export async function writeAtomic(path: string, pieces: Iterable<Uint8Array | string>, mode = 0o644): Promise<string> {
  const temporary = `${path}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`;
  const hash = createHash('sha256');
  try {
    const file = await open(temporary, 'wx', mode);
    try {
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
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeFailure(path, error);
  }
  return `0x${hash.digest('hex')}`;
}

/** The system's refusal to write `path` as an error of this package; anything else as it is. */
export function writeFailure(path: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined || error instanceof ZkinferError ? error : new OutputError(`cannot write ${path}: ${message}`, { cause: error });
}
