/**
 * Rounding by any real factor as integer arithmetic: each integer in reach gets the code that real arithmetic gives it.
 */
import assert from 'node:assert/strict';
import type { Graph } from '../../src/network/graph.js';
import { evaluator } from '../../src/network/evaluate.js';
import { nearestEven } from '../../src/network/layers/round.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { quantize } from '../../src/quantize/quantize.js';
import { edges, exactLine } from '../../src/quantize/staircase.js';
import { seeded } from '../onnx/support/random.js';

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

describe('a staircase of codes', () => {
  it('is met by one line for every integer between its ends, whatever the factor is', () => {
    const random = seeded(11);
    for (let k = 0; k < 14; k += 1) {
      const factor = 2 ** (-7 * random()) * (k % 7 === 0 ? 3 : 1);
      const code = (n: number): number => clamp(nearestEven(n * factor) + 9, 0, 255);
      const [from, to] = [-Math.floor(300 / factor), Math.floor(400 / factor)];
      const line = exactLine(
        edges(code, from, to, (c) => (c - 9.5) / factor, [0, 255]),
        [factor],
        36,
      );
      assert.ok(line, `factor ${factor}`);
      const wrong: number[] = [];
      for (let n = from; n <= to; n += 1)
        if (clamp(Math.floor((line.multipliers[0] * n + line.offset) / 2 ** line.shift), 0, 255) !== code(n))
          wrong.push(n);
      assert.deepEqual(wrong, [], `times ${factor}`);
    }
  });

  it('has no single line where halves go to the even code', () => {
    const code = (n: number): number => clamp(nearestEven(n / 4), -100, 100);
    assert.equal(
      exactLine(
        edges(code, -500, 500, (c) => 4 * (c - 0.5), [-100, 100]),
        [1 / 4],
        36,
      ),
      undefined,
    );
  });
});

describe("a rounding to the author's grid", () => {
  const cases = [
    { name: 'halves to even', factor: 0.25, offset: 0, step: 1, zero: 7, low: 0, high: 255 },
    { name: 'halves of sixths', factor: 1 / 6, offset: 0, step: 1, zero: 0, low: -128, high: 127 },
    { name: 'any factor and offset', factor: 0.0123, offset: 0.37, step: 0.11, zero: -3, low: -128, high: 127 },
    { name: 'a falling factor', factor: -0.31, offset: 0, step: 1, zero: 100, low: 0, high: 255 },
    { name: 'ends that are no power of two apart', factor: 0.7, offset: 0, step: 1, zero: 5, low: 5, high: 200 },
    { name: 'more codes than integers', factor: 3.3, offset: 0, step: 1, zero: 0, low: -32768, high: 32767 },
    { name: 'nothing but a constant', factor: 0, offset: 2.5, step: 1, zero: 0, low: -128, high: 127 },
  ];
  for (const { name, low, high, ...rest } of cases) {
    it(`${name}: is exact on integers, in ranges that saturate and in ranges that do not`, () => {
      for (const reach of [60, 700]) {
        const one = (value: number): Float64Array => Float64Array.of(value);
        const { factor, offset, step, zero } = rest;
        const graph: Graph = {
          inputs: [{ name: 'x', shape: [1], integers: [-reach, reach] }],
          nodes: [
            {
              op: 'round',
              name: 'n',
              source: 'QuantizeLinear',
              inputs: ['x'],
              output: 'y',
              shape: [1],
              integers: [low, high],
              factors: [one(factor)],
              offset: one(offset),
              step: one(step),
              zero: one(zero),
              low: one(low),
              high: one(high),
            },
          ],
          outputs: [{ name: 'y', tensor: 'y', shape: [1] }],
          notes: [],
        };
        const model = quantize(graph, { activationBits: 8, samples: [], evaluator });
        for (let n = -reach; n <= reach; n += reach > 60 ? 3 : 1) {
          const expected = clamp(nearestEven((n * factor + offset) / step) + zero, low, high);
          assert.equal(runIntegerModel(model, [one(n)])[0][0] + 0, expected + 0, `${n}`);
        }
      }
    });
  }
});
