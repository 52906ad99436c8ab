/**
 * The server of `npm run web`: the pages, the builds they prove with, one door to the local chain, one to the compiler.
 * For this machine's own user: it listens on 127.0.0.1 and answers nobody else.
 *
 * The traps: a page of another site can send requests here, and a name that resolves to 127.0.0.1 makes a page of that
 * site look like one of ours (DNS rebinding). So the Host header must be ours, and whatever changes something must come
 * from our own origin.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Scripts, styles and pictures of our own alone; WebAssembly may be compiled, nothing evaluated. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];
/** The explorer asks whatever RPC its reader names, and makes no markup from text: the browser sees to that. */
const EXPLORER_POLICY = [
  "connect-src 'self' https: http://localhost:* http://127.0.0.1:*",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
];

/** What every answer carries. Cross-origin isolation gives the prover its threads. */
const HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=()',
};

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
};

/** An answer other than a file. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface Routes {
  /** Folder of the built pages. */
  readonly pages: string;
  /** Folder that `GET /NAME/…` below `prefix` reads; undefined where there is none. */
  readonly folders: Readonly<Record<string, (name: string) => string | undefined>>;
  readonly get: Readonly<Record<string, () => unknown>>;
  /** Gets the body, already bounded. */
  readonly post: Readonly<Record<string, { readonly most: number; readonly answer: Post }>>;
}
type Post = (body: Buffer<ArrayBuffer>, request: IncomingMessage) => Promise<Answer>;

export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts to serve. `port` 0: a free one. */
export async function serve(routes: Routes, port: number): Promise<Listening> {
  const server = createServer((request, response) => {
    answer(server, routes, request, response).catch((error: unknown) => {
      if (response.headersSent) return response.destroy();
      send(response, { status: 500, body: { error: error instanceof Error ? error.message : String(error) } });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(server: Server, routes: Routes, request: IncomingMessage, response: ServerResponse) {
  const { port } = server.address() as AddressInfo;
  const own = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (!own.includes(request.headers.host ?? '')) return send(response, refused('this server is for its own pages'));
  const url = new URL(request.url ?? '/', `http://${own[0]}`);
  if (request.method === 'POST') {
    const route = Object.hasOwn(routes.post, url.pathname) ? routes.post[url.pathname] : undefined;
    if (route === undefined) return send(response, notFound(url.pathname));
    if (!own.some((host) => request.headers.origin === `http://${host}`)) {
      request.resume();
      return send(response, refused('only the pages of this server may ask for this'));
    }
    const body = await readBody(request, route.most);
    if (body === undefined)
      return send(response, { status: 413, body: { error: `more than ${route.most} bytes were sent` } });
    return send(response, await route.answer(body, request));
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, refused('GET or POST'));
  if (Object.hasOwn(routes.get, url.pathname)) return send(response, { status: 200, body: routes.get[url.pathname]() });
  const file = fileOf(routes, url.pathname);
  return file === undefined ? send(response, notFound(url.pathname)) : await sendFile(request, response, file);
}

/** The file that a path names; never one outside its folder. */
function fileOf(routes: Routes, path: string): string | undefined {
  let decoded: string;
  try {
    decoded = normalize(decodeURIComponent(path)).split(sep).join('/');
  } catch {
    return undefined;
  }
  if (decoded.includes('\0') || !decoded.startsWith('/')) return undefined;
  const [, first, second, ...rest] = decoded.split('/');
  if (Object.hasOwn(routes.folders, first)) {
    const folder = second === undefined ? undefined : routes.folders[first](second);
    return folder === undefined || rest.length === 0 ? undefined : join(folder, ...rest);
  }
  return join(routes.pages, decoded === '/' ? 'index.html' : decoded);
}

async function sendFile(request: IncomingMessage, response: ServerResponse, file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) return send(response, notFound(request.url ?? ''));
  const type = TYPES[extname(file)] ?? 'application/octet-stream';
  const isPage = type.startsWith('text/html');
  const policy = file.endsWith('explorer.html') ? [...POLICY, ...EXPLORER_POLICY] : [...POLICY, "connect-src 'self'"];
  // A download that broke off goes on where it ended.
  const start = Number(/^bytes=(\d{1,15})-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const isPart = start > 0 && start < found.size;
  response.writeHead(isPart ? 206 : 200, {
    ...HEADERS,
    'content-type': type,
    'content-length': isPart ? found.size - start : found.size,
    'accept-ranges': 'bytes',
    ...(isPart ? { 'content-range': `bytes ${start}-${found.size - 1}/${found.size}` } : {}),
    // A file with a hash in its name never changes.
    'cache-control': /-[\w-]{8}\.(?:js|css|wasm|svg)$/.test(file) ? 'max-age=31536000, immutable' : 'no-cache',
    ...(isPage ? { 'content-security-policy': policy.join('; ') } : {}),
    // Workers are made from scripts, which bring their own policy.
    ...(type.startsWith('text/javascript')
      ? { 'content-security-policy': [...POLICY, "connect-src 'self'"].join('; ') }
      : {}),
  });
  if (request.method === 'HEAD') return void response.end();
  await pipeline(createReadStream(file, { start: isPart ? start : 0 }), response).catch(() => response.destroy());
}

function send(response: ServerResponse, { status, body }: Answer): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    ...HEADERS,
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

const refused = (error: string): Answer => ({ status: 403, body: { error } });
const notFound = (path: string): Answer => ({
  status: 404,
  body: { error: `there is nothing at ${path.slice(0, 200)}` },
});

/** The body; undefined where it is larger than `most` bytes. */
async function readBody(request: IncomingMessage, most: number): Promise<Buffer<ArrayBuffer> | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > most) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
