/**
 * Where content is kept: blocks by their content identifier, wherever that is.
 *
 * The trap: a store is anyone's. What `get` of a bare store gives is only bytes; everything outside this folder sees
 * stores through `rehashed`, which gives a block only if its SHA-256 is the one it was asked by.
 */
import type { CID } from 'multiformats/cid';
import { sha256 } from 'multiformats/hashes/sha2';
import { HashMismatchError } from '../errors.js';

export interface BlockStore {
  /** For messages, as in "the folder blocks". */
  readonly name: string;
  /** Keeps a block; keeping it twice is keeping it once. @throws StoreError */
  put(cid: CID, block: Uint8Array): Promise<void>;
  /** The block. @throws NotStoredError, StoreError */
  get(cid: CID): Promise<Uint8Array>;
}

/**
 * Largest block that is fetched, in bytes: what Kubo exchanges with other nodes at most. UnixFS leaves here have 256
 * KiB.
 */
export const MAX_BLOCK = 2 << 20;

/** Whether the block is the one that `cid` names. */
export async function hasHash(cid: CID, block: Uint8Array): Promise<boolean> {
  const { digest } = await sha256.digest(block);
  return cid.multihash.code === sha256.code && Buffer.compare(digest, cid.multihash.digest) === 0;
}

/** `store`, with every fetched block hashed again. */
export function rehashed(store: BlockStore): BlockStore {
  return {
    name: store.name,
    put: (cid, block) => store.put(cid, block),
    get: async (cid) => {
      const block = await store.get(cid);
      if (await hasHash(cid, block)) return block;
      throw new HashMismatchError(
        `${store.name} gave ${block.length} bytes for ${cid} that have another hash; they were thrown away. Fetch from another store`,
      );
    },
  };
}
