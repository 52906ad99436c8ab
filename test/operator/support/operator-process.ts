/**
 * An operator, or a proving machine of one, as a process of its own: what `zkinfer operator` runs, without the rest of
 * the command line.
 */
import { type NodeSettings, openLog, startNode, startWorker } from '../../../src/operator/index.js';

const { worker, policy, ...rest } = JSON.parse(process.argv[2]) as Omit<NodeSettings, 'log' | 'policy'> & {
  worker?: boolean;
  policy: { minProfit: string; capacity: number };
};
// Does not outlive a test that is killed.
process.once('disconnect', () => process.exit(1));
const log = openLog('info');
if (worker) {
  await startWorker({ ...rest, redis: rest.redis!, log });
  setInterval(() => undefined, 60_000);
} else {
  const node = await startNode({
    ...rest,
    log,
    policy: { minProfit: BigInt(policy.minProfit), capacity: policy.capacity, maxBond: 10n ** 18n, tokens: new Map() },
  });
  process.once('SIGTERM', () => void node.stop(30_000).then(() => process.exit(0)));
}
