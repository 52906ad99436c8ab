/**
 * Inputs of requests: a JSON document `{"input_data": [[...], ...], "salt": "..."}` (the salt of its Poseidon
 * commitment, in decimal, where the model hashes its input), found by URI. `sha256:HEX` is looked up in
 * content-addressed places, a folder (`HEX.json`) or an HTTP one (`BASE/HEX.json`), and re-hashed. An `https:` URI is
 * fetched only below the bases that the operator named; what it gives is checked against the commitment, by whoever
 * computes with it.
 *
 * The traps: the URI is a stranger's. Fetching any address it names would let strangers reach what only this machine
 * can (cloud metadata, local services), so nothing outside the named bases is fetched and no redirect followed. And the
 * document is a stranger's: it is measured before it is parsed.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../atomic-file.js';
import { writeFileAtomic } from '../chain/files.js';
import { InputLimitError, InputUnavailableError } from './errors.js';
import { INPUT_LIMITS, type InputLimits, requireWithin } from './input-limits.js';

/** Where input documents may come from. */
export interface InputPlaces {
  /** Folder of `HEX.json` files. */
  readonly folder?: string;
  /** `http(s)://` bases; a trailing slash is implied. */
  readonly bases?: readonly string[];
}

const BY_HASH = /^sha256:([0-9a-f]{64})$/;
/** How often a download's rate is looked at, and the time in which a connection may gather speed. */
const RATE_LOOK_MS = 500;
const RATE_GRACE_MS = 2_000;

/** Keeps a document in the folder; returns its URI. */
export async function storeInput(folder: string, document: string): Promise<string> {
  const hash = sha256(Buffer.from(document));
  await makeFolder(folder);
  await writeFileAtomic(join(folder, `${hash}.json`), document);
  return `sha256:${hash}`;
}

/** The document at `uri`, no larger or deeper than `limits`. @throws InputUnavailableError, InputLimitError */
export async function fetchInput(
  places: InputPlaces,
  uri: string,
  limits: InputLimits = INPUT_LIMITS,
): Promise<string> {
  const text = (await find(places, uri, limits)).toString('utf8');
  requireWithin(text, limits);
  return text;
}

async function find(places: InputPlaces, uri: string, limits: InputLimits): Promise<Buffer> {
  const hash = BY_HASH.exec(uri)?.[1];
  const bases = (places.bases ?? []).map((base) => (base.endsWith('/') ? base : `${base}/`));
  if (hash === undefined) {
    const url = URL.canParse(uri) ? new URL(uri) : undefined;
    // Compared after parsing, so that `..` and user names in the authority are what fetch will make of them.
    if (url === undefined || !bases.some((base) => url.href.startsWith(new URL(base).href))) {
      throw new InputUnavailableError(`the input's address is neither sha256:HEX nor below an allowed base URL`);
    }
    return await download(url.href, limits);
  }
  const local =
    places.folder === undefined ? undefined : await readWithin(join(places.folder, `${hash}.json`), limits.bytes);
  if (local !== undefined && sha256(local) === hash) return local;
  let reason = local === undefined ? 'it is in no place this operator looks' : 'the stored file has another hash';
  let cause: unknown;
  for (const base of bases) {
    try {
      const found = await download(`${base}${hash}.json`, { ...limits, seconds: limits.seconds / bases.length });
      if (sha256(found) === hash) return found;
      reason = `what ${new URL(base).host} gives has another hash`;
    } catch (error) {
      // One place alone: what it says is what there is to say.
      if (bases.length === 1) throw error;
      reason = (error as Error).message;
      cause = error;
    }
  }
  throw new InputUnavailableError(`input sha256:${hash} cannot be fetched: ${reason}`, { cause });
}

/** The file's bytes; undefined if there is no such file. @throws InputLimitError */
async function readWithin(path: string, bytes: number): Promise<Buffer | undefined> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    if (size > bytes)
      throw new InputLimitError('bytes', `the stored input has ${size} bytes, an input of this model at most ${bytes}`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function download(url: string, { bytes, seconds, bytesPerSecond }: InputLimits): Promise<Buffer> {
  const { host } = new URL(url);
  const end = new AbortController();
  const tooLarge = (): InputLimitError =>
    new InputLimitError('bytes', `the document at ${host} is larger than ${bytes} bytes`);
  const late = setTimeout(
    () => end.abort(new InputLimitError('seconds', `${host} did not give the document within ${seconds} s`)),
    seconds * 1_000,
  );
  let watch: NodeJS.Timeout | undefined;
  try {
    const response = await fetch(url, { redirect: 'manual', signal: end.signal });
    if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
      throw new InputLimitError('redirects', `${host} redirects elsewhere; redirects are not followed`);
    }
    if (!response.ok || response.body === null)
      throw new InputUnavailableError(`${host} answers with status ${response.status}`);
    if (Number(response.headers.get('content-length')) > bytes) throw tooLarge();
    const chunks: Uint8Array[] = [];
    let size = 0;
    const begun = performance.now();
    watch = setInterval(() => {
      const elapsed = performance.now() - begun;
      if (elapsed < RATE_GRACE_MS || size >= (bytesPerSecond * elapsed) / 1_000) return;
      end.abort(new InputLimitError('rate', `${host} gives less than ${bytesPerSecond} bytes a second`));
    }, RATE_LOOK_MS);
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > bytes) throw tooLarge();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (cause) {
    // What ended the connection says more than how the connection ended.
    if (end.signal.reason instanceof InputLimitError) throw end.signal.reason;
    if (cause instanceof InputUnavailableError) throw cause;
    throw new InputUnavailableError(`${host} does not answer`, { cause });
  } finally {
    clearTimeout(late);
    clearInterval(watch);
    // Frees the connection where the body was not read to its end.
    end.abort();
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
