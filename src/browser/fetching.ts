/** Files of an exported build: fetched, decompressed within a bound, and compared with their hashes. */
import { WebBuildError } from '../workflow/errors.js';
import { platform } from './platform.js';

/** Bytes of `web.json` at most: a hash for each of some thousand pieces. */
const MOST_INDEX_BYTES = 1 << 20;

let held: ReadonlyMap<string, Uint8Array> = new Map();

/** Files that are here already, by address: nothing is fetched for them, and they are not compressed. */
export function holdFiles(files: ReadonlyMap<string, Uint8Array>): void {
  held = files;
}

/** @throws WebBuildError where the server does not answer with the file; the signal's reason */
export async function fetchFrom(url: string, options: RequestInit = {}): Promise<Response> {
  const own = held.get(url);
  if (own !== undefined) return new Response(own);
  let response: Response;
  try {
    response = await fetch(url, options);
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw new WebBuildError(
      `cannot fetch ${url}: ${(cause as Error).message}; is the server there, and may this page read from it?`,
      {
        cause,
      },
    );
  }
  if (!response.ok || response.body === null)
    throw new WebBuildError(`cannot fetch ${url}: the server answers ${response.status} ${response.statusText}`);
  return response;
}

/** A small file as it is. @throws WebBuildError */
export async function fetchIndex(url: string, signal: AbortSignal): Promise<Uint8Array> {
  const response = await fetchFrom(url, { signal });
  return await readBounded(response.body!, MOST_INDEX_BYTES, url);
}

/** A file compressed by gzip. @throws WebBuildError where it is another than its hash says */
export async function fetchCompressed(
  url: string,
  expected: { readonly bytes: number; readonly sha256: string },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const response = await fetchFrom(url, { signal });
  let bytes: Uint8Array;
  try {
    const stream = held.has(url)
      ? response.body!
      : (response.body!.pipeThrough(new platform.DecompressionStream('gzip')) as ReadableStream<Uint8Array>);
    bytes = await readBounded(stream, expected.bytes, url);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof WebBuildError) throw cause;
    throw new WebBuildError(
      `${url} cannot be read to its end (${(cause as Error).message}); try again, or export the build again`,
      {
        cause,
      },
    );
  }
  if ((await hashOf(bytes)) !== expected.sha256) throw changed(url);
  return bytes;
}

/** The error for a file that is not the one that was exported. */
export function changed(url: string): WebBuildError {
  return new WebBuildError(
    `${url} is not the file that the export describes (its hash differs): it was damaged or exchanged, or the server changes what it serves; do not use it, export the build again`,
  );
}

async function readBounded(stream: ReadableStream<Uint8Array>, most: number, url: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      void reader.cancel().catch(() => undefined);
      throw new WebBuildError(
        `${url} has more than the ${most} bytes that are read of it; it is not what was exported`,
      );
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** SHA-256 in hex with 0x. */
export async function hashOf(bytes: Uint8Array): Promise<string> {
  const { subtle } = platform.crypto;
  if (subtle === undefined)
    throw new WebBuildError(
      'this page is not in a secure context, so browsers give it no SHA-256; serve it over https, or from localhost',
    );
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes));
  return `0x${Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
