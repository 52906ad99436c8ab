/**
 * Inputs of requests: a JSON document `{"input_data": [[...], ...], "salt": "..."}` (the salt of its Poseidon commitment, in
 * decimal, where the model hashes its input), found by URI. `sha256:HEX` is looked up in content-addressed places, a folder
 * (`HEX.json`) or an HTTP one (`BASE/HEX.json`), and re-hashed. An `https:` URI is fetched only below the bases that the
 * operator named; what it gives is checked against the commitment, by whoever computes with it.
 *
 * The trap: the URI is a stranger's. Fetching any address it names would let strangers reach what only this machine can
 * (cloud metadata, local services), so nothing outside the named bases is fetched and no redirect followed.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../chain/files.js';
import { InputUnavailableError } from './errors.js';

/** Where input documents may come from. */
export interface InputPlaces {
  /** Folder of `HEX.json` files. */
  readonly folder?: string;
  /** `http(s)://` bases; a trailing slash is implied. */
  readonly bases?: readonly string[];
}

/** Bytes of the largest document that is read: some million numbers. */
const MAX_BYTES = 32 << 20;
const TIMEOUT_MS = 10_000;
const BY_HASH = /^sha256:([0-9a-f]{64})$/;

/** Keeps a document in the folder; returns its URI. */
export async function storeInput(folder: string, document: string): Promise<string> {
  const hash = sha256(Buffer.from(document));
  await mkdir(folder, { recursive: true });
  await writeFileAtomic(join(folder, `${hash}.json`), document);
  return `sha256:${hash}`;
}

/** The document at `uri`. @throws InputUnavailableError */
export async function fetchInput(places: InputPlaces, uri: string): Promise<string> {
  const hash = BY_HASH.exec(uri)?.[1];
  const bases = (places.bases ?? []).map((base) => (base.endsWith('/') ? base : `${base}/`));
  if (hash === undefined) {
    const url = URL.canParse(uri) ? new URL(uri) : undefined;
    // Compared after parsing, so that `..` and user names in the authority are what fetch will make of them.
    if (url === undefined || !bases.some((base) => url.href.startsWith(new URL(base).href))) {
      throw new InputUnavailableError(`the input's address is neither sha256:HEX nor below an allowed base URL`);
    }
    return (await download(url.href)).toString('utf8');
  }
  const local = places.folder === undefined ? undefined : await readFile(join(places.folder, `${hash}.json`)).catch(() => undefined);
  if (local !== undefined && sha256(local) === hash) return local.toString('utf8');
  let reason = 'it is in no place this operator looks';
  for (const base of bases) {
    try {
      const found = await download(`${base}${hash}.json`);
      if (sha256(found) === hash) return found.toString('utf8');
      reason = `what ${new URL(base).host} gives has another hash`;
    } catch (error) {
      reason = (error as Error).message;
    }
  }
  throw new InputUnavailableError(`input sha256:${hash} cannot be fetched: ${local === undefined ? reason : 'the stored file has another hash'}`);
}

async function download(url: string): Promise<Buffer> {
  const { host } = new URL(url);
  try {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok || response.body === null) throw new InputUnavailableError(`${host} answers with status ${response.status}`);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > MAX_BYTES) throw new InputUnavailableError(`the document at ${host} is larger than ${MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (cause) {
    if (cause instanceof InputUnavailableError) throw cause;
    throw new InputUnavailableError(`${host} does not answer`, { cause });
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
