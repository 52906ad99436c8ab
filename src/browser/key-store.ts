/**
 * Keys in the browser's own storage (OPFS, the origin private file system), one file each, named by the key's hash. A file
 * that is shorter than its key is the beginning of it: whoever closed the page in the middle goes on from there.
 *
 * The traps: storage is a help and never a need, so that every failure (no such storage, a full disk, another tab that
 * writes) means "without"; and what is read back is checked like what is fetched. The note that a key was checked names
 * the bytes that were, by the hashes of their pieces: the key's own hash is what a server says before anybody compared it,
 * and other bytes may come to lie under the same name.
 */
import { hashOf } from './fetching.js';
import { platform, type AccessHandle, type FileHandle, type FolderHandle } from './platform.js';

const FOLDER = 'zkinfer-keys';

export interface StoredKey {
  /** Bytes that are there. */
  readonly size: number;
  read(start: number, end: number): Promise<Uint8Array>;
  /** Writes at a place; false where that cannot be, after which nothing is kept. */
  write(at: number, bytes: Uint8Array): Promise<boolean>;
  /** Ends writing. */
  close(): void;
  /** Whether every point of the key was found in its group before. */
  isChecked(): Promise<boolean>;
  markChecked(): Promise<void>;
}

/** The stored part of a key, which has these pieces; undefined where this browser keeps nothing. */
export async function openStoredKey({
  sha256,
  pieces,
}: {
  readonly sha256: string;
  readonly pieces: readonly string[];
}): Promise<StoredKey | undefined> {
  try {
    const root = await platform.navigator.storage?.getDirectory?.();
    if (root === undefined) return undefined;
    const folder = await root.getDirectoryHandle(FOLDER, { create: true });
    const contents = await hashOf(new TextEncoder().encode([sha256, ...pieces].join()));
    return await storedIn(folder, `${sha256}.zkey`, `${contents}.checked`);
  } catch {
    return undefined;
  }
}

async function storedIn(folder: FolderHandle, name: string, mark: string): Promise<StoredKey> {
  const file: FileHandle = await folder.getFileHandle(name, { create: true });
  const stored = await file.getFile();
  let writer: AccessHandle | undefined;
  let given = false;
  const giveUp = (): void => {
    given = true;
    close();
    void folder.removeEntry(name).catch(() => undefined);
  };
  const close = (): void => {
    try {
      writer?.flush();
    } catch {
      // What was not kept is fetched again.
    }
    writer?.close();
    writer = undefined;
  };
  return {
    size: stored.size,
    read: async (start, end) => new Uint8Array(await stored.slice(start, end).arrayBuffer()),
    async write(at, bytes) {
      if (given) return false;
      try {
        if (writer === undefined) {
          writer = await file.createSyncAccessHandle();
          writer.truncate(at);
        }
        if (writer.write(bytes, { at }) === bytes.length) return true;
        giveUp();
      } catch {
        // Another tab that writes the same key holds the file: it stays.
        if (writer === undefined) given = true;
        else giveUp();
      }
      return false;
    },
    close,
    isChecked: () =>
      folder.getFileHandle(mark, { create: false }).then(
        () => true,
        () => false,
      ),
    markChecked: () =>
      folder.getFileHandle(mark, { create: true }).then(
        () => undefined,
        () => undefined,
      ),
  };
}
