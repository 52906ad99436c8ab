import assert from 'node:assert/strict';
import { evaluator } from '../../src/network/evaluate.js';
import { interpret } from '../../src/quantize/interpreter.js';
import type { IntegerModel } from '../../src/quantize/integer-model.js';
import { quantize } from '../../src/quantize/quantize.js';
import { seeded } from '../onnx/support/random.js';
import { Sketch } from './support/graphs.js';
import { integerInputs, quantizeRandomly, realsOf, take } from './support/samples.js';

/** Bits that the cuts of a model drop, the first one first. */
const shifts = ({ ops }: IntegerModel): number[] => ops.flatMap((op) => (op.kind === 'requantize' ? op.shift : []));
/** How many digits each part has, of all or of tensors whose digits count from `low`; the first one first. */
const counts = ({ ops }: IntegerModel, low?: number): number[] =>
  ops.flatMap((op) => (op.kind === 'part' && op.low === (low ?? op.low) ? op.count : []));

describe('parts of activations', () => {
  it('have weights of their own where the next cut has many values, and leave it fewer bits to drop', () => {
    const model = (width: number): IntegerModel => {
      const random = seeded(5);
      const sketch = new Sketch();
      const x = sketch.relu(sketch.dense(sketch.input([1, 5]), 8, random));
      return quantizeRandomly(sketch.graph(sketch.relu(sketch.dense(x, width, random))), 8, random);
    };
    assert.deepEqual(counts(model(2), 0), []);
    assert.ok(counts(model(64), 0).length >= 2);
    assert.ok(shifts(model(64))[1] <= shifts(model(2))[1] - 2);
  });

  it('of an input are its digits', () => {
    const random = seeded(6);
    const sketch = new Sketch();
    const graph = sketch.graph(sketch.relu(sketch.dense(sketch.input([1, 3]), 20, random)));
    const samples = [[Float64Array.of(0, 0, 0)], [Float64Array.of(1, 1, 1)]];
    const model = quantize(graph, { activationBits: 8, samples, inputRange: [0, 1], evaluator });
    assert.deepEqual(counts(model), new Array(8).fill(1));
  });

  it('of an input that does not begin at zero stay near the float network, unless zeros are padded', () => {
    const random = seeded(8);
    for (const [pads, expected] of [
      [[0, 0], new Array(8).fill(1)],
      [[1, 1], []],
    ]) {
      const sketch = new Sketch();
      const shape = { kernel: [3, 3], padsBegin: pads, padsEnd: pads };
      const graph = sketch.graph(sketch.relu(sketch.conv(sketch.input([1, 1, 5, 5]), 8, random, shape)));
      const model = quantizeRandomly(graph, 8, random);
      assert.deepEqual(counts(model), expected);
      const { tensor, scale } = model.outputs[0];
      const evaluate = evaluator(graph);
      for (const inputs of take(20, integerInputs(model, random))) {
        const exact = evaluate(realsOf(model, inputs)).get(graph.outputs[0].tensor);
        interpret(model, inputs)
          .get(tensor)
          ?.forEach((value, i) =>
            assert.ok(Math.abs(value * scale - (exact?.[i] ?? NaN)) < 6 * scale || value === 255),
          );
      }
    }
  });

  it('add up to the value they are parts of', () => {
    const random = seeded(7);
    const sketch = new Sketch();
    const x = sketch.relu(sketch.dense(sketch.input([1, 5]), 4, random));
    const model = quantizeRandomly(sketch.graph(sketch.relu(sketch.dense(x, 60, random))), 8, random);
    const parts = model.ops.filter((op) => op.kind === 'part').filter(({ low }) => low === 0);
    assert.ok(parts.length >= 2);
    for (const inputs of take(40, integerInputs(model, random))) {
      const tensors = interpret(model, inputs);
      tensors.get(parts[0].inputs[0])?.forEach((value, i) => {
        const sum = parts.reduce((rest, op) => rest + 2 ** op.first * (tensors.get(op.output)?.[i] ?? NaN), 0);
        assert.equal(sum, value);
      });
    }
  });
});
