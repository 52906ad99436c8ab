/** A clip keeps its ends whatever the calibration data show of its tensor. */
import assert from 'node:assert/strict';
import { evaluator } from '../../src/onnx/index.js';
import type { Graph } from '../../src/network/graph.js';
import { dequantize, encodeInputs } from '../../src/integer/encode.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { quantize } from '../../src/quantize/quantize.js';

/** clip(x) of these numbers, calibrated on them. */
function clipped(min: number, max: number, x: readonly number[]): number[] {
  const shape = [x.length];
  const graph: Graph = {
    inputs: [{ name: 'x', shape }],
    nodes: [{ op: 'clip', name: 'c', source: 'Clip', inputs: ['x'], output: 'y', shape, min, max }],
    outputs: [{ name: 'y', tensor: 'y', shape }],
    notes: [],
  };
  const sample = [Float64Array.from(x)];
  const model = quantize(graph, { activationBits: 8, samples: [sample], evaluator });
  return Array.from(dequantize(runIntegerModel(model, encodeInputs(model.inputs, sample))[0], model.outputs[0].scale));
}

describe('a clip', () => {
  for (const [what, min, max, x] of [
    ['that cuts off all above zero', -Infinity, 0, [1, 2.5, 4]],
    ['that cuts off all below a number', 5, Infinity, [-2, 1, 4]],
    ['that cuts off all above a negative number', -Infinity, -3, [1, 2, 4]],
    ['whose ends are near each other, far from zero', 5, 5.1, [1, 5.05, 9]],
    ['of which one end is reached, by values that hardly differ', 5, 9, [1, 5.1, 5.05]],
    ['of which the other end is reached', 1, 5, [4.95, 5.2, 7]],
  ] as const) {
    it(`${what} keeps its ends`, () => {
      const made = clipped(min, max, x);
      x.forEach((value, i) => {
        const wanted = Math.min(Math.max(value, min), max);
        assert.ok(Math.abs(made[i] - wanted) < 0.03, `${value} becomes ${made[i]}, not ${wanted}`);
      });
    });
  }
});
