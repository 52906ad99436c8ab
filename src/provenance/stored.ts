/**
 * Recorded content as a store has it: whether all of it is there, and where local content first differs from it. Both
 * look only at blocks that were hashed again (`openStore`), so a store can hide content, but not pass off another.
 *
 * The trap: in a DAG the same block may hang below many others, so that walking every path to it can take exponential
 * time; each block is looked at once.
 */
import { decode } from '@ipld/dag-pb';
import { exporter, type UnixFSDirectory } from 'ipfs-unixfs-exporter';
import type { CID } from 'multiformats/cid';
import { CODEC_DAG_PB } from './cid.js';
import type { Content } from './content.js';
import { HashMismatchError, StoreError } from './errors.js';
import type { BlockStore } from './stores/store.js';

export interface StoredReport {
  /** Blocks fetched, each once. */
  readonly blocks: number;
  readonly bytes: number;
}

/** Where local content first differs from what is recorded, in the order of paths. */
export interface Difference {
  /** Relative to the content; empty for the whole. A folder where all of it is missing or added. */
  readonly path: string;
  /** `missing`: recorded but not local. `added`: local but not recorded. */
  readonly how: 'changed' | 'missing' | 'added';
  readonly recorded?: string;
  readonly local?: string;
}

/**
 * Fetches every block below `root`. @throws NotStoredError, HashMismatchError, StoreError at the first that is not
 * right
 */
export async function checkStored(store: BlockStore, root: CID): Promise<StoredReport> {
  const seen = new Set([String(root)]);
  const open = [root];
  let bytes = 0;
  for (let cid = open.pop(); cid !== undefined; cid = open.pop()) {
    const block = await store.get(cid);
    bytes += block.length;
    if (cid.code !== CODEC_DAG_PB) continue;
    for (const { Hash } of linksOf(cid, block)) {
      if (!seen.has(String(Hash))) {
        seen.add(String(Hash));
        open.push(Hash);
      }
    }
  }
  return { blocks: seen.size, bytes };
}

function linksOf(cid: CID, block: Uint8Array): readonly { readonly Hash: CID }[] {
  try {
    return decode(block).Links;
  } catch (cause) {
    throw new HashMismatchError(
      `${cid} is no dag-pb node, although it has the recorded hash; its recorder did not hash files as IPFS does`,
      { cause },
    );
  }
}

/** The first difference between local content and the recorded `root`; undefined if there is none. */
export async function firstDifference(store: BlockStore, root: CID, local: Content): Promise<Difference | undefined> {
  return await compare(store, root, local, '');
}

async function compare(
  store: BlockStore,
  recorded: CID,
  local: Content,
  path: string,
): Promise<Difference | undefined> {
  const entry = local.entries.get(path)!;
  if (entry.cid.equals(recorded)) return undefined;
  const changed: Difference = { path, how: 'changed', recorded: String(recorded), local: String(entry.cid) };
  if (entry.kind === 'file') return changed;
  const there = await list(store, recorded);
  if (there === undefined) return changed;
  const here = namesIn(local, path);
  for (const name of [...new Set([...there.keys(), ...here])].sort()) {
    const below = path === '' ? name : `${path}/${name}`;
    const cid = there.get(name);
    if (cid === undefined) return { path: below, how: 'added', local: String(local.entries.get(below)!.cid) };
    if (!here.has(name)) return { path: below, how: 'missing', recorded: String(cid) };
    const difference = await compare(store, cid, local, below);
    if (difference !== undefined) return difference;
  }
  // All entries are equal and yet the folder's identifier differs: it was laid out with other importer settings.
  return changed;
}

/** Names and identifiers in a recorded folder, sharded or not; undefined if it is a file. */
async function list(store: BlockStore, cid: CID): Promise<Map<string, CID> | undefined> {
  if (cid.code !== CODEC_DAG_PB) return undefined;
  try {
    const found = await exporter(cid, blocksOf(store));
    if (found.type !== 'directory') return undefined;
    const names = new Map<string, CID>();
    for await (const { name, cid: child } of (found as UnixFSDirectory).entries()) names.set(name, child);
    return names;
  } catch (cause) {
    if (
      cause instanceof HashMismatchError ||
      cause instanceof StoreError ||
      (cause as { code?: unknown }).code === 'NOT_STORED'
    )
      throw cause;
    throw new HashMismatchError(
      `${cid} is no UnixFS folder, although it has the recorded hash: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** Exporter and stores differ in form only: a generator of the block's parts. */
function blocksOf(store: BlockStore): { get(wanted: CID): AsyncGenerator<Uint8Array> } {
  return {
    get: async function* (wanted: CID): AsyncGenerator<Uint8Array> {
      yield await store.get(wanted);
    },
  };
}

/**
 * Longest stored file that is read, in bytes: what a protobuf, and so an ONNX file, has at most. A tree of few blocks
 * can stand for more.
 */
const MAX_FILE = 2n ** 31n;

/**
 * The content of each file at or below `root`, each once; of longer ones only the beginning. @throws as `checkStored`
 */
export async function* storedFiles(store: BlockStore, root: CID): AsyncGenerator<AsyncIterable<Uint8Array>> {
  const seen = new Set([String(root)]);
  const open = [root];
  for (let cid = open.pop(); cid !== undefined; cid = open.pop()) {
    const names = await list(store, cid);
    if (names === undefined) yield contentOf(store, cid);
    for (const child of names?.values() ?? []) {
      if (seen.has(String(child))) continue;
      seen.add(String(child));
      open.push(child);
    }
  }
}

async function* contentOf(store: BlockStore, cid: CID): AsyncGenerator<Uint8Array> {
  const found = await exporter(cid, blocksOf(store));
  if (found.type !== 'file' && found.type !== 'raw') return;
  let length = 0n;
  for await (const part of found.content()) {
    length += BigInt(part.length);
    if (length > MAX_FILE) return;
    yield part;
  }
}

/** The names directly in a local folder. */
function namesIn(local: Content, path: string): Set<string> {
  const lead = path === '' ? '' : `${path}/`;
  const names = [...local.entries.keys()].filter(
    (one) => one !== '' && one.startsWith(lead) && !one.slice(lead.length).includes('/'),
  );
  return new Set(names.map((one) => one.slice(lead.length)));
}
