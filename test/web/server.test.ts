/** The server of the pages against other sites' pages and paths that lead elsewhere. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { askNode } from '../../web/server/chain.js';
import { type Listening, serve } from '../../web/server/http.js';
import { temporaryFolder } from '../workflow/support/folders.js';

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

describe('the server of the pages', () => {
  let listening: Listening;
  let port: number;

  before(async () => {
    const folder = temporaryFolder();
    for (const name of ['pages', 'builds/digits', 'builds/secret'])
      mkdirSync(path.join(folder, name), { recursive: true });
    writeFileSync(path.join(folder, 'pages', 'index.html'), '<p>page</p>');
    writeFileSync(path.join(folder, 'pages', 'explorer.html'), '<p>page</p>');
    writeFileSync(path.join(folder, 'builds', 'digits', 'key'), '0123456789');
    writeFileSync(path.join(folder, 'builds', 'secret', 'key'), 'secret');
    writeFileSync(path.join(folder, 'outside'), 'secret');
    listening = await serve(
      {
        pages: path.join(folder, 'pages'),
        folders: { builds: (name) => (name === 'digits' ? path.join(folder, 'builds', 'digits') : undefined) },
        get: { '/site.json': () => ({ models: [] }) },
        post: { '/echo': { most: 10, answer: async (body) => ({ status: 200, body: body.toString() }) } },
      },
      0,
    );
    port = Number(new URL(listening.url).port);
  });
  after(() => listening.close());

  /** Paths go as they are: `fetch` would tidy them first. */
  function ask(
    target: string,
    options: { headers?: Record<string, string>; method?: string; body?: string } = {},
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const { headers = {}, method = 'GET', body } = options;
      const sent = request({ host: '127.0.0.1', port, path: target, method, headers }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts).toString() }),
        );
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  it('serves pages isolated, under a policy that allows nothing from elsewhere', async () => {
    const { status, headers } = await ask('/');
    assert.equal(status, 200);
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
    assert.equal(headers['cross-origin-embedder-policy'], 'require-corp');
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /connect-src 'self'(;|$)/);
    assert.doesNotMatch(policy, /'unsafe-inline'|'unsafe-eval'|data:|\*/);
    assert.match(String((await ask('/explorer.html')).headers['content-security-policy']), /trusted-types 'none'/);
  });

  it('goes on with a download where it ended', async () => {
    assert.equal((await ask('/builds/digits/key')).body, '0123456789');
    const part = await ask('/builds/digits/key', { headers: { range: 'bytes=4-' } });
    assert.deepEqual([part.status, part.body, part.headers['content-range']], [206, '456789', 'bytes 4-9/10']);
    assert.equal((await ask('/builds/digits/key', { headers: { range: 'bytes=99-' } })).status, 200);
  });

  it('gives no file outside its folders', async () => {
    for (const target of [
      '/../outside',
      '/%2e%2e/outside',
      '/..%2foutside',
      '/builds/digits/../secret/key',
      '/builds/digits/..%2f..%2fsecret%2fkey',
      '/builds/digits/%2e%2e%2fsecret/key',
      '/builds/secret/key',
      '/builds/constructor/key',
      '/builds/digits',
      '/%00',
      '/%ff',
      '//etc/passwd',
      '/constructor',
    ]) {
      const { status, body } = await ask(target);
      assert.equal(status, 404, target);
      assert.doesNotMatch(body, /secret$/, target);
    }
  });

  it('answers nobody who calls it by another name', async () => {
    assert.equal((await ask('/site.json', { headers: { host: `localhost:${port}` } })).status, 200);
    for (const host of [`attacker.example:${port}`, '127.0.0.1:1', `127.0.0.1:${port}.attacker.example`])
      assert.equal((await ask('/site.json', { headers: { host } })).status, 403, host);
  });

  it('changes nothing for another site’s page', async () => {
    const send = (origin: string | undefined, body = 'hello') =>
      ask('/echo', { method: 'POST', body, headers: origin === undefined ? {} : { origin } });
    assert.equal((await send(listening.url)).body, '"hello"');
    for (const origin of [undefined, 'null', 'https://attacker.example', `http://127.0.0.1:${port + 1}`])
      assert.equal((await send(origin)).status, 403, origin);
    assert.equal((await send(listening.url, 'more than ten')).status, 413);
    assert.equal((await ask('/constructor', { method: 'POST', headers: { origin: listening.url } })).status, 404);
  });

  it('asks the local node nothing but what the pages need', async () => {
    // No node is there: what is refused is refused before.
    const answer = async (body: string) =>
      (await askNode('http://127.0.0.1:9', Buffer.from(body))) as { error: { code: number } };
    for (const method of [
      'anvil_setBalance',
      'evm_mine',
      'debug_traceCall',
      'hardhat_impersonateAccount',
      'constructor',
    ])
      assert.equal((await answer(JSON.stringify({ id: 1, method }))).error.code, -32601, method);
    assert.equal((await answer('[{"id":1,"method":"eth_call"}]')).error.code, -32601);
    assert.equal((await answer('{')).error.code, -32700);
    assert.equal((await answer('null')).error.code, -32601);
  });
});
