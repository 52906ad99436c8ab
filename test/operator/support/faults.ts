/**
 * An operator under fire, with real processes and a real chain: killed again and again, its RPC losing a third of all
 * calls, blocks reorganized away, provers stopped, Redis restarted. What counts in the end is read from the chain.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ZeroAddress } from 'ethers';
import { type Sender, sendOnce } from '../../../src/chain/index.js';
import { cancelRequest, readBalance, readEvents, readOperator, readRequest } from '../../../src/ledger/index.js';
import { seededRandom, startFaultProxy } from '../../chain/fault-proxy.js';
import type { FixtureBuild } from './builds.js';
import { addStake, ETHER, openWorld } from './world.js';

export interface FaultPlan {
  readonly requests: number;
  /** SIGKILLs of the operator, at random points of starting and working. */
  readonly kills: number;
  /** Reorganizations of 3 blocks. */
  readonly reorgs: number;
  /** Prover processes that are stopped and never answer again. */
  readonly hangs: number;
  /** With a Redis: times it is killed and started again, empty. */
  readonly redisRestarts?: number;
  readonly seed: number;
  readonly say?: (text: string) => void;
}

export interface FaultReport {
  readonly requests: number;
  readonly accepted: number;
  /** Cancelled, and the fee given back. */
  readonly refunded: number;
  /** Neither accepted nor refunded. */
  readonly lost: number;
  /** Requests with more than one accepted answer, or more than one answer of the operator. */
  readonly twice: number;
  readonly slashed: number;
  readonly kills: number;
  readonly reorgs: number;
  readonly hangs: number;
  /** Prover processes that were given up and replaced. */
  readonly replaced: number;
  readonly redisRestarts: number;
  /** JSON-RPC calls of the operator, and how many of them were broken. */
  readonly calls: number;
  readonly broken: number;
  /** The operator's transactions that were mined, and that reverted. */
  readonly transactions: number;
  readonly reverted: number;
  /** Whether the market's ether equals stakes, balances and royalties at the end. */
  readonly balanced: boolean;
  readonly seconds: number;
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const OPERATOR = fileURLToPath(new URL('./operator-process.ts', import.meta.url));
const SETTLE_MS = 180_000;
const JOB_TIMEOUT_MS = 2_000;
/** Longest start of an operator on a machine that does much else. */
const START_MS = 120_000;
const UNANSWERABLE_EVERY = 10;

/** Runs the plan. Throws only where the harness itself fails; what the operator did wrong is in the report. */
export async function runFaults(build: FixtureBuild, plan: FaultPlan): Promise<FaultReport> {
  const say = plan.say ?? (() => undefined);
  const random = seededRandom(plan.seed);
  const start = performance.now();
  const folder = await mkdtemp(join(tmpdir(), 'zkinfer-faults-'));
  const inputs = join(folder, 'inputs');
  const world = await openWorld(build, { challengeWindow: 4 });
  const { rpc, market } = world;
  const operator = world.account(0);
  const asker: Sender = { ...world.account(1), confirmations: 4 };
  await addStake(world, operator, 50n * ETHER);
  let calls = 0;
  let broken = 0;
  const proxy = await startFaultProxy(world.anvil.url, () => {
    calls += 1;
    const luck = random();
    if (luck >= 1 / 3) return 'none';
    broken += 1;
    return luck < 1 / 6 ? 'drop' : 'loseAnswer';
  });
  const redis = plan.redisRestarts === undefined ? undefined : await startRedis(folder);
  const children = new Set<ChildProcess>();
  let replaced = 0;
  const run = (settings: object): ChildProcess => {
    const child = spawn(process.execPath, ['--import', 'tsx', OPERATOR, JSON.stringify(settings)], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    children.add(child);
    child.once('exit', () => children.delete(child));
    child.stderr!.on('data', (text: Buffer) => {
      replaced += text.toString().split('"msg":"a prover process is replaced"').length - 1;
      if (process.env.ZKINFER_TEST_LOG) process.stderr.write(text);
    });
    return child;
  };
  const work = {
    builds: [build.folder],
    backend: 'auto',
    processes: 1,
    jobTimeoutMs: JOB_TIMEOUT_MS,
    ...(redis ? { redis: redis.url } : {}),
  };
  const startOperator = (): ChildProcess =>
    run({
      ...work,
      rpc: proxy.url,
      market,
      data: join(folder, 'data'),
      inputs: { folder: inputs },
      policy: { minProfit: String(ETHER / 1_000n), capacity: 12 },
      fromBlock: 0,
      confirmations: 1,
      reorgDepth: 6,
      pollMs: 100,
      direct: false,
      watches: 'paid',
    });
  let killed = 0;
  let reorged = 0;
  let hung = 0;
  let owedHangs = 0;
  let restarted = 0;
  let child = startOperator();
  const workers = redis ? [run({ ...work, worker: true }), run({ ...work, worker: true })] : [];
  try {
    await world.rpc.provider.send('evm_setIntervalMining', [1]);
    const asked: Promise<bigint>[] = [];
    const askOne = (): void => {
      const n = asked.length;
      // One in ten pays less than its gas: nobody answers it, and the asker takes the fee back.
      const fee = n % UNANSWERABLE_EVERY === UNANSWERABLE_EVERY - 1 ? 1n : ETHER / 10n;
      asked.push(
        world
          .ask(inputs, asker, { mode: n % 3 === 2 ? 'optimistic' : 'proved', fee, window: 1_800, open: 3_000 })
          .then(({ requestId }) => requestId),
      );
    };
    const rounds = Math.max(plan.kills, plan.reorgs, plan.hangs, 1);
    const due = (total: number, round: number): boolean =>
      Math.floor((total * (round + 1)) / rounds) > Math.floor((total * round) / rounds);
    for (let round = 0; round < rounds; round++) {
      const askAll = (): void => {
        while (asked.length < Math.ceil((plan.requests * (round + 1)) / rounds)) askOne();
      };
      if (due(plan.hangs, round)) owedHangs += 1;
      if (owedHangs === 0) askAll();
      // One kill in four falls into the start; the others, somewhere in the work.
      if (round % 4 === 3) await sleep(1_500 * random());
      else {
        const spawned = Date.now();
        await said(child, 'watching');
        // On a slow machine it starts slowly and works slowly: it lives as long as it took to start, on average.
        await sleep(Math.max(2_000, 2 * (Date.now() - spawned)) * random());
      }
      // Where no prover is there to be stopped, since it is just starting, the next round stops one. It gets the
      // round's requests, and time to be missed: a kill soon after would hide it.
      if (owedHangs > 0 && stopProver(workers[0] ?? child)) {
        owedHangs -= 1;
        hung += 1;
        askAll();
        await sleep(2 * JOB_TIMEOUT_MS);
      }
      askAll();
      if (due(plan.reorgs, round)) {
        await rpc.provider.send('anvil_reorg', [3, []]);
        reorged += 1;
      }
      if (redis && due(plan.redisRestarts!, round)) {
        await redis.restart();
        restarted += 1;
      }
      if (due(plan.kills, round)) {
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await gone;
        killed += 1;
        child = startOperator();
        say(
          `round ${round + 1}/${rounds}: ${killed} kills, ${reorged} reorganizations, ${asked.length} requests asked`,
        );
      }
    }
    const ids = await Promise.all(asked);
    const settled = await settle(world, asker, ids);
    const stopped = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    child.kill('SIGTERM');
    await stopped;
    return {
      ...settled,
      ...(await count(world, ids, operator.signer.address)),
      requests: ids.length,
      kills: killed,
      reorgs: reorged,
      hangs: hung,
      replaced,
      redisRestarts: restarted,
      calls,
      broken,
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    for (const one of children) one.kill('SIGKILL');
    await redis?.stop();
    await proxy.close();
    await world.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Waits until every request came to its end; the asker cancels what nobody takes. */
async function settle(
  world: Awaited<ReturnType<typeof openWorld>>,
  asker: Sender,
  ids: readonly bigint[],
): Promise<Pick<FaultReport, 'accepted' | 'refunded' | 'lost'>> {
  const end = Date.now() + SETTLE_MS;
  for (;;) {
    const requests = await Promise.all(ids.map((id) => readRequest(world.rpc, world.market, id)));
    for (const { id, fee, status } of requests)
      if (fee === 1n && status === 'open')
        await sendOnce({ ...asker, confirmations: 1 }, cancelRequest(world.market, id));
    const accepted = requests.filter(({ status }) => status === 'accepted').length;
    const refunded = requests.filter(({ status }) => status === 'cancelled').length;
    if (accepted + refunded === ids.length || Date.now() > end)
      return { accepted, refunded, lost: ids.length - accepted - refunded };
    await sleep(500);
  }
}

/** What the chain says: answers, slashes, reverted transactions, money. */
async function count(world: Awaited<ReturnType<typeof openWorld>>, ids: readonly bigint[], operator: string) {
  const { rpc, market } = world;
  const head = await rpc.provider.getBlockNumber();
  const events = await readEvents(rpc, market, 0, head);
  const of = (id: bigint, ...names: string[]): number =>
    events.filter(({ requestId, name }) => requestId === id && names.includes(name)).length;
  const twice = ids.filter((id) => of(id, 'Accepted') > 1 || of(id, 'Answered', 'Proved') > 1).length;
  let transactions = 0;
  let reverted = 0;
  for (let number = 0; number <= head; number++) {
    let block = await rpc.provider.getBlock(number, true);
    // On a machine that does much else, anvil has been seen to count a block before it gives it out.
    for (let tries = 0; block === null && tries < 50; tries++) {
      await sleep(100);
      block = await rpc.provider.getBlock(number, true);
    }
    for (const transaction of block!.prefetchedTransactions.filter(
      ({ from, to }) => from === operator && to === market,
    )) {
      transactions += 1;
      if ((await rpc.provider.getTransactionReceipt(transaction.hash))!.status !== 1) reverted += 1;
    }
  }
  const accounts = [0, 1].map((index) => world.account(index).signer.address);
  const balances = await Promise.all(accounts.map((account) => readBalance(rpc, market, account, ZeroAddress)));
  const stakes = await Promise.all(accounts.map((account) => readOperator(rpc, market, account)));
  const requests = await Promise.all(ids.map((id) => readRequest(rpc, market, id)));
  const royalties = requests
    .filter(({ status }) => status === 'accepted')
    .reduce((sum, { fee, operatorBps }) => sum + fee - (fee * BigInt(operatorBps)) / 10_000n, 0n);
  const owed =
    balances.reduce((sum, amount) => sum + amount, 0n) +
    stakes.reduce((sum, { stake, unbonding }) => sum + stake + unbonding, 0n) +
    royalties;
  return {
    twice,
    slashed: events.filter(({ name }) => name === 'Slashed').length,
    transactions,
    reverted,
    balanced: (await rpc.provider.getBalance(market)) === owed,
  };
}

/** Waits for a line of the log, or the process's end. */
function said(child: ChildProcess, message: string): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      child.stderr!.off('data', look);
      resolve();
    };
    const look = (text: Buffer): void => void (text.toString().includes(`"msg":"${message}"`) && done());
    child.stderr!.on('data', look);
    child.once('exit', done);
    setTimeout(done, START_MS).unref();
  });
}

/** Stops a prover process for good, as a machine that hangs does. */
function stopProver(parent: ChildProcess): boolean {
  try {
    const pids = execFileSync('pgrep', ['-P', String(parent.pid), '-f', 'prover-process'], { encoding: 'utf8' })
      .trim()
      .split('\n');
    process.kill(Number(pids[0]), 'SIGSTOP');
    stoppedProvers.push(Number(pids[0]));
    return true;
  } catch {
    return false; // It was just being replaced.
  }
}

/** A stopped process whose parent is killed cannot notice it; it would stay for ever. */
const stoppedProvers: number[] = [];
process.on('exit', () => {
  for (const pid of stoppedProvers) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone.
    }
  }
});

export function hasRedis(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export interface RedisServer {
  readonly url: string;
  /** Kills it and starts it again, without what it held. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A Redis that keeps nothing, on a Unix socket's neighbour: a port of its own. */
export async function startRedis(folder: string): Promise<RedisServer> {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const start = async (): Promise<ChildProcess> => {
    const child = spawn(
      'redis-server',
      ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    await new Promise<void>((resolve, reject) => {
      child.stdout!.on('data', (text: Buffer) => text.toString().includes('Ready to accept connections') && resolve());
      child.once('exit', () => reject(new Error('redis-server did not start')));
    });
    return child;
  };
  let child = await start();
  const stop = async (): Promise<void> => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    async restart() {
      await stop();
      await sleep(300);
      child = await start();
    },
    stop,
  };
}
