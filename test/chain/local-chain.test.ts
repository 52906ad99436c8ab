import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalNodeError, RecordError } from '../../src/chain/errors.js';
import { readDeployment, updateDeployment } from '../../src/chain/deployment.js';
import { openChain, openSender } from '../../src/chain/session.js';
import { sendOnce } from '../../src/chain/transactions.js';
import { deployTally } from './tally.js';

describe('the local chain of a build folder', () => {
  let build: string;
  beforeEach(async () => void (build = await mkdtemp(join(tmpdir(), 'zkinfer-local-'))));
  afterEach(() => rm(build, { recursive: true, force: true }));

  it('keeps contracts, receipts and nonces from one command to the next', async () => {
    const first = await openChain(build);
    const tally = await deployTally(first.rpc);
    const request = {
      purpose: 'add 1',
      to: tally.address,
      data: tally.abi.encodeFunctionData('add', [1]),
      action: 'adding',
      abis: [tally.abi],
    };
    const { hash } = await sendOnce(await openSender(build, first, { environment: {} }), request);
    await first.close();

    const second = await openChain(build);
    assert.equal(second.rpc.genesisHash, first.rpc.genesisHash);
    assert.notEqual(await second.rpc.provider.getCode(tally.address), '0x');
    const again = await sendOnce(await openSender(build, second, { environment: {} }), request);
    assert.equal(again.hash, hash);
    assert.equal(
      BigInt(await second.rpc.provider.call({ to: tally.address, data: tally.abi.encodeFunctionData('count', [1]) })),
      1n,
    );
    await second.close();
  });

  it('is the same chain however often it is opened', async () => {
    const hashes = new Set<string>();
    for (let opening = 1; opening <= 6; opening++) {
      const chain = await openChain(build);
      hashes.add(chain.rpc.genesisHash);
      await chain.rpc.provider.send('anvil_mine', ['0x1']);
      assert.equal(await chain.rpc.provider.getBlockNumber(), opening);
      await chain.close();
      await sleep(300); // The first block that an anvil makes carries its second.
    }
    assert.equal(hashes.size, 1);
  });

  it('lets a second command wait until the first is done', async () => {
    const order: string[] = [];
    const work = async (name: string) => {
      const chain = await openChain(build);
      order.push(`${name} in`);
      await chain.rpc.provider.send('anvil_mine', ['0x1']);
      order.push(`${name} out`);
      await chain.close();
    };
    await Promise.all([work('a'), work('b')]);
    assert.equal(order[0].slice(0, 1), order[1].slice(0, 1));
    const chain = await openChain(build);
    assert.equal(await chain.rpc.provider.getBlockNumber(), 2);
    await chain.close();
  });

  it('keeps what was mined when the command is killed before it closes the chain', async () => {
    const chain = await openChain(build);
    const sender = await openSender(build, chain, { environment: {} });
    const tally = await deployTally(chain.rpc);
    const data = tally.abi.encodeFunctionData('add', [5]);
    await sendOnce(sender, { purpose: 'add 5', to: tally.address, data, action: 'adding', abis: [] });
    const saved = await readdir(join(build, 'local-chain'));
    assert.deepEqual(saved, ['state.json']);
    await chain.close();
  });

  it('says how to go on when its saved state is damaged', async () => {
    const chain = await openChain(build);
    await chain.close();
    await writeFile(join(build, 'local-chain', 'state.json'), '{"accounts":');
    await assert.rejects(
      openChain(build),
      (error) => error instanceof LocalNodeError && /state\.json/.test(error.message),
    );
  });

  it('records deployments by chain and refuses a damaged record', async () => {
    const chain = await openChain(build);
    const address = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';
    assert.deepEqual(await readDeployment(build, chain.rpc), { chainId: 31337 });
    await updateDeployment(build, chain.rpc, { registry: { address } });
    await updateDeployment(build, chain.rpc, { attestations: { address } });
    assert.deepEqual(await readDeployment(build, chain.rpc), {
      chainId: 31337,
      registry: { address },
      attestations: { address },
    });
    const elsewhere = { ...chain.rpc, chainId: 1, genesisHash: `0x${'1'.repeat(64)}` };
    assert.deepEqual(await readDeployment(build, elsewhere), { chainId: 1 });
    await writeFile(join(build, 'deployment.json'), '{"format":"zkinfer-deployment","version":1,"chains":{"0x1":{}}}');
    await assert.rejects(readDeployment(build, chain.rpc), RecordError);
    await chain.close();
  });
});
