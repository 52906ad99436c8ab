/**
 * The content identifier of a file or folder, as `ipfs add -r --cid-version=1` of Kubo prints it: UnixFS in a Merkle
 * DAG, built by IPFS's own importer. Kubo's settings in words: chunker `size-262144`, raw leaves, balanced layout with
 * 174 links a node, SHA-256, folders sharded (HAMT, 256 ways) from 256 KiB of names and links on; no mode and no time
 * is kept; hidden files below the folder are left out. (Kubo's profile `unixfs-v1-2025`, if configured, gives other
 * identifiers.)
 *
 * The trap: the importer's defaults are not Kubo's and change between versions, so every setting is spelled out here;
 * and an identifier covers names and bytes only, never what a symbolic link points at, so links are refused.
 */
import { createReadStream } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { importer, type ImportCandidate, type ImporterOptions } from 'ipfs-unixfs-importer';
import { fixedSize } from 'ipfs-unixfs-importer/chunker';
import { balanced } from 'ipfs-unixfs-importer/layout';
import { CID } from 'multiformats/cid';
import { ContentError } from './errors.js';
import type { BlockStore } from './stores/store.js';

const KUBO: ImporterOptions = {
  cidVersion: 1,
  rawLeaves: true,
  reduceSingleLeafToSelf: true,
  wrapWithDirectory: false,
  shardSplitStrategy: 'links-bytes',
  shardSplitThresholdBytes: 262_144,
  shardFanoutBits: 8,
};
const CHUNK = 262_144;
const LINKS = 174;
/** Blocks in memory, of 256 KiB each, and files open at once. */
const BLOCKS_AT_ONCE = 16;
const FILES_AT_ONCE = 8;

/** One file or folder inside the content. */
export interface ContentEntry {
  readonly cid: CID;
  readonly kind: 'file' | 'folder';
}

export interface Content extends ContentEntry {
  /** Everything in it by path relative to it, `/` between names; itself at the empty path. */
  readonly entries: ReadonlyMap<string, ContentEntry>;
  readonly files: number;
  readonly bytes: number;
  /** Hidden files and folders (names that begin with a dot), which `ipfs add` leaves out too. */
  readonly hidden: readonly string[];
}

/** An empty folder's: the importer hashes and keeps it, but does not name it in its results. */
const EMPTY_FOLDER = CID.parse('bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354');

/** The importer wants a name for the folder; no identifier depends on it. */
const ROOT = 'content';

/** Hashes the file or folder at `path`; with `store`, keeps its blocks there. @throws ContentError, StoreError */
export async function hashContent(path: string, store?: BlockStore): Promise<Content> {
  const tally: Tally = { isFile: new Set(), empty: [], hidden: [], files: 0, bytes: 0 };
  const blocks = {
    put: async (cid: CID, block: unknown): Promise<CID> => (await store?.put(cid, block as Uint8Array), cid),
  };
  const entries = new Map<string, ContentEntry>();
  try {
    const options = {
      ...KUBO,
      chunker: fixedSize({ chunkSize: CHUNK }),
      layout: balanced({ maxChildrenPerNode: LINKS }),
      blockWriteConcurrency: BLOCKS_AT_ONCE,
      fileImportConcurrency: FILES_AT_ONCE,
    };
    for await (const { cid, path: where = ROOT } of importer(candidates(path, tally), blocks, options)) {
      const name = where.slice(ROOT.length + 1);
      entries.set(name, { cid, kind: tally.isFile.has(name) ? 'file' : 'folder' });
    }
  } catch (cause) {
    const { code, path: at = path } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new ContentError(`cannot hash ${at}: there is no such file or folder`, { cause });
    if (code !== undefined && /^E[A-Z]+$/.test(code))
      throw new ContentError(`cannot hash ${at}: ${(cause as Error).message}`, { cause });
    throw cause;
  }
  for (const name of tally.empty) entries.set(name, { cid: EMPTY_FOLDER, kind: 'folder' });
  const { files, bytes, hidden } = tally;
  return { ...entries.get('')!, entries, files, bytes, hidden };
}

interface Tally {
  /** Files, by relative path. */
  readonly isFile: Set<string>;
  /** Folders without anything, by relative path. */
  readonly empty: string[];
  readonly hidden: string[];
  files: number;
  bytes: number;
}

async function* candidates(path: string, tally: Tally): AsyncGenerator<ImportCandidate> {
  // The path itself may be a link, as with `ipfs add --dereference-args`.
  const top = await stat(path);
  if (top.isDirectory()) yield* folder(path, '', tally);
  else if (top.isFile()) yield file(path, '', tally);
  else throw new ContentError(`cannot hash ${path}: it is neither a file nor a folder`);
}

async function* folder(path: string, name: string, tally: Tally): AsyncGenerator<ImportCandidate> {
  const all = (await readdir(path)).sort();
  const shown = all.filter((child) => !child.startsWith('.'));
  for (const child of all) if (child.startsWith('.')) tally.hidden.push(under(name, child));
  if (shown.length === 0) {
    tally.empty.push(name);
    yield { path: under(ROOT, name) };
  }
  for (const child of shown) {
    const [at, as] = [join(path, child), under(name, child)];
    const found = await lstat(at);
    if (found.isDirectory()) yield* folder(at, as, tally);
    else if (found.isFile()) yield file(at, as, tally);
    else if (found.isSymbolicLink())
      throw new ContentError(
        `cannot hash ${at}: it is a symbolic link, whose target no identifier would cover; put a copy of the target in its place`,
      );
    else throw new ContentError(`cannot hash ${at}: it is neither a file nor a folder`);
  }
}

function file(path: string, name: string, tally: Tally): ImportCandidate {
  tally.isFile.add(name);
  tally.files++;
  return { path: under(ROOT, name), content: counted(path, tally) };
}

/** Opened when the importer gets to it, so that no more files are open than it works on. */
async function* counted(path: string, tally: Tally): AsyncGenerator<Uint8Array> {
  for await (const part of createReadStream(path, { highWaterMark: CHUNK }) as AsyncIterable<Buffer>) {
    tally.bytes += part.length;
    yield part;
  }
}

const under = (folderName: string, name: string): string =>
  folderName === '' ? name : name === '' ? folderName : `${folderName}/${name}`;
