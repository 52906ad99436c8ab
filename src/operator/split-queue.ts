/**
 * Outputs computed on this machine, proofs made on others. A wrong proof is found by verifying it; a wrong output only
 * by computing it again, and an answer without proof is a bond at risk. So outputs are never taken from a shared queue.
 */
import type { ProofQueue } from './jobs.js';

export function splitQueue(computes: ProofQueue, proves: ProofQueue): ProofQueue {
  return {
    run: (job, urgent) => (job.kind === 'compute' ? computes : proves).run(job, urgent),
    get size() {
      return computes.size + proves.size;
    },
    async close() {
      await Promise.all([computes.close(), proves.close()]);
    },
  };
}
