import assert from 'node:assert/strict';
import fc from 'fast-check';
import { packIntegers, planPacking, unpackIntegers } from '../../src/compile/packing.js';
import { FIELD_MODULUS } from '../../src/r1cs/types.js';

const cases = fc
  .record({
    low: fc.integer({ min: -(2 ** 30), max: 2 ** 30 }),
    span: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 2 ** 31 - 1 })),
    shares: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 200 }),
  })
  .map(({ low, span, shares }) => ({
    low,
    high: low + span,
    values: shares.map((share) => low + Math.round(share * span)),
  }));

describe('packing', () => {
  it('puts integers into field elements and takes them out again', () => {
    fc.assert(
      fc.property(cases, ({ low, high, values }) => {
        const plan = planPacking([values.length], low, high);
        const words = packIntegers(values, plan);
        assert.equal(words.length, plan.words);
        assert.ok(words.every((word) => word >= 0n && word < FIELD_MODULUS));
        assert.deepEqual(Array.from(unpackIntegers(words, values.length, plan)), values);
      }),
      { seed: 4, numRuns: 400 },
    );
  });

  it('holds the extremes of a range at every place of a word', () => {
    for (const [low, high] of [
      [0, 255],
      [-7, 8],
      [0, 0],
      [-(2 ** 49), 2 ** 49],
    ]) {
      const plan = planPacking([300], low, high);
      const values = Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? high : low));
      assert.deepEqual(Array.from(unpackIntegers(packIntegers(values, plan), 300, plan)), values);
    }
  });

  it('fills a word to at most 253 bits, which are always below the modulus', () => {
    for (let bits = 1; bits <= 50; bits += 1) {
      const plan = planPacking([1000], 0, 2 ** bits - 1);
      assert.equal(plan.bits, bits);
      assert.ok(plan.bits * plan.perWord <= 253 && plan.bits * (plan.perWord + 1) > 253);
      assert.equal(plan.words, Math.ceil(1000 / plan.perWord));
    }
  });

  it('different values never share words', () => {
    const plan = planPacking([40], -3, 4);
    const seen = new Set<string>();
    for (let i = 0; i < 40; i += 1) {
      for (let value = -2; value <= 4; value += 1) {
        seen.add(
          packIntegers(
            Array.from({ length: 40 }, (_, k) => (k === i ? value : -3)),
            plan,
          ).join(),
        );
      }
    }
    assert.equal(seen.size, 280);
  });
});
