import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { keccak256 } from 'ethers';
import { developmentSigner, sendOnce } from '../../src/chain/index.js';
import {
  answerOptimisticRequest,
  ask,
  disputeRequest,
  type MarketRequest,
  readEvents,
  readOperator,
  readRequest,
  takeRequest,
} from '../../src/ledger/index.js';
import { chooseBackend } from '../../src/groth16/backends.js';
import {
  type NodeSettings,
  openLog,
  type OperatorNode,
  startNode,
  storeInput,
  UnservableBuildError,
} from '../../src/operator/index.js';
import type { ProofQueue } from '../../src/operator/jobs.js';
import { openJournal } from '../../src/operator/journal.js';
import { openKeptInputs } from '../../src/operator/kept-inputs.js';
import { localQueue } from '../../src/operator/local-queue.js';
import { createMetrics } from '../../src/operator/metrics.js';
import { startOperator } from '../../src/operator/operator.js';
import { startProverPool } from '../../src/operator/prover-pool.js';
import { serveModels } from '../../src/operator/served-models.js';
import { splitQueue } from '../../src/operator/split-queue.js';
import { transactionStore } from '../../src/operator/transaction-store.js';
import { fixtureBuild, type FixtureBuild } from './support/builds.js';
import { type InputServer, startInputServer } from './support/input-server.js';
import { addStake, ETHER, openWorld, TEST_MARKET, type World } from './support/world.js';

const ASKER = 1;
const OTHER_ACCOUNT = 2;
/** The node signs with anvil's first account unless the environment names another. */
const NODE = 0;
const SECOND_NODE = 3;

let world: World;
let folder: string;
let inputs: string;
let nodes: OperatorNode[];
let servers: InputServer[];

async function openPlace(build: Promise<FixtureBuild>): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'zkinfer-attacks-'));
  inputs = join(folder, 'inputs');
  await mkdir(inputs);
  [nodes, servers] = [[], []];
  world = await openWorld(await build);
  await addStake(world, world.account(NODE), 2n * ETHER);
}

async function closePlace(): Promise<void> {
  for (const node of nodes) await node.stop(1_000);
  for (const server of servers) await server.close();
  await world?.close();
  await rm(folder, { recursive: true, force: true });
}

const settings = (over: Partial<NodeSettings> = {}): NodeSettings => ({
  rpc: world.anvil.url,
  market: world.market,
  builds: [world.build.folder],
  data: join(folder, 'data'),
  inputs: { folder: inputs },
  policy: { minProfit: 0n, tokens: new Map(), maxBond: ETHER, capacity: 8 },
  backend: 'auto',
  processes: 1,
  jobTimeoutMs: 60_000,
  fromBlock: 0,
  confirmations: 1,
  reorgDepth: 4,
  pollMs: 50,
  direct: true,
  watches: 'paid',
  log: openLog(process.env.ZKINFER_TEST_LOG ?? 'silent'),
  ...over,
});

async function startOne(over: Partial<NodeSettings> = {}): Promise<OperatorNode> {
  const node = await startNode(settings(over));
  nodes.push(node);
  return node;
}

async function stopOne(node: OperatorNode): Promise<void> {
  nodes.splice(nodes.indexOf(node), 1);
  await node.stop(5_000);
}

async function until(id: bigint, done: (request: MarketRequest) => boolean, what: string): Promise<MarketRequest> {
  for (let look = 0; look < 1_200; look++) {
    const request = await readRequest(world.rpc, world.market, id);
    if (done(request)) return request;
    await sleep(50);
  }
  return assert.fail(
    `request ${id} was never ${what}; it is ${(await readRequest(world.rpc, world.market, id)).status}`,
  );
}

const accepted = ({ status }: MarketRequest): boolean => status === 'accepted';
const answered = ({ status }: MarketRequest): boolean => status === 'answered';
const kept = async (): Promise<string[]> => await readdir(join(folder, 'data', 'kept')).catch(() => []);

/** Asks for an input that the asker says is at `uri`, with a commitment that is somebody's. */
async function askAt(uri: string, nonce: string, mode: 'proved' | 'optimistic' = 'proved'): Promise<bigint> {
  const asker = world.account(ASKER);
  const block = await world.rpc.provider.getBlock('latest');
  const inputCommitment = keccak256(Buffer.from(nonce)).replace(/^0x../, '0x00');
  const question = {
    modelId: world.model.modelId,
    mode,
    inputCommitment,
    inputUri: uri,
    fee: ETHER / 10n,
    bond: ETHER / 50n,
    deadline: block!.timestamp + 3_000,
    window: 600,
  };
  return (await ask(asker, world.market, question, nonce)).requestId;
}

async function slashes(): Promise<number> {
  return (await readEvents(world.rpc, world.market, 0, await world.rpc.provider.getBlockNumber())).filter(
    ({ name }) => name === 'Slashed',
  ).length;
}

describe('an asker who deletes the input after the answer', () => {
  before(() => openPlace(fixtureBuild('tabular')));
  after(closePlace);

  it('gets no bond by a dispute: the operator has the input on its own disk, after a restart too, until all is settled', async () => {
    const elsewhere = join(folder, 'elsewhere');
    const server = await startInputServer(elsewhere);
    servers.push(server);
    const from = { inputs: { folder: inputs, bases: [server.base] } };
    let node = await startOne(from);
    const { requestId } = await world.ask(elsewhere, world.account(ASKER), { mode: 'optimistic', window: 600 });
    const answer = await until(requestId, answered, 'answered');
    assert.equal(answer.operator, node.address);
    assert.equal(server.served, 1, 'fetched once, and what was computed is what was kept');
    const [file] = await kept();
    assert.equal((await stat(join(folder, 'data', 'kept', file))).mode & 0o777, 0o600);

    server.vanish();
    await rm(elsewhere, { recursive: true });
    await stopOne(node);
    await sendOnce(
      world.account(OTHER_ACCOUNT),
      disputeRequest(world.market, requestId, answer.outputHash, TEST_MARKET.challengeBond),
    );
    node = await startOne(from);
    await until(requestId, accepted, 'accepted');
    assert.equal(await slashes(), 0);
    assert.equal((await readOperator(world.rpc, world.market, node.address)).stake, 2n * ETHER);
    await world.rpc.provider.send('anvil_mine', ['0x8']);
    for (let look = 0; (await kept()).length > 0 && look < 400; look++) await sleep(50);
    assert.deepEqual(await kept(), [], 'forgotten once it is settled');
  });
});

describe('a model whose outputs are hashed', () => {
  before(() => openPlace(fixtureBuild('tabular', { outputVisibility: 'hashed' })));
  after(closePlace);

  it('has one right answer to a request: a watcher computes the same, the operator proves it after a restart, the asker opens it', async () => {
    const first = await startOne();
    process.env.ZKINFER_PRIVATE_KEY = developmentSigner(SECOND_NODE).privateKey;
    let watcher: OperatorNode;
    try {
      watcher = await startOne({
        data: join(folder, 'second'),
        policy: { minProfit: ETHER, tokens: new Map(), maxBond: ETHER, capacity: 8 },
      });
    } finally {
      delete process.env.ZKINFER_PRIVATE_KEY;
    }
    assert.notEqual(watcher.address, first.address);
    const asker = world.account(ASKER);
    const { requestId, output } = await world.ask(inputs, asker, {
      mode: 'optimistic',
      window: 600,
      watcher: watcher.address,
    });
    const answer = await until(requestId, answered, 'answered');
    assert.equal(answer.outputHash, keccak256(output), 'what the asker derives is what was answered');

    // The watcher looks at answers in order: once it has disputed a later lie, it has looked at this one.
    const lied = await world.ask(inputs, asker, { mode: 'optimistic', window: 600, fee: 1n, watcher: watcher.address });
    const liar = world.account(OTHER_ACCOUNT);
    await addStake(world, liar, ETHER);
    await sendOnce(liar, takeRequest(world.market, lied.requestId, 'once'));
    await sendOnce(liar, answerOptimisticRequest(world.market, lied.requestId, output, 'once'));
    await until(lied.requestId, ({ status }) => status === 'disputed', 'disputed');
    assert.equal(
      (await readRequest(world.rpc, world.market, requestId)).status,
      'answered',
      'a right answer is left alone',
    );

    await stopOne(first);
    await sendOnce(liar, disputeRequest(world.market, requestId, answer.outputHash, TEST_MARKET.challengeBond));
    await startOne();
    await until(requestId, accepted, 'accepted');
    assert.equal(await slashes(), 0);
  });

  it('is not served where nothing secret is there to derive their salt from', async () => {
    const { folder: build } = await fixtureBuild('tabular', { inputVisibility: 'public', outputVisibility: 'hashed' });
    await assert.rejects(startNode(settings({ data: join(folder, 'third'), builds: [build] })), UnservableBuildError);
  });
});

describe('an asker who floods an operator with what cannot be answered', () => {
  const logged: string[] = [];
  let node: OperatorNode;
  let server: InputServer;
  const PRIVATE = '424242.4242';
  const SALT = '31415926535897932384626433832795';

  const log = openLog('debug', { write: (line) => void logged.push(line) });
  const start = async (over: Partial<NodeSettings> = {}): Promise<void> => {
    node = await startOne({
      log,
      inputs: { folder: inputs, bases: [server.base] },
      policy: { minProfit: 0n, tokens: new Map(), maxBond: ETHER, capacity: 4 },
      ...over,
    });
  };

  before(async () => {
    await openPlace(fixtureBuild('tabular'));
    const slow = new Set(Array.from({ length: 40 }, (_, i) => `${keccak256(Buffer.from(`slow ${i}`)).slice(2)}.json`));
    server = await startInputServer(inputs, slow);
    servers.push(server);
    await start();
  });
  after(closePlace);

  async function isWell(asker = OTHER_ACCOUNT): Promise<void> {
    for (const mode of ['proved', 'optimistic'] as const) {
      const { requestId } = await world.ask(inputs, world.account(asker), { mode, window: 600 });
      await until(requestId, (request) => accepted(request) || answered(request), `answered in ${mode} mode`);
    }
  }

  it('stops nothing by sixteen inputs nested a hundred thousand deep, and a restart does not bring them back', async () => {
    for (let i = 0; i < 16; i++) {
      const document = `{"input_data":${'['.repeat(100_000 + i)}1${']'.repeat(100_000 + i)},"salt":"1"}`;
      await askAt(await storeInput(inputs, document), `deep ${i}`, i % 2 === 0 ? 'proved' : 'optimistic');
    }
    await isWell();
    const pids = node.proverPids;
    await stopOne(node);
    await start();
    await isWell();
    assert.equal(pids.length, node.proverPids.length);
    assert.ok(!logged.some((line) => line.includes('a prover process is replaced')), 'no prover was lost to them');
  });

  it('stops nothing by sixteen inputs within the limits that are no inputs of the model', async () => {
    const fraction = Array.from(world.build.input[0]);
    for (const [i, text] of [
      '{"input_data":[[1]],"salt":"1"}',
      '{"input_data":[[{}]],"salt":"1"}',
      '{"input_data":[],"salt":"1"}',
      'null',
      '7',
      '"text"',
      '{',
      '',
      `{"input_data":[[${fraction.map(() => PRIVATE).join()}]],"salt":"${SALT}"}`,
      `{"input_data":[[${fraction.map(() => '"a secret"').join()}]],"salt":"${SALT}"}`,
      `{"input_data":[[${fraction.join()}]]}`,
      `{"input_data":[[${fraction.join()}]],"salt":7}`,
      `{"input_data":[[${fraction.join()}]],"salt":"-1"}`,
      `{"input_data":[[${fraction.join()}]],"salt":"${'9'.repeat(78)}"}`,
      `{"input_data":[[${fraction.join()}]],"salt":"${SALT}","outputSalt":"3"}`,
      `{"input_data":${'['.repeat(60)}${']'.repeat(60)}}`,
    ].entries()) {
      await askAt(await storeInput(inputs, text), `no input ${i}`, i % 2 === 0 ? 'proved' : 'optimistic');
    }
    await isWell();
  });

  it('stops nothing by inputs that vanish, in either mode, and a restart does not bring them back', async () => {
    for (let i = 0; i < 16; i++)
      await askAt(
        `sha256:${keccak256(Buffer.from(`gone ${i}`)).slice(2)}`,
        `gone ${i}`,
        i % 2 === 0 ? 'proved' : 'optimistic',
      );
    await isWell();
    await stopOne(node);
    await start();
    await isWell();
  });

  it('holds nobody up by forty downloads that trickle', async () => {
    for (let i = 0; i < 40; i++)
      await askAt(`sha256:${keccak256(Buffer.from(`slow ${i}`)).slice(2)}`, `slow ${i}`, 'optimistic');
    const begun = Date.now();
    await isWell();
    // Forty of ten seconds each, four at a time, are a hundred.
    assert.ok(Date.now() - begun < 60_000, `an honest asker waited ${Date.now() - begun} ms`);
  });

  it('costs the operator no bond, leaves no promise open that nobody will settle, and none of its inputs in log or journal', async () => {
    await world.pass(TEST_MARKET.challengeWindow + 1);
    const journal = async (): Promise<string> => await readFile(join(folder, 'data', 'operator.jsonl'), 'utf8');
    const open = async (): Promise<number> => {
      const lines = (await journal())
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { kind: string; id?: string });
      return (
        new Set(lines.filter(({ kind }) => kind === 'open').map(({ id }) => id)).size -
        new Set(lines.filter(({ kind }) => kind === 'close').map(({ id }) => id)).size
      );
    };
    for (let look = 0; (await open()) > 0 && look < 400; look++) {
      if (look % 20 === 0) await world.rpc.provider.send('anvil_mine', ['0x4']);
      await sleep(100);
    }
    assert.equal(await open(), 0);
    assert.equal(await slashes(), 0);
    assert.equal((await readOperator(world.rpc, world.market, node.address)).locked, 0n);
    const told = logged.join('') + (await journal());
    assert.ok(told.includes('"request"'), 'the log was captured');
    for (const secret of [PRIVATE, SALT, 'a secret', world.account(NODE).signer.privateKey.slice(2)])
      assert.ok(!told.includes(secret), `'${secret}' was told`);
  });
});

describe('what a hostile environment can learn', function () {
  before(() => openPlace(fixtureBuild('tabular')));
  after(closePlace);

  it("is not the signer's key: prover processes run without it", async function () {
    if (process.platform !== 'linux') this.skip();
    process.env.ZKINFER_PRIVATE_KEY = developmentSigner(NODE).privateKey;
    process.env.ZKINFER_TEST_SECRET = 'a password of somebody';
    try {
      const node = await startOne();
      assert.ok(node.proverPids.length > 0);
      for (const pid of node.proverPids) {
        const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
        assert.match(environment, /(^|\0)PATH=/);
        assert.ok(!environment.includes(developmentSigner(NODE).privateKey.slice(2)));
        assert.ok(!environment.includes('a password of somebody'));
      }
    } finally {
      delete process.env.ZKINFER_PRIVATE_KEY;
      delete process.env.ZKINFER_TEST_SECRET;
    }
  });

  it('is a bond only as large as the policy allows', async () => {
    const dear = await world.ask(inputs, world.account(ASKER), { mode: 'optimistic', bond: ETHER + 1n, window: 600 });
    const cheap = await world.ask(inputs, world.account(ASKER), { mode: 'optimistic', window: 600 });
    await until(cheap.requestId, answered, 'answered');
    assert.equal((await readRequest(world.rpc, world.market, dear.requestId)).status, 'open');
  });
});

describe('a queue that lies', () => {
  before(() => openPlace(fixtureBuild('tabular')));
  after(closePlace);

  it('gets nothing sent and no bond lost: what it gives is verified, and asked for again', async () => {
    const log = openLog(process.env.ZKINFER_TEST_LOG ?? 'silent');
    const me = world.account(NODE);
    const { rpc, market } = world;
    const data = join(folder, 'data');
    const builds = [world.build.folder];
    const pool = await startProverPool({
      folders: builds,
      backend: 'auto',
      proves: true,
      processes: 1,
      jobTimeoutMs: 60_000,
    });
    const honest = localQueue(pool, 1);
    const told: string[] = [];
    // Of each proof first another output under a true proof, then a refusal, then the truth.
    const liar: ProofQueue = {
      async run(job, urgent) {
        told.push(job.id);
        const result = await honest.run(job, urgent);
        if (told.length % 3 === 0 || !('computed' in result)) return result;
        if (told.length % 3 === 2) return { refused: 'INPUT_RANGE' };
        const { proof, publicSignals } = result.computed.proved!;
        const output = result.computed.output.replace(/.$/, '0');
        return {
          computed: {
            ...result.computed,
            output,
            proved: {
              proof,
              publicSignals: publicSignals.map((signal, i) => (i === 0 ? String(BigInt(signal) + 1n) : signal)),
            },
          },
        };
      },
      size: 0,
      close: () => Promise.resolve(),
    };
    const journal = await openJournal(join(data, 'operator.jsonl'), {
      genesis: rpc.genesisHash,
      market,
      operator: me.signer.address,
    });
    const operator = await startOperator({
      ...settings(),
      log,
      sender: { ...me, journal: transactionStore(join(data, 'transactions')) },
      models: await serveModels(rpc, builds),
      queue: splitQueue(honest, liar),
      verify: chooseBackend('auto', () => undefined).verify,
      journal,
      kept: await openKeptInputs(join(data, 'kept'), []),
      metrics: createMetrics(),
      direct: false,
    });
    try {
      const { requestId, output } = await world.ask(inputs, world.account(ASKER), { window: 600 });
      const request = await until(requestId, accepted, 'accepted');
      assert.equal(request.outputHash, keccak256(output));
      assert.equal(told.length, 3);
      assert.equal(new Set(told).size, 3, 'a result that was wrong is not asked for by its name again');
      const sent = await rpc.provider.getTransactionCount(me.signer.address);
      await sleep(300);
      assert.equal(await rpc.provider.getTransactionCount(me.signer.address), sent);
      assert.equal(await slashes(), 0);
    } finally {
      await operator.stop(1_000);
      await journal.close();
      await pool.close();
    }
  });
});
