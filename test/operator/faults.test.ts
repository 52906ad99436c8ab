import assert from 'node:assert/strict';
import { fixtureBuild } from './support/builds.js';
import { type FaultReport, hasRedis, runFaults } from './support/faults.js';

/** The full measure (50 kills, 100 requests) is `npm run faults`. */
describe('an operator that is killed while its chain misbehaves', function () {
  function assertSound(report: FaultReport): void {
    const { lost, twice, slashed, balanced, accepted, refunded, requests } = report;
    assert.deepEqual({ lost, twice, slashed, balanced }, { lost: 0, twice: 0, slashed: 0, balanced: true });
    assert.equal(accepted + refunded, requests);
    assert.ok(report.broken / report.calls > 0.25, 'the RPC lost its calls');
  }

  it('answers every request once or leaves it to be refunded, and is never slashed', async () => {
    const report = await runFaults(await fixtureBuild('tabular'), {
      requests: 10,
      kills: 5,
      reorgs: 2,
      hangs: 1,
      seed: 1,
    });
    assertSound(report);
    assert.deepEqual([report.kills, report.reorgs, report.hangs], [5, 2, 1]);
  });

  it('does so with proving machines behind a Redis that restarts without its jobs', async function () {
    if (!hasRedis()) {
      console.log('      no redis-server on the PATH: left out');
      this.skip();
    }
    const report = await runFaults(await fixtureBuild('tabular'), {
      requests: 6,
      kills: 2,
      reorgs: 1,
      hangs: 1,
      redisRestarts: 2,
      seed: 2,
    });
    assertSound(report);
    assert.deepEqual([report.kills, report.hangs, report.redisRestarts], [2, 1, 2]);
  });
});
