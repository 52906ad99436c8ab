/**
 * The queue of an operator with several proving machines: BullMQ on Redis. The operator adds jobs and waits; each
 * machine runs `serveRedisQueue`. A machine that dies loses its lock, and its job goes to another.
 *
 * The traps: Redis may come back from a restart without the jobs, and sends no event about it, so the operator polls
 * its jobs and adds those again that are gone. And jobs hold inputs with their salts: the Redis must be the operator's
 * own, with a password and TLS where it is not on the same machine.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { ProverFailedError } from './errors.js';
import type { Job, JobResult, ProofQueue } from './jobs.js';
import type { ProverPool } from './prover-pool.js';

const QUEUE = 'zkinfer-proofs';
const LOOK_MS = 100;
/** Longest that Redis or every worker may be silent before the job counts as failed; the operator then tries again. */
const PATIENCE_MS = 120_000;
/** A worker renews its lock twice in this time, or loses the job. */
const LOCK_MS = 10_000;

function connection(url: string): Redis {
  // Without limits: commands wait while Redis is away, which BullMQ's workers require and a restart needs.
  const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: (times) => Math.min(100 * times, 1_000) });
  redis.on('error', () => undefined); // Seen as silence by those who wait; ioredis reconnects by itself.
  return redis;
}

/** The operator's side. Its results stay in Redis for an hour at most. */
export function redisQueue(url: string): ProofQueue {
  const redis = connection(url);
  const queue = new Queue<Job, JobResult>(QUEUE, { connection: redis });
  queue.on('error', () => undefined);
  const waiting = new Map<string, Promise<JobResult>>();
  let closed = false;

  async function wait(job: Job, urgent: boolean): Promise<JobResult> {
    const options = {
      jobId: job.id.replaceAll(':', '-'),
      priority: urgent ? 1 : 2,
      attempts: 3,
      removeOnComplete: { age: 3_600 },
      removeOnFail: true,
    };
    const deadline = Date.now() + PATIENCE_MS;
    while (!closed) {
      const found = await inTime(queue.getJob(options.jobId));
      const state = found === undefined ? 'gone' : await inTime(found.getState());
      if (state === 'completed') return (await inTime(queue.getJob(options.jobId)))!.returnvalue;
      if (found === undefined || state === 'unknown') await inTime(queue.add(job.kind, job, options));
      if (Date.now() > deadline)
        throw new ProverFailedError(`no worker finished the job ${job.id} within ${PATIENCE_MS / 1000} s`);
      await sleep(LOOK_MS);
    }
    throw new ProverFailedError(`the queue was closed before the job ${job.id} was done`);
  }

  async function inTime<T>(work: Promise<T>): Promise<T> {
    const controller = new AbortController();
    const late = sleep(PATIENCE_MS, undefined, { signal: controller.signal, ref: false }).then(() => {
      throw new ProverFailedError('Redis does not answer; check that it runs');
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      controller.abort();
      late.catch(() => undefined);
    }
  }

  return {
    run(job, urgent = false) {
      const known = waiting.get(job.id);
      if (known !== undefined) return known;
      const result = wait(job, urgent).finally(() => waiting.delete(job.id));
      waiting.set(job.id, result);
      return result;
    },
    get size() {
      return waiting.size;
    },
    async close() {
      closed = true;
      redis.disconnect();
      await queue.close().catch(() => undefined);
    },
  };
}

/** A proving machine's side: takes jobs until closed. `close` lets jobs at work finish. */
export function serveRedisQueue(url: string, pool: ProverPool, processes: number): { close(): Promise<void> } {
  const redis = connection(url);
  const worker = new Worker<Job, JobResult>(QUEUE, ({ data }) => pool.run(data), {
    connection: redis,
    concurrency: processes,
    lockDuration: LOCK_MS,
    stalledInterval: LOCK_MS / 2,
    maxStalledCount: 5,
  });
  worker.on('error', () => undefined);
  return {
    async close() {
      await worker.close();
      await pool.close();
      redis.disconnect();
    },
  };
}
