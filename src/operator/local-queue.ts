/** The queue of an operator that proves on its own machine: in memory, before its prover processes. */
import PQueue from 'p-queue';
import type { JobResult, ProofQueue } from './jobs.js';
import type { ProverPool } from './prover-pool.js';

/**
 * `processes`: jobs at work at a time. Nothing is kept: after a restart the operator asks again for what it still
 * needs.
 */
export function localQueue(pool: ProverPool, processes: number): ProofQueue {
  const queue = new PQueue({ concurrency: processes });
  const known = new Map<string, Promise<JobResult>>();
  return {
    run(job, urgent = false) {
      const same = known.get(job.id);
      if (same !== undefined) return same;
      const result = queue.add(() => pool.run(job), { priority: urgent ? 1 : 0 }).finally(() => known.delete(job.id));
      known.set(job.id, result);
      return result;
    },
    get size() {
      return queue.size + queue.pending;
    },
    async close() {
      queue.clear();
      await pool.close();
    },
  };
}
