/**
 * What the registry says a model is, beside what the ledger says it came from. A model version is linked by its owner's
 * word: the ledger does not see files. So the SHA-256 of the ONNX file in the registry is compared with the recorded
 * content here.
 *
 * The trap: the SHA-256 in a content identifier is the file's own only for one block without a tree over it (codec
 * raw). Of anything larger it is the hash of the tree, and the file itself has to be hashed.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { CID } from 'multiformats/cid';
import { type Content, hashContent } from './content.js';
import type { RegisteredModelFile } from './registered-file.js';
import { storedFiles } from './stored.js';
import type { BlockStore } from './stores/store.js';

/** Whether the file at `path`, or one in the folder there, is the registered ONNX file. */
export async function holdsRegistered(
  { modelHash }: RegisteredModelFile,
  path: string,
  content?: Content,
): Promise<boolean> {
  const { kind, entries } = content ?? (await hashContent(path));
  const files =
    kind === 'file'
      ? [path]
      : [...entries].filter(([, entry]) => entry.kind === 'file').map(([name]) => join(path, name));
  for (const file of files) if ((await sha256(createReadStream(file))) === modelHash) return true;
  return false;
}

/** The same of what a store holds below `cid`. @throws NotStoredError, HashMismatchError, StoreError */
export async function storedHoldsRegistered(
  { modelHash }: RegisteredModelFile,
  store: BlockStore,
  cid: CID,
): Promise<boolean> {
  for await (const content of storedFiles(store, cid)) if ((await sha256(content)) === modelHash) return true;
  return false;
}

async function sha256(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of bytes) hash.update(part);
  return `0x${hash.digest('hex')}`;
}
