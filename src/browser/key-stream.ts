/** A key, piece by piece, each compared with its hash: from storage as far as it is there, the rest from the server. */
import { WebBuildError } from '../workflow/errors.js';
import type { WebIndex } from '../workflow/web-index.js';
import { changed, fetchFrom, hashOf } from './fetching.js';
import type { StoredKey } from './key-store.js';

/** Times that a download which broke off is taken up again, each after some of it came. */
const RESUMPTIONS = 5;
/** Milliseconds before it is. */
const PAUSE = 300;

export interface KeyPiece {
  readonly at: number;
  readonly bytes: Uint8Array;
  /** False where it was in storage. */
  readonly isFetched: boolean;
}

/** @throws WebBuildError where a piece is not the exported key's, or the server cannot be reached */
export async function* keyPieces(
  url: string,
  key: WebIndex['key'],
  stored: StoredKey | undefined,
  signal: AbortSignal,
): AsyncGenerator<KeyPiece> {
  const count = Math.ceil(key.bytes / key.pieceBytes);
  if (count !== key.pieces.length)
    throw new WebBuildError(
      `the export names ${key.pieces.length} pieces for a key of ${key.bytes} bytes; export the build again`,
    );
  let next = 0;
  for await (const bytes of storedPieces(key, stored)) {
    signal.throwIfAborted();
    yield { at: next * key.pieceBytes, bytes, isFetched: false };
    next += 1;
  }
  try {
    for (let resumed = 0; next < count; resumed += 1) {
      const before = next;
      try {
        for await (const bytes of fetchedPieces(url, key, next, signal)) {
          const at = next * key.pieceBytes;
          await stored?.write(at, bytes);
          yield { at, bytes, isFetched: true };
          next += 1;
        }
        if (next < count) throw new WebBuildError(`${url} ends after ${next} of ${count} pieces of the key`);
      } catch (cause) {
        signal.throwIfAborted();
        if (cause instanceof PieceChanged) throw changed(url);
        if (next === before || resumed === RESUMPTIONS) throw cause;
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    }
  } finally {
    stored?.close();
  }
}

class PieceChanged extends Error {}

/** Pieces that are read and hashed ahead of the one that is waited for. */
const READ_AHEAD = 4;

/** Those that are there from the first on, up to one that is not as its hash says. */
async function* storedPieces(key: WebIndex['key'], stored: StoredKey | undefined): AsyncGenerator<Uint8Array> {
  if (stored === undefined) return;
  const read = async (k: number): Promise<Uint8Array | undefined> => {
    const end = Math.min((k + 1) * key.pieceBytes, key.bytes);
    if (end > stored.size) return undefined;
    const bytes = await stored.read(k * key.pieceBytes, end);
    return (await hashOf(bytes)) === key.pieces[k] ? bytes : undefined;
  };
  const coming: Promise<Uint8Array | undefined>[] = [];
  for (let k = 0; k < key.pieces.length; k += 1) {
    while (coming.length < READ_AHEAD && k + coming.length < key.pieces.length)
      coming.push(read(k + coming.length).catch(() => undefined));
    const bytes = await coming.shift();
    if (bytes === undefined) break;
    yield bytes;
  }
  await Promise.all(coming);
}

/** From a piece on; asks for this part of the file, and takes the whole from servers that know no ranges. */
async function* fetchedPieces(
  url: string,
  key: WebIndex['key'],
  first: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const start = first * key.pieceBytes;
  const response = await fetchFrom(url, { signal, ...(start === 0 ? {} : { headers: { Range: `bytes=${start}-` } }) });
  let skip = start > 0 && response.status !== 206 ? start : 0;
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let k = first;
  let piece = new Uint8Array(pieceLength(key, k));
  let filled = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      let chunk = value;
      if (skip > 0) {
        const skipped = Math.min(skip, chunk.length);
        skip -= skipped;
        chunk = chunk.subarray(skipped);
      }
      while (chunk.length > 0) {
        if (k === key.pieces.length) throw new PieceChanged();
        const taken = Math.min(chunk.length, piece.length - filled);
        piece.set(chunk.subarray(0, taken), filled);
        filled += taken;
        chunk = chunk.subarray(taken);
        if (filled < piece.length) continue;
        if ((await hashOf(piece)) !== key.pieces[k]) throw new PieceChanged();
        yield piece;
        k += 1;
        filled = 0;
        if (k < key.pieces.length) piece = new Uint8Array(pieceLength(key, k));
      }
    }
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof PieceChanged) throw cause;
    throw new WebBuildError(
      `the download of ${url} broke off (${(cause as Error).message}); what came is kept, try again`,
      { cause },
    );
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

function pieceLength(key: WebIndex['key'], k: number): number {
  return Math.min(key.pieceBytes, key.bytes - k * key.pieceBytes);
}
