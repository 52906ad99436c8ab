/**
 * A bad network in front of a good node: an HTTP proxy that breaks JSON-RPC requests by plan. What it forwards, the
 * real node really executes.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Fault =
  /** Forwards and answers. */
  | 'none'
  /** Cuts the connection; the node never sees the request. */
  | 'drop'
  /** The node executes the request, then the connection is cut. */
  | 'loseAnswer'
  /** Forwards after a pause, so that later requests overtake this one. */
  | 'delay'
  /** Answers after the client's patience has ended. */
  | 'stall'
  /** Answers "nonce too low" without forwarding. */
  | 'nonceTooLow'
  /** The node executes the request, and the answer claims "nonce too low". */
  | 'executedButNonceTooLow'
  /** HTTP 503 with an HTML page. */
  | 'unavailable'
  /** HTTP 429. */
  | 'rateLimited'
  /** Half of the answer's bytes. */
  | 'truncate'
  /** EIP-1474's "limit exceeded", as RPCs answer to eth_getLogs over too many blocks. */
  | 'limitExceeded'
  /** The right answer under another request's id. */
  | 'wrongId';

export interface FaultProxy {
  readonly url: string;
  /** Requests seen, by method. */
  readonly seen: Map<string, number>;
  close(): Promise<void>;
}

/** Picks the fault for the n-th request (from 0) of a method. */
export type Plan = (method: string, n: number, params: readonly unknown[]) => Fault;

/** Starts the proxy. */
export async function startFaultProxy(target: string, plan: Plan): Promise<FaultProxy> {
  const seen = new Map<string, number>();
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: unknown[] };
    const n = seen.get(method) ?? 0;
    seen.set(method, n + 1);
    const fault = plan(method, n, params);
    const answer = (text: string, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    const nonceError = JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32003, message: 'nonce too low' } });
    const forward = async () => {
      const reply = await fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      return await reply.text();
    };

    switch (fault) {
      case 'none':
        answer(await forward());
        return;
      case 'drop':
        request.socket.destroy();
        return;
      case 'loseAnswer':
        await forward();
        request.socket.destroy();
        return;
      case 'delay':
        await sleep(50 + 13 * (n % 7));
        answer(await forward());
        return;
      case 'stall': {
        const text = await forward();
        await sleep(1_000);
        answer(text);
        return;
      }
      case 'nonceTooLow':
        answer(nonceError);
        return;
      case 'executedButNonceTooLow':
        await forward();
        answer(nonceError);
        return;
      case 'limitExceeded':
        answer(
          JSON.stringify({
            jsonrpc: '2.0',
            id,
            error: { code: -32005, message: 'query returned more than 10000 results' },
          }),
        );
        return;
      case 'unavailable':
        response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>Service Unavailable</h1>');
        return;
      case 'rateLimited':
        response.writeHead(429).end();
        return;
      case 'truncate': {
        const text = await forward();
        answer(text.slice(0, text.length / 2));
        return;
      }
      case 'wrongId':
        answer(JSON.stringify({ ...(JSON.parse(await forward()) as object), id: id + 1 }));
        return;
    }
  }

  // A test that fails before it closes the proxy must still let the process end.
  server.unref().on('connection', (socket) => socket.unref());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A small seeded generator (mulberry32): uniform in [0, 1), the same sequence for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
