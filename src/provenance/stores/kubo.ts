/**
 * Blocks of a Kubo node, by its RPC (`/api/v0/block/put` and `block/get`; every call is a POST).
 *
 * The trap: Kubo's garbage collection removes blocks that nothing pins, so each block is pinned as it is put; pinning
 * the root at the end would leave all below it to the collector until then. And `block/get` of an absent block asks the
 * whole network for it, for as long as it takes, so `offline` is set: this store has what it was given.
 */
import type { CID } from 'multiformats/cid';
import { CODEC_DAG_PB } from '../cid.js';
import { NotStoredError, StoreError } from '../errors.js';
import { request } from './http.js';
import { type BlockStore, MAX_BLOCK } from './store.js';

/**
 * `url`: of the RPC, `http://127.0.0.1:5001` by default in Kubo; a user name and password in it are sent as basic
 * authorization.
 */
export function kuboStore(url: URL): BlockStore {
  const name = `the Kubo node at ${url.host}`;
  const call = async (
    command: string,
    query: Record<string, string>,
    limit: number,
    body?: FormData,
  ): Promise<Buffer> => {
    const target = new URL(`${url.pathname.replace(/\/$/, '')}/api/v0/${command}`, url);
    [target.username, target.password] = [url.username, url.password];
    target.search = String(new URLSearchParams(query));
    const answer = await request(target, limit, { method: 'POST', body });
    if (answer.status === 200) return answer.body;
    throw refusal(name, command, query, answer.status, answer.body);
  };
  return {
    name,
    put: async (cid, block) => {
      const form = new FormData();
      form.append('data', new Blob([new Uint8Array(block)]), 'block');
      const codec = cid.code === CODEC_DAG_PB ? 'dag-pb' : 'raw';
      const answer = await call('block/put', { 'cid-codec': codec, mhtype: 'sha2-256', pin: 'true' }, MAX_BLOCK, form);
      const key = keyOf(answer);
      if (key !== String(cid))
        throw new StoreError(`${name} kept ${cid} as ${key ?? 'something else'}; it is not a Kubo node, or an old one`);
    },
    get: (cid: CID) => call('block/get', { arg: String(cid), offline: 'true' }, MAX_BLOCK),
  };
}

/** The `Key` of block/put's answer. */
function keyOf(answer: Buffer): string | undefined {
  try {
    const { Key } = JSON.parse(answer.toString('utf8')) as { Key?: unknown };
    return typeof Key === 'string' ? Key : undefined;
  } catch {
    return undefined;
  }
}

function refusal(name: string, command: string, query: Record<string, string>, status: number, body: Buffer): Error {
  let message = '';
  try {
    message = String((JSON.parse(body.toString('utf8')) as { Message?: unknown }).Message).slice(0, 200);
  } catch {
    // Not Kubo's error document: a proxy's page, say.
  }
  if (command === 'block/get' && /not found/i.test(message))
    return new NotStoredError(`${name} does not have ${query.arg}`);
  return new StoreError(
    `${name} refuses ${command} with status ${status}${message === '' ? '' : `: ${message}`}; check the URL and its permissions`,
  );
}
