import { strict as assert } from 'node:assert';
import type { Graph } from '../../src/network/graph.js';
import { evaluator } from '../../src/onnx/index.js';
import { encodeInputs } from '../../src/integer/encode.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { quantize } from '../../src/quantize/quantize.js';
import { seeded } from '../onnx/support/random.js';
import { numbers, Sketch } from './support/graphs.js';

const RANGE = [0, 4095] as const;

/** A layer over four inputs, as they are or turned around. */
function layerOver(moved: boolean): Graph {
  const random = seeded(5);
  const sketch = new Sketch();
  const x = sketch.input([1, 4]);
  return sketch.graph(sketch.dense(moved ? sketch.move([x], [3, 2, 1, 0], [], [1, 4]) : x, 3, random));
}

/** Requires small errors next to zero of a model calibrated on values from 2000 to 4000. */
function requireRightAtZero(graph: Graph): void {
  const random = seeded(5);
  const far = (): Float64Array[] => [numbers(random, 4, 1).map((value) => Math.round(3000 + 900 * value))];
  const samples = Array.from({ length: 20 }, far);
  const model = quantize(graph, { activationBits: 8, samples, evaluator });
  for (const row of [
    [1, 2, 3, 5],
    [0, 0, 0, 0],
  ].map((values) => [Float64Array.from(values)])) {
    const exact = evaluator(graph)(row).get(graph.outputs[0].tensor)!;
    const [result] = runIntegerModel(model, encodeInputs(model.inputs, row));
    result.forEach((integer, i) => {
      const error = Math.abs(integer * model.outputs[0].scale - exact[i]);
      assert.ok(error < 0.2, `${row[0].join()}: ${error}`);
    });
  }
}

describe('a layer over inputs that may lie far from the calibration data', () => {
  for (const moved of [false, true]) {
    const how = moved ? ', turned around' : '';
    it(`is as right next to zero for whole numbers${how}`, () => {
      const graph = layerOver(moved);
      requireRightAtZero({ ...graph, inputs: graph.inputs.map((input) => ({ ...input, integers: RANGE })) });
    });
  }
});
