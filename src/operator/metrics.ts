/** What an operator counts, in Prometheus's text format. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    requests: new Counter({
      name: 'zkinfer_requests_total',
      help: 'Requests by what became of them here',
      labelNames: ['outcome'] as const,
      registers,
    }),
    transactions: new Counter({
      name: 'zkinfer_transactions_total',
      help: 'Transactions mined, by what they do',
      labelNames: ['action'] as const,
      registers,
    }),
    failures: new Counter({
      name: 'zkinfer_failures_total',
      help: 'Steps that failed and are tried again, by error',
      labelNames: ['error'] as const,
      registers,
    }),
    replaced: new Counter({
      name: 'zkinfer_prover_replacements_total',
      help: 'Prover processes that hung, died or failed',
      registers,
    }),
    jobs: new Histogram({
      name: 'zkinfer_job_seconds',
      help: 'Time of a job from queue to result',
      labelNames: ['kind'] as const,
      buckets: [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60],
      registers,
    }),
    duties: new Gauge({ name: 'zkinfer_duties', help: 'Requests at work', registers }),
    queue: new Gauge({ name: 'zkinfer_queue_jobs', help: 'Jobs waiting or running', registers }),
    head: new Gauge({ name: 'zkinfer_head_block', help: 'Newest block seen', registers }),
    balance: new Gauge({
      name: 'zkinfer_market_balance_wei',
      help: "Ether to be withdrawn from the market's balance",
      registers,
    }),
    freeStake: new Gauge({ name: 'zkinfer_free_stake_wei', help: 'Stake that is not locked', registers }),
  };
}
export type Metrics = ReturnType<typeof createMetrics>;
