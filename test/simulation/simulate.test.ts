import assert from 'node:assert/strict';
import { simulate } from './simulate.js';

describe('a market of many operators, a third of whom fail, lie or are late', function () {
  this.timeout(180_000);

  it('answers nearly everything, and every kind of fault loses money', async () => {
    const report = await simulate({ operators: 60, requests: 120, detection: 0.9, seed: 5 });
    assert.equal(report.accepted, 1);
    assert.ok(report.answeredInTime > 0.9, `answered in time: ${report.answeredInTime}`);
    for (const kind of ['fails', 'lies', 'late'] as const) assert.ok(report.profit[kind] < 0, `${kind}: ${report.profit[kind]}`);
    assert.ok(report.profit.honest > 0);
    assert.equal(report.lies.told, report.lies.slashed + report.lies.paid);
    assert.equal(report.honestReverted, 0);
    assert.equal(report.imbalance, '0');
  });
});
