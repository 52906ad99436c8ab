import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { keccak256, ZeroAddress } from 'ethers';
import { sendOnce } from '../../src/chain/index.js';
import {
  answerOptimisticRequest,
  ask,
  disputeRequest,
  type MarketRequest,
  readBalance,
  readOperator,
  readRequest,
  slashRequest,
  takeRequest,
} from '../../src/ledger/index.js';
import {
  type NodeSettings,
  openLog,
  OperatorRunningError,
  type OperatorNode,
  startNode,
  storeInput,
} from '../../src/operator/index.js';
import { openJournal } from '../../src/operator/journal.js';
import { fixtureBuild } from './support/builds.js';
import { addStake, ETHER, openWorld, TEST_MARKET, type World } from './support/world.js';

describe('an operator on a real chain', () => {
  let world: World;
  let folder: string;
  let inputs: string;
  let node: OperatorNode;
  const ASKER = 1;
  /** The node signs with anvil's first account, as every command does on a local chain. */
  const NODE = 0;
  const RIVAL = 2;

  const settings = (over: Partial<NodeSettings> = {}): NodeSettings => ({
    rpc: world.anvil.url,
    market: world.market,
    builds: [world.build.folder],
    data: join(folder, 'data'),
    inputs: { folder: inputs },
    policy: { minProfit: 0n, tokens: new Map(), maxBond: ETHER, capacity: 8 },
    backend: 'auto',
    processes: 1,
    jobTimeoutMs: 30_000,
    fromBlock: 0,
    confirmations: 1,
    reorgDepth: 4,
    pollMs: 50,
    direct: true,
    watches: 'paid',
    listen: { host: '127.0.0.1', port: 0 },
    log: openLog(process.env.ZKINFER_TEST_LOG ?? 'silent'),
    ...over,
  });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'zkinfer-operator-'));
    inputs = join(folder, 'inputs');
    world = await openWorld(await fixtureBuild('tabular'));
    await addStake(world, world.account(NODE), 2n * ETHER);
    await addStake(world, world.account(RIVAL), 2n * ETHER);
    node = await startNode(settings());
  });

  after(async () => {
    await node?.stop(5_000);
    await world?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function until(id: bigint, done: (request: MarketRequest) => boolean): Promise<MarketRequest> {
    for (let look = 0; look < 400; look++) {
      const request = await readRequest(world.rpc, world.market, id);
      if (done(request)) return request;
      await sleep(50);
    }
    const { status } = await readRequest(world.rpc, world.market, id);
    assert.fail(`request ${id} stayed ${status}`);
  }

  it('answers a proved request with a proof that the contract accepts, and is paid its part', async () => {
    const before = await readBalance(world.rpc, world.market, node.address, ZeroAddress);
    const { requestId, output } = await world.ask(inputs, world.account(ASKER));
    const request = await until(requestId, ({ status }) => status === 'accepted');
    assert.equal(request.operator, node.address);
    assert.equal(request.outputHash, keccak256(output));
    assert.equal(
      (await readBalance(world.rpc, world.market, node.address, ZeroAddress)) - before,
      (request.fee * 7n) / 10n,
    );
  });

  it('answers an optimistic request without a proof, and finalizes it when nobody disputed', async () => {
    const { requestId, output } = await world.ask(inputs, world.account(ASKER), { mode: 'optimistic' });
    const answered = await until(requestId, ({ status }) => status === 'answered');
    assert.equal(answered.outputHash, keccak256(output));
    await world.pass(TEST_MARKET.challengeWindow + 1);
    await until(requestId, ({ status }) => status === 'accepted');
    assert.equal((await readOperator(world.rpc, world.market, node.address)).locked, 0n);
  });

  it('proves its answer when somebody disputes it, and wins the bond', async () => {
    const { requestId } = await world.ask(inputs, world.account(ASKER), { mode: 'optimistic' });
    const answered = await until(requestId, ({ status }) => status === 'answered');
    const before = await readBalance(world.rpc, world.market, node.address, ZeroAddress);
    await sendOnce(
      world.account(RIVAL),
      disputeRequest(world.market, requestId, answered.outputHash, TEST_MARKET.challengeBond),
    );
    const request = await until(requestId, ({ status }) => status === 'accepted');
    const gained = (await readBalance(world.rpc, world.market, node.address, ZeroAddress)) - before;
    assert.equal(gained, TEST_MARKET.challengeBond + (request.fee * 7n) / 10n);
  });

  it("computes another operator's wrong answer again where it is the watcher, disputes it, and is paid of the bond", async () => {
    const rival = world.account(RIVAL);
    // Too cheap for the node, so that the rival has it to himself.
    const { requestId, output } = await world.ask(inputs, world.account(ASKER), {
      mode: 'optimistic',
      fee: 1n,
      watcher: node.address,
    });
    await sendOnce(rival, takeRequest(world.market, requestId, 'once'));
    const wrong = `0x${'11'.repeat((output.length - 2) / 2)}`;
    await sendOnce(rival, answerOptimisticRequest(world.market, requestId, wrong, 'once'));
    const disputed = await until(requestId, ({ status }) => status === 'disputed');
    assert.equal(disputed.challenger, node.address);
    const before = await readBalance(world.rpc, world.market, node.address, ZeroAddress);
    const stake = (await readOperator(world.rpc, world.market, rival.signer.address)).stake;
    await world.pass(TEST_MARKET.proveWindow + 1);
    await until(requestId, ({ status }) => status === 'open');
    assert.equal((await readOperator(world.rpc, world.market, rival.signer.address)).stake, stake - disputed.bond);
    assert.equal(
      (await readBalance(world.rpc, world.market, node.address, ZeroAddress)) - before,
      disputed.bond / 2n + TEST_MARKET.challengeBond,
    );
  });

  it('leaves a right answer of another operator alone', async () => {
    const rival = world.account(RIVAL);
    const { requestId, output } = await world.ask(inputs, world.account(ASKER), {
      mode: 'optimistic',
      fee: 1n,
      watcher: node.address,
    });
    await sendOnce(rival, takeRequest(world.market, requestId, 'once'));
    await sendOnce(rival, answerOptimisticRequest(world.market, requestId, output, 'once'));
    // A request that came later is answered; by then this one was looked at.
    const later = await world.ask(inputs, world.account(ASKER));
    await until(later.requestId, ({ status }) => status === 'accepted');
    assert.equal((await readRequest(world.rpc, world.market, requestId)).status, 'answered');
  });

  it('answers what another took and did not answer, once that one is slashed', async () => {
    const { requestId } = await world.ask(inputs, world.account(ASKER), { fee: 1n, window: 20 });
    await sendOnce(world.account(RIVAL), takeRequest(world.market, requestId, 'once'));
    const { due } = await readRequest(world.rpc, world.market, requestId);
    const paying = await world.ask(inputs, world.account(ASKER), { window: 20 });
    await until(paying.requestId, ({ status }) => status === 'accepted');
    await world.pass(21);
    await sendOnce(world.account(ASKER), slashRequest(world.market, requestId, due));
    assert.equal((await readRequest(world.rpc, world.market, requestId)).status, 'open');
  });

  it('refuses an input that is not the one committed to, before anything is at risk', async () => {
    const asker = world.account(ASKER);
    const right = await world.ask(inputs, asker, { fee: 1n });
    const uri = await storeInput(inputs, JSON.stringify({ input_data: [Array.from(world.build.input[0])], salt: '5' }));
    const committed = (await readRequest(world.rpc, world.market, right.requestId)).inputCommitment;
    const block = await world.rpc.provider.getBlock('latest');
    const question = {
      modelId: world.model.modelId,
      mode: 'proved' as const,
      inputCommitment: committed,
      inputUri: uri,
      fee: ETHER / 10n,
      bond: ETHER / 50n,
      deadline: block!.timestamp + 600,
      window: 60,
    };
    const { requestId } = await ask(asker, world.market, question, `wrong input ${right.requestId}`);
    const later = await world.ask(inputs, asker);
    await until(later.requestId, ({ status }) => status === 'accepted');
    assert.equal((await readRequest(world.rpc, world.market, requestId)).status, 'open');
    assert.equal((await readOperator(world.rpc, world.market, node.address)).locked, 0n);
  });

  it('does not start twice on one data folder', async () => {
    await assert.rejects(startNode(settings()), OperatorRunningError);
  });

  it('reports health and Prometheus metrics, and never the private key', async () => {
    const health = await fetch(`http://127.0.0.1:${node.port}/healthz`);
    assert.equal(health.status, 200);
    const metrics = await (await fetch(`http://127.0.0.1:${node.port}/metrics`)).text();
    assert.match(metrics, /zkinfer_transactions_total\{action="answer"\} [1-9]/);
    const secret = world.account(NODE).signer.privateKey.slice(2);
    assert.ok(!(metrics + (await health.text())).includes(secret));
    assert.equal((await fetch(`http://127.0.0.1:${node.port}/`)).status, 404);
  });

  it('replaces a prover process that hangs, and answers all the same', async () => {
    await node.stop(5_000);
    node = await startNode(settings({ jobTimeoutMs: 2_000 }));
    const [hung] = node.proverPids;
    process.kill(hung, 'SIGSTOP');
    const { requestId } = await world.ask(inputs, world.account(ASKER));
    await until(requestId, ({ status }) => status === 'accepted');
    assert.ok(!node.proverPids.includes(hung));
  });

  it('closes a duty by its depth in the chain, though it is restarted in between', async () => {
    const { requestId } = await world.ask(inputs, world.account(ASKER));
    await until(requestId, ({ status }) => status === 'accepted');
    await node.stop(5_000);
    const journal = join(folder, 'data', 'operator.jsonl');
    const open = async (): Promise<boolean> =>
      (await readFile(journal, 'utf8'))
        .split('\n')
        .filter((line) => line.includes(`"id":"${requestId}"`))
        .at(-1)!
        .includes('"open"');
    assert.ok(await open());
    await world.rpc.provider.send('anvil_mine', ['0x4']);
    node = await startNode(settings({ jobTimeoutMs: 2_000 }));
    for (let look = 0; (await open()) && look < 200; look++) await sleep(50);
    assert.ok(!(await open()));
  });

  it('withdraws what it earned from the balance on that it was told', async () => {
    const { rpc, market } = world;
    const earned = async (): Promise<bigint> => await readBalance(rpc, market, node.address, ZeroAddress);
    const before = await earned();
    assert.ok(before > 0n);
    await node.stop(5_000);
    node = await startNode(settings({ withdrawAbove: before + 1n }));
    const { requestId } = await world.ask(inputs, world.account(ASKER));
    await until(requestId, ({ status }) => status === 'accepted');
    assert.ok((await earned()) > before);
    const ether = await rpc.provider.getBalance(node.address);
    await rpc.provider.send('anvil_mine', ['0x32']);
    for (let look = 0; (await earned()) > 0n && look < 200; look++) await sleep(50);
    assert.equal(await earned(), 0n);
    assert.ok((await rpc.provider.getBalance(node.address)) > ether);
  });

  it('owes nothing to a request that a reorganization put under the number of a promised one', async () => {
    await node.stop(5_000);
    const cheap = await world.ask(inputs, world.account(ASKER), { fee: 1n });
    const path = join(folder, 'data', 'operator.jsonl');
    const identity = { genesis: world.rpc.genesisHash, market: world.market, operator: node.address };
    const journal = await openJournal(path, identity);
    await journal.begin({ id: cheap.requestId, role: 'operator', uri: 'sha256:gone', terms: 'of another request' });
    await journal.close();
    node = await startNode(
      settings({ direct: false, policy: { minProfit: 1n, tokens: new Map(), maxBond: ETHER, capacity: 8 } }),
    );
    const paying = await world.ask(inputs, world.account(ASKER));
    await until(paying.requestId, ({ status }) => status === 'accepted');
    assert.equal((await readRequest(world.rpc, world.market, cheap.requestId)).status, 'open');
    assert.match(await readFile(path, 'utf8'), new RegExp(`"close","id":"${cheap.requestId}","outcome":"gone"`));
  });

  it('answers what it took before it stops, and takes nothing new', async () => {
    await node.stop(5_000);
    node = await startNode(settings({ direct: false }));
    const { requestId } = await world.ask(inputs, world.account(ASKER));
    await until(requestId, ({ status }) => status === 'taken' || status === 'accepted');
    await node.stop(10_000);
    assert.equal((await readRequest(world.rpc, world.market, requestId)).status, 'accepted');
    const after = await world.ask(inputs, world.account(ASKER));
    await sleep(300);
    assert.equal((await readRequest(world.rpc, world.market, after.requestId)).status, 'open');
    node = await startNode(settings());
    await until(after.requestId, ({ status }) => status === 'accepted');
  });
});
