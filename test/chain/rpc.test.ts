import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { keccak256 } from 'ethers';
import { UsageError } from '../../src/errors.js';
import { type Anvil, startAnvil } from '../../src/chain/anvil.js';
import { ChainMismatchError, RpcResponseError, RpcUnreachableError } from '../../src/chain/errors.js';
import { connect } from '../../src/chain/rpc.js';
import { type Fault, startFaultProxy } from './fault-proxy.js';

const RETRY = { attemptTimeoutMs: 300, deadlineMs: 1_500, backoffMs: 10 };

describe('the RPC connection', () => {
  let anvil: Anvil;
  before(async () => void (anvil = await startAnvil()));
  after(() => anvil.stop());

  for (const fault of ['drop', 'loseAnswer', 'stall', 'unavailable', 'rateLimited', 'truncate', 'wrongId'] as Fault[]) {
    it(`gets its answer from an endpoint that meets the first two requests with ${fault}`, async () => {
      const proxy = await startFaultProxy(anvil.url, (_, n) => (n < 2 ? fault : 'none'));
      const { provider, chainId } = await connect(proxy.url, { retry: { ...RETRY, deadlineMs: 20_000 } });
      assert.equal(chainId, 31337);
      assert.equal(await provider.getBlockNumber(), 0);
      provider.destroy();
      await proxy.close();
    });
  }

  it('gives every question its own answer when answers overtake each other', async () => {
    const proxy = await startFaultProxy(anvil.url, (_, n) => (n % 2 === 0 ? 'delay' : 'none'));
    const { provider } = await connect(proxy.url, { retry: { ...RETRY, attemptTimeoutMs: 5_000, deadlineMs: 20_000 } });
    const numbers = Array.from({ length: 20 }, (_, i) => i);
    const hashes = await Promise.all(
      numbers.map((n) => provider.send('web3_sha3', [`0x${n.toString(16).padStart(2, '0')}`])),
    );
    assert.deepEqual(
      hashes,
      numbers.map((n) => keccak256(Uint8Array.of(n))),
    );
    provider.destroy();
    await proxy.close();
  });

  it('refuses a chain other than the one wanted', async () => {
    await assert.rejects(connect(anvil.url, { chainId: 1 }), ChainMismatchError);
  });

  it('refuses what is no http URL, without repeating it', async () => {
    await assert.rejects(connect('ws://user:secret@host/'), (error) => {
      assert.ok(error instanceof UsageError);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  });

  it('reports a port without a listener as unreachable', async () => {
    const server = await listen(createServer());
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    await assert.rejects(
      connect(`http://127.0.0.1:${port}/key-in-the-path`, { retry: { ...RETRY, attemptTimeoutMs: 1_400 } }),
      (error) => {
        assert.ok(error instanceof RpcUnreachableError);
        assert.match(error.message, /ECONNREFUSED/);
        assert.doesNotMatch(error.message, /key-in-the-path/);
        return true;
      },
    );
  });

  it('reports a server that accepts and never answers as unreachable, within its deadline', async () => {
    const silent = await listen(createServer(() => undefined));
    const { port } = silent.address() as AddressInfo;
    await assert.rejects(connect(`http://127.0.0.1:${port}`, { retry: RETRY }), RpcUnreachableError);
    silent.closeAllConnections();
    silent.close();
  });

  it('reports a server that is no JSON-RPC node as unreachable', async () => {
    const web = await listen(createServer((_, response) => response.end('<h1>Hello</h1>')));
    const { port } = web.address() as AddressInfo;
    await assert.rejects(connect(`http://127.0.0.1:${port}`, { retry: RETRY }), RpcUnreachableError);
    web.closeAllConnections();
    web.close();
  });

  it('reads no answer that does not end', async () => {
    const part = Buffer.alloc(1 << 22, ' ');
    const endless = await listen(
      createServer((_, response) => {
        const more = (): void => {
          while (response.write(part));
          response.once('drain', more);
        };
        more();
      }),
    );
    const { port } = endless.address() as AddressInfo;
    await assert.rejects(connect(`http://127.0.0.1:${port}`), RpcResponseError);
    endless.closeAllConnections();
    endless.close();
  });

  it('sends user and password of the URL as a header, and takes a 401 for an answer', async () => {
    let seen: string | undefined;
    const guarded = await listen(
      createServer((request, response) => {
        seen = request.headers.authorization;
        response.writeHead(401).end();
      }),
    );
    const { port } = guarded.address() as AddressInfo;
    await assert.rejects(connect(`http://user:pa%20ss@127.0.0.1:${port}`), RpcResponseError);
    assert.equal(seen, `Basic ${Buffer.from('user:pa ss').toString('base64')}`);
    guarded.closeAllConnections();
    guarded.close();
  });
});

async function listen(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
