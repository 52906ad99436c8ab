/** Layers whose result changes much where their input hardly does: at the end of a domain, next to zero, at a tie. */
import assert from 'node:assert/strict';
import { buildGraph, decodeModel, evaluator } from '../../src/onnx/index.js';
import { encodeInputs } from '../../src/integer/encode.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { quantize } from '../../src/quantize/quantize.js';
import { float, floatList, floats, int64s, makeModel, node, type ModelSpec } from '../onnx/support/make-model.js';
import { seeded } from '../onnx/support/random.js';

/** Largest error of the integer model on the last row, calibrated on the others, against the outputs' range there. */
function errorOf(spec: ModelSpec, rows: readonly Float64Array[]): number {
  const graph = buildGraph(decodeModel(makeModel(spec)));
  const samples = rows.slice(0, -1).map((row) => [row]);
  const model = quantize(graph, { activationBits: 8, samples, evaluator });
  const row = [rows[rows.length - 1]];
  const exact = evaluator(graph)(row).get(graph.outputs[0].tensor) as Float64Array;
  const [given] = runIntegerModel(model, encodeInputs(model.inputs, row));
  const errors = exact.map((value, i) => Math.abs(given[i] * model.outputs[0].scale - value));
  return Math.max(...errors) / (Math.max(...exact) - Math.min(0, ...exact));
}

function drawn(rows: number, size: number, scale = 1): Float64Array[] {
  const random = seeded(7);
  return Array.from({ length: rows }, () => Float64Array.from({ length: size }, () => scale * (2 * random() - 1)));
}

describe('what is steep somewhere', () => {
  it('keeps the value that a function has at the end of its domain, though the grid has no point there', () => {
    const rows = [
      [10, 1],
      [9, 2],
      [7.3, 1.4],
      [5, 1],
    ].map((row) => Float64Array.from(row));
    const acosh = { inputs: { x: [2] }, outputs: ['y'], nodes: [node('Acosh', ['x'], ['y'])] };
    assert.ok(errorOf(acosh, rows) < 0.01);
    const acos = { inputs: { x: [2] }, outputs: ['y'], nodes: [node('Acos', ['x'], ['y'])] };
    assert.ok(
      errorOf(
        acos,
        rows.map(([a, b]) => Float64Array.of(a / 10, b > 1 ? -0.3 : 1)),
      ) < 0.01,
    );
  });

  for (const p of [3, 4, 5]) {
    it(`is the p-th root of a sum of powers next to zero, for p = ${p}`, () => {
      const pool = {
        inputs: { x: [1, 1, 12] },
        outputs: ['y'],
        opset: 18,
        nodes: [node('LpPool', ['x'], ['y'], { kernel_shape: [2], strides: [2], p })],
      };
      const near = Float64Array.of(0.9, 0.5, 0.02, 0.03, -0.05, 0.01, 0.1, -0.1, -0.9, 0.2, 0.04, 0.06);
      assert.ok(errorOf(pool, [...drawn(12, 12), near]) < 0.01);
    });
  }

  it('is a power transform of numbers of either sign, each branch undefined where the other holds', () => {
    const imputer = (from: string, to: string) => ({
      ...node('Imputer', [from], [to], { imputed_value_floats: floatList([0]), replaced_value_float: float(NaN) }),
      domain: 'ai.onnx.ml',
    });
    const transform: ModelSpec = {
      inputs: { x: [1, 2] },
      outputs: ['y'],
      domains: { 'ai.onnx.ml': 3 },
      constants: {
        one: floats([1], [1]),
        zero: floats([1], [0]),
        up: floats([2], [0.3, 1.7]),
        down: floats([2], [1.7, 0.3]),
      },
      nodes: [
        node('Add', ['x', 'one'], ['a']),
        node('Pow', ['a', 'up'], ['p']),
        node('Sub', ['p', 'one'], ['b']),
        node('Div', ['b', 'up'], ['c']),
        imputer('c', 'above'),
        node('Sub', ['one', 'x'], ['d']),
        node('Pow', ['d', 'down'], ['q']),
        node('Sub', ['one', 'q'], ['e']),
        node('Div', ['e', 'down'], ['f']),
        imputer('f', 'below'),
        node('Less', ['x', 'zero'], ['less']),
        node('Where', ['less', 'below', 'above'], ['y']),
      ],
    };
    assert.ok(errorOf(transform, [...drawn(30, 2, 3), Float64Array.of(-2.5, 2.3)]) < 0.01);
  });

  it('is a logarithm of a sum of exponentials, however far the arguments lie apart', () => {
    const spec = (nodes: ModelSpec['nodes']): ModelSpec => ({
      inputs: { x: [2, 4] },
      outputs: ['y'],
      opset: 18,
      constants: { axis: int64s([1]) },
      nodes,
    });
    const written = spec([
      node('Exp', ['x'], ['e']),
      node('ReduceSum', ['e', 'axis'], ['s'], { keepdims: 0 }),
      node('Log', ['s'], ['y']),
    ]);
    const rows = [...drawn(12, 8, 30), Float64Array.of(-20, -25, -21, -27, 26, 3, 25, 11)];
    assert.ok(errorOf(written, rows) < 0.01);
    // What is written with the largest taken out gets no second maximum.
    const below = spec([
      node('ReduceMax', ['x', 'axis'], ['m'], { keepdims: 1 }),
      node('Sub', ['x', 'm'], ['d']),
      node('Exp', ['d'], ['e']),
      node('ReduceSum', ['e', 'axis'], ['s'], { keepdims: 1 }),
      node('Log', ['s'], ['l']),
      node('Add', ['l', 'm'], ['y']),
    ]);
    const { nodes } = buildGraph(decodeModel(makeModel(below)));
    assert.equal(nodes.filter(({ op }) => op === 'max').length, 1);
    assert.ok(errorOf(below, rows) < 0.01);
  });

  it('is the position of the largest of inputs that are nearly equal', () => {
    const hardmax = { inputs: { x: [1, 4] }, outputs: ['y'], nodes: [node('Hardmax', ['x'], ['y'])] };
    assert.equal(errorOf(hardmax, [...drawn(8, 4), Float64Array.of(0.3, 0.5, 0.5002, -0.1)]), 0);
  });

  it('is the whole part of inputs that are whole numbers', () => {
    const spec: ModelSpec = {
      inputs: { x: [3] },
      outputs: ['y'],
      constants: { depth: int64s([10], []), values: floats([2], [1, 3]) },
      nodes: [node('OneHot', ['x', 'depth', 'values'], ['y'])],
    };
    const rows = [
      [0, 9, 3],
      [1, 2, 8.7],
      [6, 7, 5],
      [4, 8, 1],
    ].map((row) => Float64Array.from(row));
    assert.equal(errorOf(spec, rows), 0);
  });

  it('are outputs that hardly differ on one row, of a network so small that bits cost nothing', () => {
    const spec: ModelSpec = {
      inputs: { x: [1, 4] },
      outputs: ['y'],
      constants: { w: floats([4, 1], [0.7, -0.4, 0.9, -1.2]) },
      nodes: [node('MatMul', ['x', 'w'], ['y'])],
    };
    const rows = [...drawn(12, 4), Float64Array.of(0.31, 0.52, 0.11, 0.03)];
    assert.ok(errorOf(spec, rows) < 0.02);
  });
});

describe('a constant among tensors that have no room for more bits', () => {
  it('is rounded to their step: polynomial features of standardized columns that go together', () => {
    const pairs = [[0], [1], [2], [3], [0, 0], [0, 1], [0, 2], [0, 3], [1, 1], [1, 2], [1, 3], [2, 2], [2, 3], [3, 3]];
    const ranges = [
      [4.3, 3.6],
      [2, 2.4],
      [1, 5.9],
      [0.1, 2.4],
    ];
    const random = seeded(7);
    const rows = Array.from({ length: 60 }, () => {
      const at = random();
      return Float64Array.from(ranges, ([low, span]) => low + at * span);
    });
    const weights = [
      0.00017, -0.61, 0.36, -0.84, -0.79, 0.1, -0.1, 0.25, 0.27, 0.09, -0.13, -0.12, 0.37, 0.35, 0.31, 0.00084, 0.43,
      -0.13, -0.065, -0.28, -0.032, -0.14, -0.33, -0.28, 0.17, 0.28, 0.46, -0.9, -0.93, -1.02,
    ];
    const model: ModelSpec = {
      inputs: { x: [1, 4] },
      outputs: ['y'],
      constants: {
        middle: floats([4], [5.84, 3.1, 3.65, 1.15]),
        scale: floats([4], [1.13, 2.35, 0.54, 1.25]),
        one: floats([1, 1], [1]),
        weights: floats([2, 15], weights),
        ...Object.fromEntries(pairs.map((pair, k) => [`pair${k}`, int64s(pair)])),
      },
      nodes: [
        node('Sub', ['x', 'middle'], ['centred']),
        node('Mul', ['centred', 'scale'], ['z']),
        ...pairs.flatMap((_, k) => [
          node('Gather', ['z', `pair${k}`], [`columns${k}`], { axis: 1 }),
          node('ReduceProd', [`columns${k}`], [`product${k}`], { axes: [1] }),
        ]),
        node('Concat', ['one', ...pairs.map((_, k) => `product${k}`)], ['all'], { axis: 1 }),
        node('Gemm', ['all', 'weights'], ['y'], { transB: 1 }),
      ],
    };
    assert.ok(errorOf(model, rows) < 0.01);
  });
});
