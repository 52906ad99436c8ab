import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ArweaveClient from 'arweave';
import { CID } from 'multiformats/cid';
import { create as createDigest } from 'multiformats/hashes/digest';
import { UsageError } from '../../src/errors.js';
import {
  type BlockStore,
  checkStored,
  type Content,
  firstDifference,
  hashContent,
  HashMismatchError,
  NotStoredError,
  openStore,
  StoreError,
} from '../../src/provenance/index.js';

/** A block's identifier by the rule, not by the code under test. */
const cidOf = (codec: number, block: Uint8Array): CID =>
  CID.createV1(codec, createDigest(0x12, createHash('sha256').update(block).digest()));

describe('stores of content', () => {
  let folder: string;
  let data: string;
  let content: Content;
  const servers: Server[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'zkinfer-stores-'));
    data = join(folder, 'data');
    await mkdir(join(data, 'images'), { recursive: true });
    await writeFile(join(data, 'images', 'big.bin'), Buffer.alloc(600_000, 'pixels'));
    await writeFile(join(data, 'images', 'small.bin'), 'small');
    await writeFile(join(data, 'labels.csv'), '1,2,3');
    content = await hashContent(data);
  });
  after(async () => {
    for (const server of servers) server.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A server on loopback; returns its URL. */
  async function serve(
    answer: (request: IncomingMessage, body: Buffer, response: ServerResponse) => void,
  ): Promise<string> {
    const server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      answer(request, Buffer.concat(parts), response);
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Everything that holds for a store that works. */
  async function assertKeeps(store: BlockStore): Promise<void> {
    await assert.rejects(store.get(content.cid), NotStoredError);
    await hashContent(data, store);
    const { blocks } = await checkStored(store, content.cid);
    // 3 equal-sized chunks of which 2 are different, their node, 2 small files, 2 folders.
    assert.equal(blocks, new Set([...content.entries.values()].map(({ cid }) => String(cid))).size + 3);
    assert.equal(await firstDifference(store, content.cid, content), undefined);
  }

  describe('in a folder', () => {
    it('keep every block, and again without harm', async () => {
      const store = openStore(join(folder, 'blocks'));
      await assertKeeps(store);
      await hashContent(data, store);
      await checkStored(store, content.cid);
    });

    it('are not believed when a file in them was changed', async () => {
      const where = join(folder, 'damaged');
      const store = openStore(where);
      await hashContent(data, store);
      const [block] = (await readdir(where, { recursive: true })).filter((name) => name.endsWith('.data'));
      await appendFile(join(where, block), 'x');
      await assert.rejects(checkStored(store, content.cid), HashMismatchError);
    });

    it('tell the first file that differs from what was recorded, in the order of paths', async () => {
      const store = openStore(join(folder, 'blocks'));
      const copy = join(folder, 'copy');
      const difference = async () => await firstDifference(store, content.cid, await hashContent(copy));
      const { cp } = await import('node:fs/promises');
      await cp(data, copy, { recursive: true });
      assert.equal(await difference(), undefined);
      await writeFile(join(copy, 'labels.csv'), '1,2,4');
      assert.deepEqual(
        { path: (await difference())?.path, how: (await difference())?.how },
        { path: 'labels.csv', how: 'changed' },
      );
      await mkdir(join(copy, 'images', 'none'));
      assert.deepEqual(
        { path: (await difference())?.path, how: (await difference())?.how },
        { path: 'images/none', how: 'added' },
      );
      await rename(join(copy, 'images', 'big.bin'), join(copy, 'images', 'renamed.bin'));
      assert.deepEqual(await difference(), {
        path: 'images/big.bin',
        how: 'missing',
        recorded: String(content.entries.get('images/big.bin')!.cid),
      });
      await rm(join(copy, 'images'), { recursive: true });
      await writeFile(join(copy, 'images'), 'a file now');
      assert.equal((await difference())?.how, 'changed');
    });

    it('tell a difference inside a sharded folder', async () => {
      const top = join(folder, 'sharded');
      await mkdir(top);
      for (let i = 0; i < 960; i++) await writeFile(join(top, `${'n'.repeat(240)}${i}`), '');
      const store = openStore(join(folder, 'blocks'));
      const { cid } = await hashContent(top, store);
      await writeFile(join(top, `${'n'.repeat(240)}500`), 'changed');
      const difference = await firstDifference(store, cid, await hashContent(top));
      assert.equal(difference?.path, `${'n'.repeat(240)}500`);
    });
  });

  describe('on a Kubo node (its documented RPC on loopback; Kubo itself is not run here)', () => {
    /** `block/put` and `block/get` as Kubo's reference documents them. `tamper` changes what is given out. */
    function kubo(tamper: (block: Buffer) => Buffer = (block) => block): Promise<string> {
      const kept = new Map<string, Buffer>();
      return serve((request, body, response) => {
        const { pathname, searchParams } = new URL(request.url!, 'http://node');
        const fail = (status: number, message: string) =>
          response
            .writeHead(status, { 'content-type': 'application/json' })
            .end(JSON.stringify({ Message: message, Code: 0, Type: 'error' }));
        if (request.method !== 'POST') return fail(405, 'method not allowed');
        if (request.headers.authorization !== `Basic ${Buffer.from('user:secret').toString('base64')}`)
          return fail(403, '403 - Forbidden');
        if (pathname === '/api/v0/block/put') {
          if (searchParams.get('mhtype') !== 'sha2-256' || searchParams.get('pin') !== 'true')
            return fail(400, 'unexpected options');
          const boundary = /boundary=(.*)$/.exec(request.headers['content-type'] ?? '')![1];
          const start = body.indexOf('\r\n\r\n') + 4;
          const block = body.subarray(start, body.lastIndexOf(`\r\n--${boundary}--`));
          const cid = String(cidOf({ raw: 0x55, 'dag-pb': 0x70 }[searchParams.get('cid-codec')!]!, block));
          kept.set(cid, Buffer.from(block));
          return response.end(`${JSON.stringify({ Key: cid, Size: block.length })}\n`);
        }
        const block =
          pathname === '/api/v0/block/get' && searchParams.get('offline') === 'true'
            ? kept.get(searchParams.get('arg')!)
            : undefined;
        return block === undefined
          ? fail(500, 'block was not found locally (offline): ipld: could not find node')
          : response.end(tamper(block));
      });
    }
    const withUser = (url: string) => `kubo:${url.replace('//', '//user:secret@')}`;

    it('keep every block', async () => await assertKeeps(openStore(withUser(await kubo()))));

    it('are not believed when they lie', async () => {
      const lying = openStore(withUser(await kubo((block) => Buffer.concat([block.subarray(1), Buffer.from('!')]))));
      await hashContent(data, lying);
      await assert.rejects(checkStored(lying, content.cid), HashMismatchError);
      await assert.rejects(
        firstDifference(lying, content.cid, await hashContent(join(data, 'images'))),
        HashMismatchError,
      );
    });

    it('are left when they send without end', async () => {
      const endless = openStore(withUser(await kubo(() => Buffer.alloc((2 << 20) + 1))));
      await hashContent(data, endless);
      await assert.rejects(
        endless.get(content.cid),
        (error: Error) => error instanceof StoreError && /more than/.test(error.message),
      );
    });

    it('say what is wrong without repeating the password', async () => {
      const url = await kubo();
      const refused = openStore(`kubo:${url.replace('//', '//user:wrong-password@')}`);
      const dead = openStore('kubo:http://user:wrong-password@127.0.0.1:1');
      for (const store of [refused, dead]) {
        await assert.rejects(
          store.get(content.cid),
          (error: Error) =>
            error instanceof StoreError && !/wrong-password/.test(`${error.stack}${JSON.stringify(error)}`),
        );
      }
    });
  });

  describe("on Arweave (a gateway's documented HTTP API on loopback)", () => {
    interface Kept {
      readonly id: string;
      readonly tags: readonly { readonly name: string; readonly value: string }[];
      readonly data: Buffer;
    }
    const decode = (text: string): string => Buffer.from(text, 'base64url').toString();
    let wallet: string;

    before(async () => {
      wallet = join(folder, 'wallet.json');
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      await writeFile(wallet, JSON.stringify(privateKey.export({ format: 'jwk' })));
    });

    /** A gateway that takes transactions whose signatures Arweave's own library accepts. */
    async function gateway(): Promise<{ url: string; kept: Kept[] }> {
      const kept: Kept[] = [];
      const library = ArweaveClient.init({});
      const url = await serve((request, body, response) => {
        const { pathname } = new URL(request.url!, 'http://gateway');
        if (pathname === '/tx_anchor') return response.end('A'.repeat(64));
        if (pathname.startsWith('/price/')) return response.end('1000');
        if (pathname === '/graphql') {
          const { cid } = (JSON.parse(body.toString()) as { variables: { cid: string } }).variables;
          const edges = kept
            .filter(({ tags }) => tags.some((tag) => tag.name === 'IPFS-CID' && tag.value === cid))
            .map(({ id }) => ({ node: { id } }));
          return response.end(JSON.stringify({ data: { transactions: { edges } } }));
        }
        if (pathname === '/tx' && request.method === 'POST') {
          const transaction = library.transactions.fromRaw(JSON.parse(body.toString()) as object);
          void library.transactions.verify(transaction).then(
            (valid) => {
              const tags = transaction.tags.map(({ name, value }) => ({ name: decode(name), value: decode(value) }));
              if (valid) kept.push({ id: transaction.id, tags, data: Buffer.from(transaction.data) });
              response.writeHead(valid ? 200 : 400).end(valid ? 'OK' : 'Transaction verification failed.');
            },
            () => response.writeHead(400).end(),
          );
          return undefined;
        }
        const found = kept.find(({ id }) => pathname === `/raw/${id}`);
        return found === undefined ? response.writeHead(404).end() : response.end(found.data);
      });
      return { url, kept };
    }

    it('keep every block as a signed transaction, and pay for none twice', async () => {
      const { url, kept } = await gateway();
      const store = openStore(`arweave:${url}`, { ZKINFER_ARWEAVE_WALLET: wallet });
      await assertKeeps(store);
      const before = kept.length;
      await hashContent(data, store);
      assert.equal(kept.length, before);
      assert.equal((await checkStored(openStore(`arweave:${url}`, {}), content.cid)).blocks, before);
    });

    it('find a block behind transactions that only claim to have it, and believe no claim alone', async () => {
      const { url, kept } = await gateway();
      const store = openStore(`arweave:${url}`, { ZKINFER_ARWEAVE_WALLET: wallet });
      const block = Buffer.from('the real block');
      const cid = cidOf(0x55, block);
      kept.push({ id: 'x'.repeat(43), tags: [{ name: 'IPFS-CID', value: String(cid) }], data: Buffer.from('a lie') });
      await assert.rejects(store.get(cid), HashMismatchError);
      await store.put(cid, block);
      assert.equal(kept.length, 2);
      assert.deepEqual(await store.get(cid), block);
    });

    it('ask for a wallet to write, and never show what is in its file', async () => {
      const { url } = await gateway();
      const block = Buffer.from('unpaid');
      await assert.rejects(
        openStore(`arweave:${url}`, {}).put(cidOf(0x55, block), block),
        (error: Error) => error instanceof StoreError && /ZKINFER_ARWEAVE_WALLET/.test(error.message),
      );
      const broken = join(folder, 'broken.json');
      await writeFile(
        broken,
        JSON.stringify({ ...JSON.parse(await readFile(wallet, 'utf8')), kty: 'EC', d: 'very-secret' }),
      );
      await assert.rejects(
        openStore(`arweave:${url}`, { ZKINFER_ARWEAVE_WALLET: broken }).put(cidOf(0x55, block), block),
        (error: Error) => error instanceof StoreError && !/very-secret/.test(`${error.stack}${String(error.cause)}`),
      );
    });
  });

  it('are refused when their address is none', () => {
    for (const where of ['kubo:', 'kubo:localhost', 'arweave:ftp://host'])
      assert.throws(() => openStore(where), UsageError);
  });
});
