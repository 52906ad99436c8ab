import assert from 'node:assert/strict';
import { evaluator } from '../../src/network/evaluate.js';
import type { ConvNode, DenseNode, Graph } from '../../src/network/graph.js';
import { Observations, roundTogether } from '../../src/quantize/correlation.js';
import { encodeInputs } from '../../src/integer/encode.js';
import { quantize } from '../../src/quantize/quantize.js';
import { variance } from '../../src/quantize/rounding.js';
import { seeded } from '../onnx/support/random.js';
import { numbers, Sketch, type Random } from './support/graphs.js';

type Rows = readonly (readonly Float64Array[])[];

/** Waves of one or two lengths, at random places: neighbours are much alike. */
const smooth = (size: number, count: number, random: Random): Rows =>
  Array.from({ length: count }, () => {
    const [a, b, phase, place] = [random(), random(), 6 * random(), 6 * random()];
    return [Float64Array.from({ length: size }, (_, i) => a * Math.sin(i / 3 + phase) + b * Math.cos(i / 7 + place))];
  });

/** Each element of another row: as often each value, but nothing goes together. */
const shuffled = (rows: Rows): Rows =>
  rows.map((_, k) => [rows[k][0].map((__, i) => rows[(k + 7 * i * (i + 3)) % rows.length][0][i])]);

const deviation = (errors: readonly number[]): number => {
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  return Math.sqrt(errors.reduce((sum, error) => sum + (error - mean) ** 2, 0) / errors.length);
};

/** How far the first layer's result strays on `rows` where its weights are rounded together and where each by itself. */
function strays(graph: Graph, calibration: Rows, rows: Rows, unit = 1): { together: number; alone: number } {
  const node = graph.nodes[0] as ConvNode | DenseNode;
  const run = evaluator(graph);
  const observed = new Observations(graph, calibration.length);
  for (const row of calibration) observed.add(run(row));
  const units = (i: number): number => (i % 2 === 0 ? 1 : unit);
  const groups = observed.correlations(node.output, units);
  assert.ok(groups !== undefined);
  const each = node.weight.length / node.bias.length;
  const exact = node.weight.map((value, k) => 4 * value * units(k));
  const [together, alone] = [exact.slice(), exact.map(Math.round)];
  node.bias.forEach((_, o) =>
    roundTogether(
      together.subarray(o * each, (o + 1) * each),
      groups[Math.floor((o * groups.length) / node.bias.length)],
    ),
  );
  assert.ok(together.every(Number.isInteger));
  const error = (weights: Float64Array): number => {
    const weight = weights.map((value, k) => (value - exact[k]) / units(k));
    const errors = evaluator({ ...graph, nodes: [{ ...node, weight, bias: node.bias.map(() => 0) }] });
    return deviation(rows.flatMap((row) => Array.from(errors(row).get(node.output) as Float64Array)));
  };
  return { together: error(together), alone: error(alone) };
}

describe('weights that are rounded together', () => {
  /** Which, how far they stray at most in parts of what they would each by itself, and the unit of every other input. */
  const layers: readonly (readonly [string, number, (random: Random) => Graph, number?])[] = [
    ['a dense layer', 1 / 2, (r) => sketched((s) => s.dense(s.input([1, 48]), 12, r))],
    [
      'a dense layer whose inputs have units of their own',
      1 / 2,
      (r) => sketched((s) => s.dense(s.input([1, 48]), 12, r)),
      16,
    ],
    ['a dense layer over several rows', 1 / 2, (r) => sketched((s) => s.dense(s.input([4, 12]), 6, r))],
    [
      'a convolution with padding and strides',
      0.85,
      (r) =>
        sketched((s) =>
          s.conv(s.input([1, 1, 6, 8]), 6, r, {
            kernel: [3, 3],
            strides: [2, 1],
            padsBegin: [1, 1],
            padsEnd: [1, 0],
          }),
        ),
    ],
    [
      'a convolution in groups',
      0.65,
      (r) => sketched((s) => s.conv(s.input([1, 4, 12]), 8, r, { kernel: [5], groups: 2 })),
    ],
  ];
  for (const [name, share, make, unit] of layers) {
    it(`of ${name} err less on new rows of the same kind`, () => {
      const random = seeded(4);
      const { together, alone } = strays(make(random), smooth(48, 60, random), smooth(48, 60, random), unit);
      assert.ok(together < share * alone, `${together} against ${alone}`);
    });
  }

  it('err by hardly more on new rows where few rows show only accidents', () => {
    const random = seeded(9);
    const graph = sketched((s) => s.dense(s.input([1, 40]), 12, random));
    const noise = (count: number): Rows => Array.from({ length: count }, () => [numbers(random, 40)]);
    const { together, alone } = strays(graph, noise(20), noise(60));
    assert.ok(together < 1.15 * alone, `${together} against ${alone}`);
  });

  it('are those of the quantized model', () => {
    const random = seeded(4);
    const graph = sketched((s) => s.dense(s.input([1, 48]), 1, random));
    const samples = smooth(48, 60, random);
    const model = quantize(graph, { activationBits: 8, samples, inputRange: [-2, 2], evaluator });
    const [{ weight: real }, layer] = [graph.nodes[0] as DenseNode, model.ops.find(({ kind }) => kind === 'dense')];
    assert.ok(layer?.kind === 'dense');
    const exact = real.map((value) => (value * model.inputs[0].scale[0]) / layer.scale);
    const rows = smooth(48, 60, random).map((row) => encodeInputs(model.inputs, row)[0]);
    const error = (weights: ArrayLike<number>): number =>
      deviation(rows.map((x) => x.reduce((sum, value, k) => sum + value * (weights[k] - exact[k]), 0)));
    const [together, alone] = [error(layer.weight), error(exact.map(Math.round))];
    assert.ok(together < 0.75 * alone, `${together} against ${alone}`);
  });

  it('may be coarser where what they multiply goes together, by one bit at most', () => {
    const random = seeded(4);
    const graph = sketched((s) => s.dense(s.input([1, 48]), 1, random));
    const varianceOn = (rows: Rows, isLeading: boolean): number => {
      const observed = new Observations(graph, rows.length);
      for (const row of rows) observed.add(evaluator(graph)(row));
      const squares = rows.flatMap(([row]) => Array.from(row, (value) => value ** 2));
      const meanSquare = squares.reduce((sum, value) => sum + value, 0) / squares.length;
      const part = { factor: 1, mean: 0, meanSquare, isLeading };
      return (
        variance(
          part,
          observed.correlations(graph.nodes[0].output, () => 1),
        ) / meanSquare
      );
    };
    const rows = smooth(48, 400, random);
    assert.equal(varianceOn(rows, true), 1 / 4);
    assert.equal(varianceOn(rows, false), 1);
    assert.ok(varianceOn(shuffled(rows), true) > 0.8);
  });
});

function sketched(make: (sketch: Sketch) => string): Graph {
  const sketch = new Sketch();
  return sketch.graph(make(sketch));
}
