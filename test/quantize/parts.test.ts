import assert from 'node:assert/strict';
import { evaluator } from '../../src/network/evaluate.js';
import { interpret } from '../../src/integer/interpreter.js';
import type { IntegerModel } from '../../src/integer/integer-model.js';
import { quantize } from '../../src/quantize/quantize.js';
import { ready, witnessFor } from '../compile/support/run.js';
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

  it('of constants that are moved in beside, below zero too, add up to them', () => {
    for (const constant of [2, -1, -2]) {
      const random = seeded(6);
      const sketch = new Sketch();
      const moved = sketch.move([sketch.input([1, 3])], [-1, 0, 1, 2, -1], [constant], [1, 5]);
      const graph = sketch.graph(sketch.relu(sketch.dense(moved, 40, random)));
      const samples = [0, 0.3, 0.6, 1].map((v) => [Float64Array.of(v, 1 - v, v * v)]);
      const model = quantize(graph, { activationBits: 8, samples, inputRange: [0, 1], evaluator });
      assert.ok(counts(model).length > 0);
      const { tensor, scale } = model.outputs[0];
      for (const inputs of take(5, integerInputs(model, random))) {
        const exact = evaluator(graph)(realsOf(model, inputs)).get(graph.outputs[0].tensor)!;
        interpret(model, inputs)
          .get(tensor)!
          .forEach((value, k) => {
            if (value < 255) assert.ok(Math.abs(value * scale - exact[k]) < 3 * scale, `${constant}: output ${k}`);
          });
      }
    }
  });

  it('of an input of one bit leave its codes 0 and 1, though digits are made two at least', async () => {
    const layer = 'part';
    const model: IntegerModel = {
      inputs: [{ name: 'x', tensor: 0, shape: [1, 2], bits: 1, scale: Float64Array.of(1), low: Float64Array.of(0) }],
      ops: [{ kind: 'part', inputs: [0], output: 1, shape: [1, 2], layer, low: 0, first: 0, count: 1 }],
      outputs: [{ name: 'y', tensor: 1, shape: [1, 2], scale: 1 }],
      layers: [],
      notes: [],
      tensorCount: 2,
    } as unknown as IntegerModel;
    for (const input of ['public', 'private', 'hashed'] as const) {
      const circuit = await ready(model, { input, output: 'public' });
      const violated = (...codes: number[]): number =>
        circuit.checker.violatedConstraints(witnessFor(circuit, [Float64Array.from(codes)])).length;
      assert.equal(violated(0, 1), 0);
      for (const beyond of [2, 3]) assert.ok(violated(beyond, 0) > 0, `${input}: ${beyond}`);
    }
  });
});
