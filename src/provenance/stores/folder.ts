/**
 * Blocks as files of a local folder, by `blockstore-fs`: sub-folders by the identifier's end, each file written whole
 * or not at all.
 *
 * The trap: two writes of one block at once (a folder of empty files has the same block for each) get in each other's
 * way, and wait for a second; so a block is written by one of them, and not at all where the file has it already.
 */
import { FsBlockstore } from 'blockstore-fs';
import type { CID } from 'multiformats/cid';
import { NotStoredError, StoreError } from '../errors.js';
import { type BlockStore, MAX_BLOCK } from './store.js';

export function folderStore(folder: string): BlockStore {
  const name = `the folder ${folder}`;
  const blocks = new FsBlockstore(folder);
  const writing = new Map<string, Promise<void>>();
  let opened: Promise<void> | undefined;
  const open = (): Promise<void> =>
    (opened ??= Promise.resolve(blocks.open()).catch((cause) => {
      throw new StoreError(`${name} cannot be used to keep content: ${(cause as Error).message}`, { cause });
    }));
  const get = async (cid: CID): Promise<Buffer> => {
    await open();
    const parts: Uint8Array[] = [];
    let size = 0;
    try {
      for await (const part of blocks.get(cid)) {
        size += part.length;
        if (size > MAX_BLOCK) break;
        parts.push(part);
      }
    } catch (cause) {
      if ((cause as Error).name === 'NotFoundError')
        throw new NotStoredError(`${name} does not have ${cid}`, { cause });
      throw new StoreError(`${name} cannot give ${cid}: ${(cause as Error).message}`, { cause });
    }
    return Buffer.concat(parts);
  };
  const write = async (cid: CID, block: Uint8Array): Promise<void> => {
    const known = await get(cid).catch((error: unknown) => {
      if (error instanceof NotStoredError) return undefined;
      throw error;
    });
    if (known?.equals(block)) return;
    try {
      await blocks.put(cid, block);
    } catch (cause) {
      throw new StoreError(`${name} cannot keep ${cid}: ${(cause as Error).message}`, { cause });
    }
  };
  return {
    name,
    get,
    put: (cid, block) => {
      const key = String(cid);
      const mine = writing.get(key) ?? write(cid, block).finally(() => writing.delete(key));
      writing.set(key, mine);
      return mine;
    },
  };
}
