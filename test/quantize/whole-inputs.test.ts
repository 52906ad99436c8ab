import { strict as assert } from 'node:assert';
import { evaluator } from '../../src/onnx/index.js';
import { encodeInputs } from '../../src/integer/encode.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { quantize } from '../../src/quantize/quantize.js';
import { seeded } from '../onnx/support/random.js';
import { numbers, Sketch } from './support/graphs.js';

describe('a layer over whole numbers', () => {
  it('is as right next to zero as where the calibration data lie', () => {
    const random = seeded(5);
    const sketch = new Sketch();
    const graph = sketch.graph(sketch.dense(sketch.input([1, 4]), 3, random));
    const whole = { ...graph, inputs: graph.inputs.map((input) => ({ ...input, integers: [0, 4095] as const })) };
    const far = (): Float64Array[] => [numbers(random, 4, 1).map((value) => Math.round(3000 + 1000 * value))];
    const model = quantize(whole, { activationBits: 8, samples: Array.from({ length: 20 }, far), evaluator });
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
  });
});
