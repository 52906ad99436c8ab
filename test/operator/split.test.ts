import assert from 'node:assert/strict';
import { keccak256, ZeroAddress, ZeroHash } from 'ethers';
import { pino } from 'pino';
import type { MarketEvent, MarketRequest } from '../../src/ledger/index.js';
import { carryOut, type Office } from '../../src/operator/actions/index.js';
import { ChainClock, type Tick } from '../../src/operator/clock.js';
import { Docket, type DocketEntry } from '../../src/operator/docket.js';
import { InputLimitError, InputUnavailableError, ProverFailedError } from '../../src/operator/errors.js';
import type { Computed } from '../../src/operator/jobs.js';
import { createMetrics } from '../../src/operator/metrics.js';
import { isHopeless } from '../../src/operator/operator.js';
import { again, decline, rest, waitUntil } from '../../src/operator/outcome.js';
import { Watch } from '../../src/operator/watch.js';

const ME = `0x${'11'.repeat(20)}`;
const OTHER = `0x${'22'.repeat(20)}`;
const log = pino({ enabled: false });
const tick = (number: number, timestamp: number): Tick => ({ number, timestamp, gasPrice: 7n });
const request = (fields: Partial<MarketRequest>): MarketRequest =>
  ({
    id: 1n,
    status: 'open',
    mode: 'proved',
    operator: ZeroAddress,
    due: 100,
    fee: 1n,
    outputHash: ZeroHash,
    ...fields,
  }) as MarketRequest;

function parts() {
  const wall = { ms: 0 };
  const clock = new ChainClock(() => wall.ms);
  const docket = new Docket(clock, () => wall.ms);
  return { wall, clock, docket };
}

describe("the operator's clock", () => {
  it("goes on between blocks, and measures the chain's pace", () => {
    const { wall, clock } = parts();
    assert.equal(clock.observe(tick(10, 1_000)), true);
    wall.ms = 3_000;
    assert.equal(clock.now(), 1_003);
    assert.equal(clock.observe(tick(10, 1_000)), false);
    clock.observe(tick(11, 1_010));
    assert.equal(clock.secondsPerBlock, 2 + (10 - 2) / 4);
    assert.deepEqual([clock.head, clock.gasPrice, clock.now()], [11, 7n, 1_010]);
  });

  it('takes no pace from a reorganization, and no long pause for one', () => {
    const { clock } = parts();
    clock.observe(tick(10, 1_000));
    clock.observe(tick(8, 990));
    assert.deepEqual([clock.head, clock.secondsPerBlock], [8, 2]);
    clock.observe(tick(9, 9_990));
    assert.equal(clock.secondsPerBlock, 2 + (60 - 2) / 4);
  });
});

describe("the operator's docket", () => {
  it('holds progress below the oldest event that was not dealt with', () => {
    const { docket } = parts();
    docket.touch(1n, 7);
    docket.touch(2n, 5);
    assert.equal(docket.dealtWith(9), 4);
    const second = docket.entry(2n);
    docket.succeeded(second, rest, second.touches);
    assert.equal(docket.dealtWith(9), 6);
  });

  it('looks again at once at what an event touched while it was handled, whatever came of it', () => {
    const { docket } = parts();
    docket.touch(1n, 5);
    const entry = docket.entry(1n);
    const { touches } = entry;
    docket.touch(1n, 6);
    for (const outcome of [rest, decline('pays too little'), waitUntil(1e9)]) {
      docket.succeeded(entry, outcome, touches);
      assert.deepEqual([docket.isDue(entry, false), entry.pending], [true, 5], outcome.next);
    }
  });

  it('puts off what may pass by itself, keeps it as not dealt with, and asks about room only when there is some', () => {
    const { wall, clock, docket } = parts();
    clock.observe(tick(1, 100));
    docket.touch(1n, 1);
    const entry = docket.entry(1n);
    docket.succeeded(entry, decline('busy'), entry.touches);
    assert.deepEqual([entry.pending, docket.isDue(entry, false)], [1, false]);
    wall.ms = 1_500;
    assert.deepEqual([docket.isDue(entry, false), docket.isDue(entry, true)], [true, false]);
    docket.succeeded(entry, decline('pays too little'), entry.touches);
    assert.deepEqual([entry.pending, entry.until], [undefined, Infinity]);
    docket.forget(entry);
    assert.equal(docket.find(1n), undefined);
  });

  it('waits longer after each failure, and not at all where another was only faster', () => {
    const { wall, docket } = parts();
    docket.touch(1n, 1);
    const entry = docket.entry(1n);
    docket.failed(entry, true);
    assert.equal(docket.isDue(entry, false), true);
    entry.failures = 3;
    docket.failed(entry, false);
    assert.equal(entry.retryAt, 1_600);
    wall.ms = 1_600;
    assert.equal(docket.isDue(entry, false), true);
    entry.failures = 20;
    docket.failed(entry, false);
    assert.equal(entry.retryAt, 1_600 + 15_000);
  });
});

describe("the operator's watch", () => {
  const event = (id: bigint, blockNumber: number, blockHash: string): MarketEvent =>
    ({
      requestId: id,
      name: 'Asked',
      args: { inputUri: `inputs/${id}` },
      blockNumber,
      blockHash,
      transaction: `0x${id}`,
    }) as unknown as MarketEvent;

  function watching(chain: { head: Tick; events: MarketEvent[] }, confirmations = 1) {
    const { clock, docket } = parts();
    const asked: [number, number][] = [];
    const market = {
      newest: async () => chain.head,
      events: async (from: number, to: number) => {
        asked.push([from, to]);
        return chain.events.filter(({ blockNumber }) => blockNumber >= from && blockNumber <= to);
      },
    };
    const watch = new Watch(
      { market, clock, docket, metrics: createMetrics(), log, fromBlock: 1, confirmations, reorgDepth: 4 },
      0,
    );
    return { watch, docket, asked };
  }

  it('reads the last blocks again in every look, and marks each event once', async () => {
    const chain = { head: tick(3, 30), events: [event(1n, 2, '0xa')] };
    const { watch, docket, asked } = watching(chain);
    await watch.look();
    assert.deepEqual([docket.entry(1n).pending, docket.entry(1n).uri, docket.entry(1n).touches], [2, 'inputs/1', 1]);
    chain.head = tick(9, 90);
    await watch.look();
    assert.deepEqual(
      [asked, docket.entry(1n).touches, watch.scanned],
      [
        [
          [1, 3],
          [1, 9],
        ],
        1,
        9,
      ],
    );
  });

  it('touches a request again whose event was reorganized away, also below a lower head', async () => {
    const chain = { head: tick(8, 80), events: [event(1n, 7, '0xa'), event(2n, 8, '0xb')] };
    const { watch, docket } = watching(chain);
    await watch.look();
    Object.assign(chain, { head: tick(7, 81), events: [event(1n, 7, '0xc')] });
    await watch.look();
    assert.deepEqual([docket.entry(1n).touches, docket.entry(2n).touches, docket.entry(2n).pending], [3, 2, 7]);
  });

  it('counts no event before it has its confirmations', async () => {
    const chain = { head: tick(5, 50), events: [event(1n, 5, '0xa')] };
    const { watch, docket } = watching(chain, 2);
    await watch.look();
    assert.equal(docket.find(1n), undefined);
    chain.head = tick(6, 60);
    await watch.look();
    assert.equal(docket.find(1n)?.pending, 5);
  });
});

describe("the operator's actions", () => {
  const computed: Computed = { inputCommitment: ZeroHash, output: '0x01', seconds: 1 };

  /** An office without a chain: it writes down what is done, and in which order. */
  function office({
    valid = true,
    reason = undefined as string | undefined,
    promised = false,
    afterTake = 'taken',
  } = {}) {
    const done: string[] = [];
    const it = {
      market: {
        address: ME,
        me: ME,
        send: async (_: unknown, action: string) => void done.push(action),
        request: async () => request({ status: afterTake as 'open' }),
      },
      parameters: { challengeBond: 5n },
      models: { at: async () => ({}) },
      docket: { setWorking: () => undefined },
      promises: {
        has: () => promised,
        under: () => undefined,
        begin: async (_: unknown, __: unknown, role: string) => void done.push(`promise as ${role}`),
        ensure: async () => void done.push('promised'),
        close: async (_: unknown, outcome: string) => void done.push(`close: ${outcome}`),
        leave: async () => rest,
      },
      workshop: {
        compute: async () => (valid ? computed : undefined),
        prove: async () => ({ output: '0x01', proof: '0x02', seconds: 1 }),
      },
      log,
      declines: async () => reason,
    } as unknown as Office;
    return { it, done };
  }
  const the = (fields: Partial<MarketRequest>): { entry: DocketEntry; request: MarketRequest } => ({
    entry: parts().docket.entry(1n),
    request: request(fields),
  });

  it('take promises before the transaction that makes it a duty', async () => {
    const { it: office_, done } = office();
    assert.deepEqual(await carryOut({ do: 'take' }, the({}), office_), again);
    assert.deepEqual(done, ['promise as operator', 'take']);
  });

  it('take nothing whose input is wrong, or that the policy declines', async () => {
    const wrong = office({ valid: false });
    assert.deepEqual(await carryOut({ do: 'take' }, the({}), wrong.it), decline('wrong input'));
    const busy = office({ reason: 'busy' });
    assert.deepEqual(await carryOut({ do: 'take' }, the({}), busy.it), decline('busy'));
    assert.deepEqual([wrong.done, busy.done], [[], []]);
  });

  it('close the promise of a request that another took before and lost again', async () => {
    const { it: office_, done } = office({ afterTake: 'open' });
    await carryOut({ do: 'take' }, the({}), office_);
    assert.deepEqual(done, ['promise as operator', 'take', 'close: lost']);
  });

  it('answer directly with the proof made before the promise', async () => {
    const { it: office_, done } = office();
    assert.deepEqual(await carryOut({ do: 'answerProved' }, the({}), office_), again);
    assert.deepEqual(done, ['promise as operator', 'answer']);
  });

  it('dispute an answer that is wrong, once, and rest where it is right', async () => {
    const right = office();
    const right_ = the({ status: 'answered', operator: OTHER, outputHash: keccak256('0x01') });
    assert.deepEqual(await carryOut({ do: 'check' }, right_, right.it), rest);
    const wrong = office();
    const wrong_ = the({ status: 'answered', operator: OTHER });
    assert.deepEqual(await carryOut({ do: 'check' }, wrong_, wrong.it), again);
    assert.deepEqual(await carryOut({ do: 'check' }, wrong_, wrong.it), rest);
    assert.deepEqual([right.done, wrong.done], [[], ['promise as challenger', 'dispute']]);
  });

  it('defend an answer only with the proof of that answer', async () => {
    const own = office();
    assert.deepEqual(
      await carryOut(
        { do: 'defend' },
        the({ status: 'disputed', operator: ME, outputHash: keccak256('0x01') }),
        own.it,
      ),
      again,
    );
    const lost = office();
    assert.deepEqual(
      await carryOut({ do: 'defend' }, the({ status: 'disputed', operator: ME, due: 50 }), lost.it),
      waitUntil(51),
    );
    assert.deepEqual([own.done, lost.done], [['prove'], []]);
  });

  it('follow a dispute of others, to slash when no proof comes', async () => {
    const { it: office_, done } = office();
    assert.deepEqual(await carryOut({ do: 'follow', until: 70 }, the({ status: 'disputed' }), office_), waitUntil(70));
    assert.deepEqual(await carryOut({ do: 'slash' }, the({ status: 'disputed' }), office_), again);
    assert.deepEqual(done, ['promise as challenger', 'slash']);
  });
});

describe('giving up', () => {
  it('is for what is not owed, and failed often or for a reason that stays', () => {
    const unavailable = new InputUnavailableError('gone');
    assert.equal(isHopeless({ mine: true, failures: 99 }, false, unavailable), false);
    assert.equal(isHopeless({ failures: 99 }, false, unavailable), false);
    assert.deepEqual(
      [5, 6].map((failures) => isHopeless({ mine: false, failures }, false, unavailable)),
      [false, true],
    );
    assert.deepEqual(
      [1, 2].map((failures) => isHopeless({ mine: false, failures }, false, new ProverFailedError('dead'))),
      [false, true],
    );
    assert.equal(isHopeless({ mine: false, failures: 1 }, false, new InputLimitError('bytes', 'large')), true);
    assert.equal(isHopeless({ mine: false, failures: 1 }, false, new InputLimitError('seconds', 'slow')), false);
    assert.deepEqual(
      [true, false].map((promised) => isHopeless({ mine: false, failures: 8 }, promised, new Error('disk'))),
      [false, true],
    );
  });
});
