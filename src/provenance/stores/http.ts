/**
 * HTTP for stores: a deadline, a size limit that holds whatever the headers say, no redirects.
 *
 * The trap: a URL may hold a password or an API key, so messages name the host only.
 */
import { StoreError } from '../errors.js';

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
}

const TIMEOUT_MS = 60_000;

/** @throws StoreError where nothing answers, or where the answer has more than `limit` bytes */
export async function request(url: URL, limit: number, init: RequestInit = {}): Promise<HttpAnswer> {
  try {
    const { username, password } = url;
    const bare = new URL(url);
    bare.username = bare.password = '';
    const headers = new Headers(init.headers);
    if (username !== '' || password !== '') {
      headers.set(
        'authorization',
        `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`,
      );
    }
    const response = await fetch(bare, {
      ...init,
      headers,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      size += part.length;
      if (size > limit) throw new StoreError(`${url.host} answers with more than ${limit} bytes`);
      parts.push(part);
    }
    return { status: response.status, body: Buffer.concat(parts) };
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    const reason =
      cause instanceof Error && cause.name === 'TimeoutError'
        ? `not within ${TIMEOUT_MS / 1000} s`
        : 'check that it runs and can be reached';
    throw new StoreError(`${url.host} does not answer; ${reason}`, { cause });
  }
}
