/** An operator from its settings: everything opened in the order it needs, and closed again. */
import { join } from 'node:path';
import { makeFolder } from '../atomic-file.js';
import { pino, type Logger } from 'pino';
import { connect, requireCode, resolveSigner, type Sender } from '../chain/index.js';
import type { RetryPolicy } from '../chain/json-rpc.js';
import { type BackendChoice, chooseBackend } from '../groth16/backends.js';
import { serveStatus } from './http.js';
import { openJournal } from './journal.js';
import { openKeptInputs } from './kept-inputs.js';
import { localQueue } from './local-queue.js';
import { createMetrics } from './metrics.js';
import { startOperator, type OperatorOptions } from './operator.js';
import { ownFolder } from './ownership.js';
import { startProverPool, type ProverPool } from './prover-pool.js';
import { serveModels } from './served-models.js';
import { splitQueue } from './split-queue.js';
import { transactionStore } from './transaction-store.js';

export interface NodeSettings extends Omit<
  OperatorOptions,
  'sender' | 'models' | 'queue' | 'verify' | 'journal' | 'kept' | 'metrics'
> {
  readonly rpc: string;
  readonly retry?: Partial<RetryPolicy>;
  /** Build folders to serve. */
  readonly builds: readonly string[];
  /**
   * Folder for the journal, the transactions, the inputs of promised requests and, by default, the place where inputs
   * are looked for.
   */
  readonly data: string;
  readonly backend: BackendChoice;
  readonly processes: number;
  readonly jobTimeoutMs: number;
  /** With it, jobs go to the machines that run `zkinfer operator worker`. */
  readonly redis?: string;
  readonly listen?: { readonly host: string; readonly port: number };
}

export interface OperatorNode {
  readonly address: string;
  /** Of the status server; undefined without one. */
  readonly port: number | undefined;
  /** Of the prover processes on this machine. */
  readonly proverPids: readonly number[];
  readonly done: Promise<void>;
  /** Ends in an orderly way. */
  stop(graceMs: number): Promise<void>;
}

/** JSON lines, by default on standard error; what might hold a key or an input is cut out, whoever logs it. */
export function openLog(
  level: string,
  destination: { write(line: string): void } = pino.destination({ dest: 2, sync: true }),
): Logger {
  return pino(
    {
      level,
      base: undefined,
      redact: {
        paths: ['*.privateKey', '*.password', '*.document', '*.salt', 'privateKey', 'password', 'document', 'salt'],
        remove: true,
      },
    },
    destination,
  );
}

/**
 * @throws OperatorRunningError, SignerError, NotDeployedError, ProverFailedError, RpcUnreachableError,
 *   UnservableBuildError
 */
export async function startNode(settings: NodeSettings): Promise<OperatorNode> {
  const { data, log, builds } = settings;
  await makeFolder(join(data, 'transactions'));
  const closers: (() => Promise<unknown>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse())
      await close().catch((error: unknown) => log.warn({ message: (error as Error).message }, 'not closed'));
  };
  try {
    closers.push(await ownFolder(data));
    const rpc = await connect(settings.rpc, { retry: settings.retry });
    closers.push(async () => rpc.provider.destroy());
    const signer = await resolveSigner(rpc.chainId);
    await requireCode({ rpc }, settings.market, 'market');
    const sender: Sender = { rpc, signer, journal: transactionStore(join(data, 'transactions')), timeoutMs: 30_000 };
    const metrics = createMetrics();
    const [models, pool] = await Promise.all([
      serveModels(rpc, builds),
      startPool(settings, settings.redis === undefined, () => metrics.replaced.inc()),
    ]);
    const own = localQueue(pool, settings.processes);
    const queue =
      settings.redis === undefined ? own : splitQueue(own, (await redisModule()).redisQueue(settings.redis));
    closers.push(() => queue.close());
    const journal = await openJournal(join(data, 'operator.jsonl'), {
      genesis: rpc.genesisHash,
      market: settings.market,
      operator: signer.address,
    });
    closers.push(() => journal.close());
    const kept = await openKeptInputs(join(data, 'kept'), journal.duties.values());
    const { verify } = chooseBackend(settings.backend, (text) => log.warn(text));
    const operator = await startOperator({ ...settings, sender, models, queue, verify, journal, kept, metrics });
    const status =
      settings.listen === undefined
        ? undefined
        : await serveStatus(settings.listen.host, settings.listen.port, metrics, operator.health);
    if (status !== undefined) closers.push(() => status.close());
    return {
      address: signer.address,
      port: status?.port,
      get proverPids() {
        return pool.pids;
      },
      done: operator.done,
      async stop(graceMs) {
        await operator.stop(graceMs);
        await closeAll();
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

export type WorkerSettings = Pick<NodeSettings, 'builds' | 'backend' | 'processes' | 'jobTimeoutMs' | 'log'> & {
  readonly redis: string;
};

/** A proving machine of an operator that uses Redis. */
export async function startWorker(settings: WorkerSettings): Promise<{ close(): Promise<void> }> {
  const [pool, { serveRedisQueue }] = await Promise.all([startPool(settings, true, () => undefined), redisModule()]);
  return serveRedisQueue(settings.redis, pool, settings.processes);
}

/** Loaded by those who use it: it is a large library, and an operator must be back soon after a crash. */
const redisModule = () => import('./redis-queue.js');

function startPool(
  { builds, backend, processes, jobTimeoutMs, log }: Omit<WorkerSettings, 'redis'>,
  proves: boolean,
  onReplaced: () => void,
): Promise<ProverPool> {
  return startProverPool({
    folders: builds,
    backend,
    proves,
    processes,
    jobTimeoutMs,
    onReplaced: (reason) => {
      onReplaced();
      log.warn({ reason }, 'a prover process is replaced');
    },
    onNotice: (text) => log.warn(text),
  });
}
