import assert from 'node:assert/strict';
import { evaluator } from '../../src/network/evaluate.js';
import { encodeInputs } from '../../src/integer/encode.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { quantize } from '../../src/quantize/quantize.js';
import { Sketch } from './support/graphs.js';

/** The float numbers next to x, below and above it. */
const neighbours = (x: number): readonly [number, number] => {
  const [single, bits] = [new Float32Array(1), new Int32Array(1)];
  const beside = (by: number): number => {
    single[0] = x;
    bits.set(new Int32Array(single.buffer));
    bits[0] += by;
    return new Float32Array(bits.buffer)[0];
  };
  return [beside(-1), beside(1)];
};

describe('a comparison of an input with a constant next to a value of the data', () => {
  const tenths = Array.from({ length: 40 }, (_, k) => Math.fround(4 + k / 20));
  const values = tenths.filter((_, k) => k % 2 === 0);
  const [below, above] = neighbours(Math.fround(4.9));
  for (const [what, threshold] of [
    ['a little below', below],
    ['a little above', above],
    ['equal to', Math.fround(4.9)],
  ] as const) {
    for (const strict of [true, false]) {
      it(`${what} it is decided as single precision decides it, ${strict ? 'strict or' : 'or'} not`, () => {
        const s = new Sketch();
        const x = s.input([1, 2]);
        const moved = s.move([x], [1, 0], [], [2]);
        const step = s.add({ op: 'step', threshold: Float64Array.of(threshold), strict }, [moved], [2]);
        const graph = s.graph(step);
        const samples = values.map((value) => [Float64Array.of(value, 9 - value)]);
        const model = quantize(graph, { activationBits: 8, samples, evaluator });
        const run = evaluator(graph);
        for (const sample of samples) {
          const [bits] = runIntegerModel(model, encodeInputs(model.inputs, sample));
          assert.deepEqual(Array.from(bits), Array.from(run(sample).get(step)!), `${sample[0]}`);
        }
      });
    }
  }
});
