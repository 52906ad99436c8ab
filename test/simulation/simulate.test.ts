import assert from 'node:assert/strict';
import { simulate } from './simulate.js';

describe('a market of many operators, a third of whom fail, lie or are late, and of askers after their bonds', () => {
  it('answers nearly everything, every kind of fault loses money, and so does who asks in bad faith', async () => {
    const report = await simulate({ operators: 60, requests: 90, detection: 0.9, seed: 5 });
    assert.equal(report.accepted, 1);
    assert.ok(report.answeredInTime > 0.9, `answered in time: ${report.answeredInTime}`);
    for (const kind of ['fails', 'lies', 'hides', 'late'] as const)
      assert.ok(report.profit[kind] < 0, `${kind}: ${report.profit[kind]}`);
    for (const kind of ['withholds', 'floods'] as const) {
      assert.ok(report.attacks[kind].asked > 0);
      assert.ok(report.attacks[kind].profit < 0, `${kind}: ${report.attacks[kind].profit}`);
    }
    for (const { told, slashed, paid } of Object.values(report.lies)) assert.equal(told, slashed + paid);
    assert.ok(report.watching.overtaken > 0, 'liars disputed themselves before their watchers');
    assert.ok(report.watching.profit > 0, `watching pays all the same: ${report.watching.profit}`);
    assert.ok(report.profit.honest > 0);
    assert.equal(report.slashes.ofHonest, 0);
    assert.equal(report.honestReverted, 0);
    assert.equal(report.imbalance, '0');
  });

  it('is one in which both askers take bonds from operators that promise before they compute and keep no inputs', async () => {
    const report = await simulate({ operators: 60, requests: 40, detection: 0.9, seed: 5, careful: false });
    for (const kind of ['withholds', 'floods'] as const)
      assert.ok(report.attacks[kind].profit > 0, `${kind}: ${report.attacks[kind].profit}`);
    assert.ok(report.slashes.ofHonest > 0);
    assert.equal(report.imbalance, '0');
  });
});
