import assert from 'node:assert/strict';
import { evaluator } from '../../src/network/evaluate.js';
import { scalarFunction } from '../../src/network/functions/index.js';
import type { Graph } from '../../src/network/graph.js';
import { dequantize, encodeInputs } from '../../src/integer/encode.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { quantize } from '../../src/quantize/quantize.js';
import { seeded } from '../onnx/support/random.js';
import { Sketch } from './support/graphs.js';

type Rows = readonly Float64Array[][];

/** Largest error of the first output on these rows. */
function errorOn(graph: Graph, samples: Rows, rows: Rows): number {
  const model = quantize(graph, { activationBits: 8, samples, inputRange: [-4, 4], evaluator });
  const run = evaluator(graph);
  const [{ tensor }] = graph.outputs;
  return Math.max(
    ...rows.map((row) => {
      const [integers] = runIntegerModel(model, encodeInputs(model.inputs, row));
      const expected = run(row).get(tensor)!;
      return Math.max(...dequantize(integers, model.outputs[0].scale).map((value, i) => Math.abs(value - expected[i])));
    }),
  );
}

const draw = (count: number, size: number, seed: number): Rows => {
  const random = seeded(seed);
  return Array.from({ length: count }, () => [Float64Array.from({ length: 4 }, () => size * (2 * random() - 1))]);
};

describe('values of which small differences matter', () => {
  /** Probabilities of three Gaussians: exp(s_k - log(sum of exp(s))) of scores that are sums of squares. */
  function mixture(): Graph {
    const s = new Sketch();
    const random = seeded(3);
    const x = s.input([1, 4]);
    const scores = [0, 1, 2].map(() => {
      const y = s.dense(x, 4, random);
      const wide = s.affine(y, new Float64Array(4).fill(12), new Float64Array(4).fill(0.5));
      const squares = s.multiply(wide, wide);
      return s.add(
        {
          op: 'mean',
          groups: { offsets: Uint32Array.of(0, 4), indices: Uint32Array.of(0, 1, 2, 3) },
          divisors: Float64Array.of(1),
        },
        [squares],
        [1, 1],
      );
    });
    const score = s.affine(s.concat(...scores), new Float64Array(3).fill(-0.5), Float64Array.of(1, 2, 0));
    const most = s.move([s.reduce(score, 'max')], [0, 0, 0], [], [1, 3]);
    const exponentials = s.add(
      { op: 'function', f: scalarFunction('Exp', {}) },
      [s.sum([score, most], [1, -1])],
      [1, 3],
    );
    const total = s.add(
      {
        op: 'mean',
        groups: { offsets: Uint32Array.of(0, 3), indices: Uint32Array.of(0, 1, 2) },
        divisors: Float64Array.of(1),
      },
      [exponentials],
      [1, 1],
    );
    const log = s.add({ op: 'function', f: scalarFunction('Log', {}) }, [total], [1, 1]);
    const whole = s.sum([s.reduce(score, 'max'), s.move([log], [0], [], [1])], [1, 1]);
    const below = s.sum([score, s.move([whole], [0, 0, 0], [], [1, 3])], [1, -1]);
    return s.graph(s.add({ op: 'function', f: scalarFunction('Exp', {}) }, [below], [1, 3]));
  }

  it('such as log densities of hundreds are as fine as what reads their differences asks, on rows farther out too', () => {
    const graph = mixture();
    const error = errorOn(graph, draw(40, 1, 5), [...draw(60, 1, 6), ...draw(20, 1.4, 7)]);
    assert.ok(error < 0.02, `${error}`);
  });

  it('are not cut off at the largest that calibration saw where a product reads them', () => {
    const s = new Sketch();
    const y = s.dense(s.input([1, 4]), 4, seeded(9));
    const cube = s.multiply(s.multiply(y, y), y);
    const error = errorOn(s.graph(s.dense(cube, 1, seeded(2))), draw(40, 1, 5), draw(20, 1.2, 7));
    assert.ok(error < 0.02, `${error}`);
  });

  it('are not lost in sums of what a function hardly holds any more: sixty kernels far away', () => {
    const s = new Sketch();
    const x = s.input([1, 4]);
    const far = s.dense(x, 60, seeded(4));
    const squares = s.affine(s.multiply(far, far), new Float64Array(60).fill(-9), new Float64Array(60));
    const kernel = s.add({ op: 'function', f: scalarFunction('Exp', {}) }, [squares], [1, 60]);
    const sum = s.add(
      {
        op: 'dense',
        rows: 1,
        inFeatures: 60,
        outFeatures: 1,
        weight: new Float64Array(60).fill(1),
        bias: Float64Array.of(0),
      },
      [kernel],
      [1, 1],
    );
    const error = errorOn(s.graph(sum), draw(60, 1, 5), draw(40, 3.5, 7));
    assert.ok(error < 0.1, `${error}`);
  });
});
