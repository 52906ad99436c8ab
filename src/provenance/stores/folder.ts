/** Blocks as files of a local folder, by `blockstore-fs`: sub-folders by the identifier's end, each file written whole or not at all. */
import { FsBlockstore } from 'blockstore-fs';
import { NotStoredError, StoreError } from '../errors.js';
import { type BlockStore, MAX_BLOCK } from './store.js';

export function folderStore(folder: string): BlockStore {
  const name = `the folder ${folder}`;
  const blocks = new FsBlockstore(folder);
  let opened: Promise<void> | undefined;
  const open = (): Promise<void> =>
    (opened ??= Promise.resolve(blocks.open()).catch((cause) => {
      throw new StoreError(`${name} cannot be used to keep content: ${(cause as Error).message}`, { cause });
    }));
  return {
    name,
    put: async (cid, block) => {
      await open();
      try {
        await blocks.put(cid, block);
      } catch (cause) {
        throw new StoreError(`${name} cannot keep ${cid}: ${(cause as Error).message}`, { cause });
      }
    },
    get: async (cid) => {
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
        if ((cause as Error).name === 'NotFoundError') throw new NotStoredError(`${name} does not have ${cid}`, { cause });
        throw new StoreError(`${name} cannot give ${cid}: ${(cause as Error).message}`, { cause });
      }
      return Buffer.concat(parts);
    },
  };
}
