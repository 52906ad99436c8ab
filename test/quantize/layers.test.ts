import assert from 'node:assert/strict';
import { evaluator } from '../../src/network/evaluate.js';
import type { Graph } from '../../src/network/graph.js';
import { dequantize, encodeInputs } from '../../src/integer/encode.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { quantize } from '../../src/quantize/quantize.js';
import { seeded } from '../onnx/support/random.js';
import { LAYER_CASES, randomGraph, Sketch, type Random } from './support/graphs.js';
import { integerInputs, quantizeRandomly, randomSamples, realsOf, take } from './support/samples.js';

/**
 * Largest error of the integer model on the samples it was calibrated on, relative to the outputs' range. A comparison
 * that is answered otherwise errs by how far what it compares is from its constant.
 */
function relativeError(graph: Graph, bits: number, random: Random): number {
  const evaluate = evaluator(graph);
  // Samples that lie on the input's grid, so that what is measured is the layers' doing.
  const first = quantizeRandomly(graph, bits, random);
  const samples = take(60, integerInputs(first, random)).map((integers) => realsOf(first, integers));
  const model = quantize(graph, { activationBits: bits, samples, inputRange: [-1, 1], evaluator });
  let error = 0;
  const ends = graph.outputs.map(() => [Infinity, -Infinity]);
  for (const sample of samples) {
    const outputs = runIntegerModel(model, encodeInputs(model.inputs, sample));
    const tensors = evaluate(sample);
    graph.outputs.forEach(({ tensor }, k) => {
      const expected = tensors.get(tensor)!;
      const reals = dequantize(outputs[k], model.outputs[k].scale);
      const made = graph.nodes.find(({ output }) => output === tensor);
      reals.forEach((real, i) => {
        const compared = made?.op === 'step' ? tensors.get(made.inputs[0])![i] : undefined;
        const of = compared ?? expected[i];
        const distance = made?.op === 'step' ? Math.abs(of - made.threshold[i]) : Math.abs(real - expected[i]);
        if (real !== expected[i]) error = Math.max(error, distance);
        ends[k] = [Math.min(ends[k][0], of), Math.max(ends[k][1], of)];
      });
    });
  }
  return error / Math.max(...ends.map(([low, high]) => high - low));
}

describe('the integer form of each layer', () => {
  for (const { name, make } of LAYER_CASES) {
    it(`${name}: stays within a few steps of its range of the float network, at any activation bits`, () => {
      const random = seeded(7);
      for (const bits of [5, 8, 12]) {
        const error = relativeError(make(random), bits, random);
        assert.ok(error <= 3 / 2 ** bits, `${bits} bits: error ${(error * 2 ** bits).toFixed(2)} steps`);
      }
    });
  }

  it('random networks of several layers stay close to the float network', () => {
    const random = seeded(11);
    for (let i = 0; i < 60; i += 1) {
      const error = relativeError(randomGraph(random), 10, random);
      assert.ok(error <= 24 / 2 ** 10, `network ${i}: error ${(error * 2 ** 10).toFixed(2)} steps`);
    }
  });

  it('more activation bits bring the network closer', () => {
    const make = (): Graph => {
      const sketch = new Sketch();
      const random = seeded(3);
      return sketch.graph(sketch.dense(sketch.relu(sketch.dense(sketch.input([1, 8]), 12, random)), 4, random));
    };
    const errors = [4, 6, 8, 10, 12, 14].map((bits) => relativeError(make(), bits, seeded(5)));
    errors.slice(1).forEach((error, k) => assert.ok(error < errors[k], errors.join(' ')));
  });

  it('argMax names the element that is largest, or ties with it within a step', () => {
    for (const selectLast of [false, true]) {
      const sketch = new Sketch();
      const random = seeded(13);
      const scores = sketch.dense(sketch.input([2, 4]), 5, random);
      const graph = sketch.graph(sketch.reduce(scores, 'argMax', selectLast), scores);
      const model = quantizeRandomly(graph, 8, random);
      for (const sample of randomSamples(graph, 200, random)) {
        const [classes, integers] = runIntegerModel(model, encodeInputs(model.inputs, sample));
        classes.forEach((winner, row) => {
          const of = Array.from(integers.subarray(5 * row, 5 * row + 5));
          const largest = Math.max(...of);
          assert.equal(winner, selectLast ? of.lastIndexOf(largest) : of.indexOf(largest));
        });
      }
    }
  });

  it('scales and weights are chosen without randomness', () => {
    const make = (): unknown => quantizeRandomly(randomGraph(seeded(29)), 8, seeded(31));
    assert.deepEqual(make(), make());
  });
});
