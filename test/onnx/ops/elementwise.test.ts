import assert from 'node:assert/strict';
import { buildGraph, decodeModel, UnsupportedOpError } from '../../../src/onnx/index.js';
import { agrees } from '../support/compare.js';
import { float, floats, int64s, makeModel, node, type ModelSpec } from '../support/make-model.js';
import { randomFloats, seeded } from '../support/random.js';

const random = seeded(11);
const values = (...dims: number[]) =>
  floats(
    dims,
    Array.from(
      randomFloats(
        dims.reduce((a, b) => a * b, 1),
        random,
      ),
    ),
  );
const SHAPES: [number[], number[]][] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], []],
  [[2, 3], [3]],
  [
    [2, 3],
    [2, 1],
  ],
  [
    [2, 1],
    [1, 3],
  ],
  [[3], [2, 4, 3]],
];

describe('arithmetic', () => {
  for (const op of ['Add', 'Sub', 'Mul', 'Div']) {
    for (const [a, b] of SHAPES) {
      const shapes = `[${a.join(', ')}] and [${b.join(', ')}]`;
      it(`${op} of an activation and a constant of shapes ${shapes} agrees with onnxruntime`, async () => {
        await agrees({
          inputs: { x: a },
          outputs: ['y'],
          constants: { c: values(...b) },
          nodes: [node(op, ['x', 'c'], ['y'])],
        });
      });
      it(`${op} of a constant and an activation of shapes ${shapes} agrees with onnxruntime`, async () => {
        await agrees({
          inputs: { x: b },
          outputs: ['y'],
          constants: { c: values(...a) },
          nodes: [node(op, ['c', 'x'], ['y'])],
        });
      });
      it(`${op} of two activations of shapes ${shapes} agrees with onnxruntime`, async () => {
        await agrees({ inputs: { a, b }, outputs: ['y'], nodes: [node(op, ['a', 'b'], ['y'])] });
      });
    }
  }

  for (const op of ['Add', 'Sub', 'Mul']) {
    it(`${op} of an activation with itself agrees with onnxruntime`, async () => {
      await agrees({ inputs: { x: [2, 3] }, outputs: ['y'], nodes: [node(op, ['x', 'x'], ['y'])] });
    });
  }

  it('between constants and an equal-shaped activation becomes one affine node', async () => {
    const graph = await agrees({
      inputs: { x: [2, 3] },
      outputs: ['y'],
      constants: { c: values(3) },
      nodes: [node('Sub', ['c', 'x'], ['y'])],
    });
    assert.deepEqual(
      graph.nodes.map(({ op }) => op),
      ['affine'],
    );
  });

  const refused: [string, ModelSpec, RegExp][] = [
    [
      'division by a constant zero',
      {
        inputs: { a: [2] },
        outputs: ['y'],
        constants: { c: floats([2], [1, 0]) },
        nodes: [node('Div', ['a', 'c'], ['y'], {}, 'd')],
      },
      /divides by zero/,
    ],
    [
      'integer division by an activation',
      {
        inputs: { a: { dims: [2], type: 'int64' }, b: { dims: [2], type: 'int64' } },
        outputs: { y: 'int64' },
        nodes: [node('Div', ['a', 'b'], ['y'], {}, 'd')],
      },
      /Node d \(Div\)/,
    ],
    [
      'arithmetic on booleans',
      {
        inputs: { a: { dims: [2], type: 'bool' } },
        outputs: { y: 'bool' },
        nodes: [node('Add', ['a', 'a'], ['y'], {}, 'd')],
      },
      /bool; cast them to float/,
    ],
  ];
  for (const [what, spec, message] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => buildGraph(decodeModel(makeModel(spec))),
        (error) => error instanceof UnsupportedOpError && message.test(error.message),
      );
    });
  }

  it('on 64-bit integers agrees with onnxruntime', async () => {
    await agrees(
      {
        inputs: { a: { dims: [2, 3], type: 'int64' } },
        outputs: { y: 'float' },
        constants: { c: int64s([2, -3, 4]) },
        nodes: [node('Mul', ['a', 'c'], ['m']), node('Add', ['m', 'a'], ['s']), node('Cast', ['s'], ['y'], { to: 1 })],
      },
      { whole: true },
    );
  });

  for (const power of [1, 2, 3]) {
    it(`Pow with exponent ${power} agrees with onnxruntime`, async () => {
      await agrees({
        inputs: { x: [2, 3] },
        outputs: ['y'],
        constants: { c: floats([1], [power]) },
        nodes: [node('Pow', ['x', 'c'], ['y'])],
      });
    });
  }
  it('Pow with exponents that differ agrees with onnxruntime', async () => {
    await agrees({
      inputs: { x: [2] },
      outputs: ['y'],
      constants: { c: floats([2], [3, 2]) },
      nodes: [node('Pow', ['x', 'c'], ['y'])],
    });
  });

  it('Neg agrees with onnxruntime', async () => {
    await agrees({ inputs: { x: [2, 3] }, outputs: ['y'], nodes: [node('Neg', ['x'], ['y'])] });
  });

  for (const op of ['Sum', 'Mean', 'Max', 'Min']) {
    it(`${op} of one activation agrees with onnxruntime`, async () => {
      await agrees({ inputs: { a: [2, 3] }, outputs: ['y'], nodes: [node(op, ['a'], ['y'])] });
    });
    it(`${op} of three activations, broadcast, agrees with onnxruntime`, async () => {
      await agrees({
        inputs: { a: [2, 3], b: [3], c: [2, 1] },
        outputs: ['y'],
        nodes: [node(op, ['a', 'b', 'c'], ['y'])],
      });
    });
    it(`${op} of activations and constants agrees with onnxruntime`, async () => {
      await agrees({
        inputs: { a: [2, 3], b: [3] },
        outputs: ['y'],
        constants: { c: values(2, 3), d: values(1) },
        nodes: [node(op, ['c', 'a', 'd', 'b'], ['y'])],
      });
    });
    it(`${op} of one activation and constants agrees with onnxruntime`, async () => {
      await agrees({
        inputs: { a: [2, 3] },
        outputs: ['y'],
        constants: { c: values(2, 3), d: values(1) },
        nodes: [node(op, ['c', 'a', 'd'], ['y'])],
      });
    });
  }

  it('Max with one number becomes a ReLU or a clip', async () => {
    const against = (bound: number, op: string): ModelSpec => ({
      inputs: { a: [2, 3] },
      outputs: ['y'],
      constants: { c: floats([], [bound]) },
      nodes: [node(op, ['a', 'c'], ['y'])],
    });
    assert.deepEqual(
      (await agrees(against(0, 'Max'))).nodes.map(({ op }) => op),
      ['prelu'],
    );
    assert.deepEqual(
      (await agrees(against(0.5, 'Max'))).nodes.map(({ op }) => op),
      ['clip'],
    );
    assert.deepEqual(
      (await agrees(against(0.5, 'Min'))).nodes.map(({ op }) => op),
      ['clip'],
    );
  });
});

describe('rectifiers', () => {
  for (const [op, attributes] of [
    ['Relu', {}],
    ['LeakyRelu', {}],
    ['LeakyRelu', { alpha: float(0.3) }],
    ['LeakyRelu', { alpha: float(-0.3) }],
    ['Abs', {}],
    ['HardSigmoid', {}],
    ['HardSwish', {}],
    ['HardSigmoid', { alpha: float(0.4), beta: float(0.1) }],
  ] as const) {
    it(`${op} with ${JSON.stringify(attributes)} agrees with onnxruntime`, async () => {
      await agrees({ inputs: { x: [3, 8] }, outputs: ['y'], nodes: [node(op, ['x'], ['y'], attributes)] });
    });
  }

  for (const slope of [[1], [4], [2, 1, 1], [2, 3, 4], []]) {
    it(`PRelu with a slope of shape [${slope.join(', ')}] agrees with onnxruntime`, async () => {
      await agrees({
        inputs: { x: [1, 2, 3, 4] },
        outputs: ['y'],
        constants: { s: values(...slope) },
        nodes: [node('PRelu', ['x', 's'], ['y'])],
      });
    });
  }

  it('PRelu with a slope that does not fit is an error', () => {
    const bytes = makeModel({
      inputs: { x: [1, 2] },
      outputs: ['y'],
      constants: { s: values(3, 2) },
      nodes: [node('PRelu', ['x', 's'], ['y'])],
    });
    assert.throws(() => buildGraph(decodeModel(bytes)), /slope does not broadcast/);
  });

  const scalar = (value: number) => floats([], [value]);
  const clips: [string, ModelSpec, string][] = [
    [
      'of opset 6 to 10, bounds as attributes',
      {
        opset: 10,
        inputs: { x: [3, 8] },
        outputs: ['y'],
        nodes: [node('Clip', ['x'], ['y'], { min: float(-0.5), max: float(0.7) })],
      },
      'clip',
    ],
    [
      'with bounds as inputs',
      {
        opset: 11,
        inputs: { x: [3, 8] },
        outputs: ['y'],
        constants: { a: scalar(-0.5), b: scalar(0.7) },
        nodes: [node('Clip', ['x', 'a', 'b'], ['y'])],
      },
      'clip',
    ],
    [
      'with only an upper bound',
      {
        inputs: { x: [3, 8] },
        outputs: ['y'],
        constants: { b: scalar(0.7) },
        nodes: [node('Clip', ['x', '', 'b'], ['y'])],
      },
      'clip',
    ],
    [
      'with only a lower bound of 0',
      { inputs: { x: [3, 8] }, outputs: ['y'], constants: { a: scalar(0) }, nodes: [node('Clip', ['x', 'a'], ['y'])] },
      'prelu',
    ],
    ['without bounds', { inputs: { x: [3, 8] }, outputs: ['y'], nodes: [node('Clip', ['x'], ['y'])] }, 'clip'],
    [
      'as ReLU6',
      {
        inputs: { x: [3, 8] },
        outputs: ['y'],
        constants: { a: scalar(0), b: scalar(6), k: scalar(5) },
        nodes: [node('Mul', ['x', 'k'], ['m']), node('Clip', ['m', 'a', 'b'], ['y'])],
      },
      'clip',
    ],
    [
      'with a lower bound above the upper one',
      {
        inputs: { x: [3, 8] },
        outputs: ['y'],
        constants: { a: scalar(1), b: scalar(-1) },
        nodes: [node('Clip', ['x', 'a', 'b'], ['y'])],
      },
      'affine',
    ],
  ];
  for (const [what, spec, op] of clips) {
    it(`Clip ${what} agrees with onnxruntime`, async () => {
      const graph = await agrees(spec);
      assert.equal(graph.nodes[graph.nodes.length - 1].op, op);
    });
  }
});
