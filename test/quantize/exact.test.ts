/**
 * Doubles compute what integers would: no term and no partial sum, in whatever order, leaves the range in which doubles
 * are exact.
 */
import assert from 'node:assert/strict';
import { evaluator } from '../../src/network/evaluate.js';
import type { Graph } from '../../src/network/graph.js';
import { dequantize, encodeInputs } from '../../src/integer/encode.js';
import { AccumulatorOverflowError } from '../../src/quantize/errors.js';
import { REACH_LIMIT, type IntegerModel } from '../../src/integer/integer-model.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { boundModel } from '../../src/integer/intervals.js';
import { quantize } from '../../src/quantize/quantize.js';
import { reachOp } from '../../src/integer/semantics.js';
import { prepareCircuit } from '../../src/workflow/circuit-run.js';
import { ready } from '../compile/support/run.js';
import { seeded } from '../onnx/support/random.js';
import { exactly } from './support/exactly.js';
import { LAYER_CASES, randomGraph, Sketch } from './support/graphs.js';
import { integerInputs, randomSamples, take } from './support/samples.js';

/** Compares the interpreter with BigInt, and each op's terms with the bound that was checked. */
function assertExact(model: IntegerModel, count: number, seed: number): void {
  const bounds = boundModel(model);
  const limits = model.ops.map((op) =>
    BigInt(
      Math.ceil(
        reachOp(
          op,
          op.inputs.map((tensor) => bounds.get(tensor)!),
        ),
      ),
    ),
  );
  for (const inputs of take(count, integerInputs(model, seeded(seed)))) {
    const { outputs, reaches } = exactly(model, inputs);
    assert.deepEqual(
      runIntegerModel(model, inputs).map((values) => Array.from(values, BigInt)),
      outputs,
    );
    reaches.forEach((reach, k) => {
      assert.ok(reach <= limits[k], `${model.ops[k].kind}: ${reach} > ${limits[k]}`);
      assert.ok(limits[k] <= BigInt(REACH_LIMIT));
    });
  }
}

const quantizeAt = (graph: Graph, activationBits: number, samples: Float64Array[][]): IntegerModel =>
  quantize(graph, { activationBits, samples, evaluator });

describe('sums of integers', () => {
  for (const { name, make } of LAYER_CASES) {
    it(`${name}: are exact at every number of bits and any size of inputs, or the model is refused by name`, () => {
      const random = seeded(81);
      for (const size of [1e-12, 1, 1e12]) {
        for (const bits of [2, 8, 16]) {
          const graph = make(random);
          try {
            assertExact(quantizeAt(graph, bits, randomSamples(graph, 12, random, size)), 20, 82);
          } catch (error) {
            // What is usual is not refused.
            if (!(error instanceof AccumulatorOverflowError) || (size === 1 && bits <= 8)) throw error;
          }
        }
      }
    });
  }

  it('of random networks are exact', () => {
    const random = seeded(83);
    for (let i = 0; i < 60; i += 1) {
      const graph = randomGraph(random);
      assertExact(quantizeAt(graph, [4, 8, 12][i % 3], randomSamples(graph, 12, random, [1, 1000][i % 2])), 16, 84);
    }
  });

  for (const cancelling of [false, true]) {
    it(`of features far from zero${cancelling ? ' whose terms cancel' : ''} are exact in interpreter and circuit, and near the float network`, async () => {
      const random = seeded(85);
      for (const offset of [1e3, 1e6, 1e9, 1e11, 1e12, 1e13, 1e15]) {
        const { graph, sample } = far(offset, cancelling, random);
        const samples = Array.from({ length: 30 }, sample);
        const model = quantizeAt(graph, 8, samples);
        assertExact(model, 60, 86);
        const { circuit } = await ready(model);
        const run = prepareCircuit(model, circuit.plan);
        for (const inputs of take(300, integerInputs(model, seeded(87)))) {
          const { outputs } = run(inputs, 0n, [1n]);
          assert.deepEqual(
            outputs.map((values) => Array.from(values, BigInt)),
            exactly(model, inputs).outputs,
          );
        }
        if (offset > 1e9) continue;
        const [output] = graph.outputs;
        const floats = samples.map((one) => evaluator(graph)(one).get(output.tensor)!);
        const span = Math.max(...floats.map((values) => values[0])) - Math.min(...floats.map((values) => values[0]));
        samples.forEach((one, k) => {
          const [values] = runIntegerModel(model, encodeInputs(model.inputs, one));
          const error = Math.abs(dequantize(values, model.outputs[0].scale)[0] - floats[k][0]);
          assert.ok(error < 0.05 * span, `offset ${offset}: ${error} of ${span}`);
        });
      }
    });
  }
});

/** One output of four features that vary by a little around `offset`: the terms of a row cancel, or add up. */
function far(
  offset: number,
  cancelling: boolean,
  random: () => number,
): { graph: Graph; sample: () => Float64Array[] } {
  const sketch = new Sketch();
  const x = sketch.input([1, 4]);
  const weight = Float64Array.from([0.7312345, cancelling ? -0.7312345 : 0.31, 0.55, cancelling ? -0.55 : 0.2]);
  const bias = Float64Array.of(cancelling ? 0 : -offset * weight.reduce((sum, value) => sum + value, 0));
  const y = sketch.add({ op: 'dense', rows: 1, inFeatures: 4, outFeatures: 1, weight, bias }, [x], [1, 1]);
  return {
    graph: sketch.graph(y),
    sample: () => [Float64Array.from({ length: 4 }, (_, i) => offset + (i === 3 ? 10 : 1) * (2 * random() - 1))],
  };
}
