/**
 * A web server for tests and benchmarks in a browser: the browser package at `/zkinfer/`, folders of the caller's own, one
 * empty page; with the headers that a page needs, and with the faults that a test asks for.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = fileURLToPath(new URL('../../dist/web', import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};
/** What `docs/browser.md` says a page needs, and nothing more. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";

/** See `breakOff`. */
export const BREAK = '/break';

export interface TestServer {
  readonly url: string;
  /** Requests so far, by path. */
  readonly asked: { readonly path: string; readonly range?: string }[];
  /**
   * The next answers for this path stop after so many bytes; their connections end when a page asks for `BREAK`, which it
   * does when these have arrived: what a browser has not read yet is lost with the connection.
   */
  breakOff(path: string, after: number, times: number): void;
  close(): Promise<void>;
}

export interface ServerOptions {
  /** Whether pages may share memory between threads. Default true. */
  readonly isolated?: boolean;
  /** Whether parts of files can be asked for. Default true. */
  readonly ranges?: boolean;
  /** Content security policy; default what the package needs. Empty: none. */
  readonly policy?: string;
}

/** `folders`: by the first part of a path. */
export async function startServer(
  folders: Readonly<Record<string, string>>,
  { isolated = true, ranges = true, policy = POLICY }: ServerOptions = {},
): Promise<TestServer> {
  const roots: Readonly<Record<string, string>> = { zkinfer: PACKAGE, ...folders };
  const faults = new Map<string, { readonly after: number; times: number }>();
  const asked: { path: string; range?: string }[] = [];
  const held: ServerResponse[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    const range = request.headers.range;
    asked.push({ path, ...(range === undefined ? {} : { range }) });
    if (policy !== '') response.setHeader('Content-Security-Policy', policy);
    if (isolated) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    }
    if (path === BREAK) {
      for (const broken of held.splice(0)) broken.destroy();
      response.end();
      return;
    }
    if (path === '/') {
      response.setHeader('Content-Type', 'text/html');
      response.end('<!doctype html><title>test</title>');
      return;
    }
    const [, first, ...rest] = normalize(path).split('/');
    const file = roots[first] === undefined ? undefined : join(roots[first], ...rest);
    const found = file === undefined ? undefined : await stat(file).catch(() => undefined);
    if (file === undefined || found?.isFile() !== true) {
      response.statusCode = 404;
      response.end();
      return;
    }
    response.setHeader('Content-Type', TYPES[extname(file)] ?? 'application/octet-stream');
    const [, from] = ranges ? (/^bytes=(\d+)-$/.exec(range ?? '') ?? []) : [];
    const start = Number(from ?? 0);
    if (from !== undefined) {
      response.statusCode = 206;
      response.setHeader('Content-Range', `bytes ${start}-${found.size - 1}/${found.size}`);
    }
    response.setHeader('Content-Length', found.size - start);
    const fault = faults.get(path);
    const broken = fault !== undefined && fault.times-- > 0;
    const stream = createReadStream(file, { start, ...(broken ? { end: start + fault.after - 1 } : {}) });
    stream.pipe(response, { end: !broken });
    if (broken) held.push(response);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    breakOff: (path, after, times) => void faults.set(path, { after, times }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
