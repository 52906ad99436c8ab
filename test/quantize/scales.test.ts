import assert from 'node:assert/strict';
import { evaluator } from '../../src/network/evaluate.js';
import type { Graph } from '../../src/network/graph.js';
import { measureAccuracy, type AccuracyReport } from '../../src/quantize/accuracy.js';
import type { IntegerModel } from '../../src/quantize/integer-model.js';
import { runIntegerModel } from '../../src/quantize/interpreter.js';
import { quantize } from '../../src/quantize/quantize.js';
import { seeded } from '../onnx/support/random.js';
import { numbers, Sketch } from './support/graphs.js';
import { randomSamples } from './support/samples.js';

type Rows = readonly (readonly Float64Array[])[];

const quantized = (graph: Graph, samples: Rows): IntegerModel => quantize(graph, { activationBits: 8, samples, evaluator });

/** Against the float network, on these rows. */
async function accuracyOf(graph: Graph, model: IntegerModel, rows: Rows): Promise<AccuracyReport> {
  const run = evaluator(graph);
  const reference = async (sample: readonly Float64Array[]): Promise<Float64Array[]> => {
    const tensors = run(sample);
    return graph.outputs.map(({ tensor }) => tensors.get(tensor) as Float64Array);
  };
  return measureAccuracy(model, (integers) => runIntegerModel(model, integers), reference, rows);
}

/** Largest error of any element, against that element's own range. */
const worstElement = ({ outputs }: AccuracyReport): number => Math.max(...outputs.map((output) => output.worstElement?.relativeError ?? Infinity));

describe('scales of outputs', () => {
  it('are fine enough for the smallest element of a row of outputs, also behind a move', async () => {
    for (const behind of ['dense', 'move'] as const) {
      const random = seeded(3);
      const sketch = new Sketch();
      const scores = sketch.affine(sketch.dense(sketch.relu(sketch.dense(sketch.input([1, 8]), 8, random)), 3, random), Float64Array.of(5000, 10, 0.1), numbers(random, 3, 0));
      const graph = sketch.graph(behind === 'move' ? sketch.move([scores], [2, 0, 1], [], [1, 3]) : scores);
      const rows = randomSamples(graph, 40, random);
      const report = await accuracyOf(graph, quantized(graph, rows), rows);
      assert.ok(worstElement(report) < 0.02, `${behind}: ${worstElement(report)}`);
    }
  });

  it('are no finer than their tensor needs where its elements are alike', () => {
    const random = seeded(3);
    const sketch = new Sketch();
    const graph = sketch.graph(sketch.dense(sketch.input([1, 8]), 3, random));
    const rows = randomSamples(graph, 40, random);
    const { ops, outputs } = quantized(graph, rows);
    const { low, high } = ops[ops.length - 1].bounds!;
    assert.ok(Math.max(...high.map((most, i) => most - low[i])) < 2 ** 19, `${outputs[0].scale}`);
  });
});
