import assert from 'node:assert/strict';
import fc from 'fast-check';
import { evaluateOp } from '../../src/integer/semantics.js';
import { requantizeValue } from '../../src/integer/layers/requantize.js';
import type { IntegerRequantize } from '../../src/integer/integer-model.js';

const settings = fc.record({
  shift: fc.integer({ min: 0, max: 30 }),
  low: fc.integer({ min: -300, max: 300 }),
  bits: fc.integer({ min: 1, max: 16 }),
});

describe('requantization', () => {
  it('divides by a power of two and rounds to the nearest integer, halves up', () => {
    const op = { shift: 2, low: -100, bits: 8 };
    const quarters: [number, number][] = [
      [-7, -2],
      [-6, -1],
      [-5, -1],
      [-2, 0],
      [-1, 0],
      [0, 0],
      [1, 0],
      [2, 1],
      [5, 1],
      [6, 2],
      [7, 2],
    ];
    for (const [x, expected] of quarters) assert.equal(requantizeValue(op, x) + 0, expected, `${x} / 4`);
  });

  it('equals the same division over bigints wherever accumulators may be', () => {
    fc.assert(
      fc.property(settings, fc.maxSafeInteger(), (op, wide) => {
        const x = Math.trunc(wide / 8);
        const half = op.shift === 0 ? 0n : 1n << BigInt(op.shift - 1);
        // An arithmetic shift of a bigint is a division that rounds down.
        const rounded = Number((BigInt(x) + half) >> BigInt(op.shift));
        const expected = Math.min(Math.max(rounded, op.low), op.low + 2 ** op.bits - 1);
        assert.equal(requantizeValue(op, x), expected);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  it('saturates exactly at both ends of its range', () => {
    fc.assert(
      fc.property(settings, (op) => {
        const top = op.low + 2 ** op.bits - 1;
        const unit = 2 ** op.shift;
        const half = op.shift === 0 ? 0 : unit / 2;
        assert.equal(requantizeValue(op, top * unit + half - (op.shift === 0 ? 0 : 1)), top);
        assert.equal(requantizeValue(op, (top + 1) * unit), top);
        assert.equal(requantizeValue(op, (top + 1000) * unit), top);
        assert.equal(requantizeValue(op, op.low * unit), op.low);
        assert.equal(requantizeValue(op, (op.low - 1) * unit), op.low);
        assert.equal(requantizeValue(op, (op.low - 1000) * unit), op.low);
        // The last value that still rounds to the end, and the first that does not.
        assert.equal(requantizeValue(op, op.low * unit + unit - half - 1), op.low);
        if (op.bits > 0) assert.equal(requantizeValue(op, op.low * unit + unit - half), op.low + 1);
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  it('works on each element alone', () => {
    const op: IntegerRequantize = {
      kind: 'requantize',
      shift: 3,
      low: 0,
      bits: 4,
      inputs: [0],
      output: 1,
      shape: [4],
      scale: 1,
      layer: 'l',
    };
    assert.deepEqual(Array.from(evaluateOp(op, [Float64Array.of(-9, 3, 4, 400)])), [0, 0, 1, 15]);
  });
});
