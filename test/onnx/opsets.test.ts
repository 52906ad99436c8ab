/**
 * Operators whose meaning does not change between operator-set versions, and onnxjs as a second opinion on the old
 * ones.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { buildGraph, decodeModel, evaluate, NEWEST_OPSET, OLDEST_OPSET, sizeOf } from '../../src/onnx/index.js';
import { agrees, randomInputs } from './support/compare.js';
import { float, floats, makeModel, node, type ModelSpec } from './support/make-model.js';
import { randomFloats, seeded } from './support/random.js';

const random = seeded(3);
const weights = (...dims: number[]) => floats(dims, Array.from(randomFloats(sizeOf(dims), random)));

/** A small image classifier. */
const network = (opset: number): ModelSpec => ({
  opset,
  inputs: { x: [1, 2, 8, 8] },
  outputs: ['y'],
  constants: {
    w: weights(4, 2, 3, 3),
    b: weights(4),
    s: weights(4),
    o: weights(4),
    m: weights(4),
    v: floats([4], [1, 2, 0.5, 1]),
    fc: weights(5, 36),
    c: weights(5),
  },
  nodes: [
    node('Conv', ['x', 'w', 'b'], ['conv'], { kernel_shape: [3, 3] }),
    node('BatchNormalization', ['conv', 's', 'o', 'm', 'v'], ['norm'], { epsilon: float(1e-5) }),
    node('LeakyRelu', ['norm'], ['act'], { alpha: float(0.1) }),
    node('MaxPool', ['act'], ['pool'], { kernel_shape: [2, 2], strides: [2, 2] }),
    node('Flatten', ['pool'], ['flat'], { axis: 1 }),
    node('Gemm', ['flat', 'fc', 'c'], ['fcOut'], { transB: 1 }),
    node('Relu', ['fcOut'], ['y']),
  ],
});

/** The newest operator set that the bundled onnxruntime loads. */
const RUNTIME_NEWEST = 26;

describe('every operator set', () => {
  for (let opset = 7; opset <= Math.min(NEWEST_OPSET, RUNTIME_NEWEST); opset++) {
    it(`of version ${opset} gives a network with the values of onnxruntime`, async () => {
      const graph = await agrees(network(opset));
      assert.deepEqual(
        graph.nodes.map(({ op }) => op),
        ['conv', 'affine', 'prelu', 'max', 'move', 'dense', 'prelu'],
      );
    });
  }
});

describe('operator sets before version 7', () => {
  const constants = { w: weights(3, 2, 3, 3), b: weights(3) };
  const old = (opset: number, nodes: ModelSpec['nodes']): ModelSpec => ({
    opset,
    irVersion: 3,
    inputs: { x: [1, 2, 4, 4], z: [1, 2, 4, 4] },
    outputs: ['y'],
    constants,
    nodes,
  });
  const plain = (old6: boolean): ModelSpec['nodes'] => [
    node('Add', ['x', 'z'], ['s'], old6 ? { broadcast: 0 } : {}),
    node('Conv', ['s', 'w', 'b'], ['c'], { kernel_shape: [3, 3] }),
    node('Relu', ['c'], ['r'], old6 ? { consumed_inputs: [0] } : {}),
    node('AveragePool', ['r'], ['y'], { kernel_shape: [2, 2] }),
  ];

  it('give the network of version 7 where their operators meant the same', () => {
    for (let opset = OLDEST_OPSET; opset < 7; opset++) {
      const [before, after] = [old(opset, plain(true)), old(7, plain(false))].map((spec) =>
        buildGraph(decodeModel(makeModel(spec))),
      );
      assert.deepEqual(before.nodes, after.nodes);
    }
  });
  it('are refused, with the version that would do, where an operator meant something else', () => {
    for (const [opset, broken] of [
      [6, node('Dropout', ['x'], ['y'], {}, 'n')],
      [6, node('PRelu', ['x', 'b'], ['y'], {}, 'n')],
      [6, node('Add', ['x', 'b'], ['y'], { broadcast: 1, axis: 1 }, 'n')],
      [3, node('Concat', ['x', 'z'], ['y'], {}, 'n')],
      [4, node('Reshape', ['x'], ['y'], { shape: [32] }, 'n')],
    ] as const) {
      assert.throws(
        () => buildGraph(decodeModel(makeModel(old(opset, [broken])))),
        /Node n .*something else before opset 7/,
      );
    }
  });
});

interface OnnxJs {
  Tensor: new (data: Float32Array, type: string, dims: readonly number[]) => { data: Float32Array };
  InferenceSession: new (options: { backendHint: string }) => {
    loadModel(buffer: ArrayBuffer): Promise<void>;
    run(inputs: unknown[]): Promise<Map<string, { data: Float32Array }>>;
  };
}

describe('onnxjs', () => {
  const { Tensor, InferenceSession } = createRequire(import.meta.url)('onnxjs') as OnnxJs;

  async function secondOpinion(spec: ModelSpec): Promise<void> {
    const graph = buildGraph(decodeModel(makeModel(spec)));
    const outputShapes = Object.fromEntries(graph.outputs.map(({ name, shape }) => [name, shape]));
    const bytes = makeModel({ ...spec, irVersion: 4, outputShapes });
    const inputs = randomInputs(graph, 5);
    const values = evaluate(
      graph,
      inputs.map((data) => Float64Array.from(data)),
    );
    const session = new InferenceSession({ backendHint: 'cpu' });
    await session.loadModel(bytes.slice().buffer);
    const results = await session.run(graph.inputs.map(({ shape }, i) => new Tensor(inputs[i], 'float32', shape)));
    for (const { name, tensor } of graph.outputs) {
      const expected = results.get(name)!.data;
      const actual = values.get(tensor)!;
      assert.equal(actual.length, expected.length);
      const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
      actual.forEach((value, i) =>
        assert.ok(Math.abs(value - expected[i]) < 1e-5 * scale, `${name}[${i}]: ${value} and ${expected[i]}`),
      );
    }
  }

  it('agrees on a small image classifier', () => secondOpinion(network(7)));

  const cases: [string, ModelSpec][] = [
    [
      'a grouped, dilated, strided, padded convolution',
      {
        opset: 7,
        inputs: { x: [1, 4, 9, 8] },
        outputs: ['y'],
        constants: { w: weights(6, 2, 3, 2), b: weights(6) },
        nodes: [
          node('Conv', ['x', 'w', 'b'], ['y'], { group: 2, dilations: [2, 1], strides: [1, 2], pads: [1, 0, 2, 1] }),
        ],
      },
    ],
    [
      'average pooling that counts its padding',
      {
        opset: 7,
        inputs: { x: [1, 2, 6, 6] },
        outputs: ['y'],
        nodes: [
          node('AveragePool', ['x'], ['y'], {
            kernel_shape: [3, 3],
            strides: [2, 2],
            pads: [1, 1, 1, 1],
            count_include_pad: 1,
          }),
        ],
      },
    ],
    [
      'average pooling that does not',
      {
        opset: 7,
        inputs: { x: [1, 2, 6, 6] },
        outputs: ['y'],
        nodes: [node('AveragePool', ['x'], ['y'], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] })],
      },
    ],
    [
      'a product and a difference of activations',
      {
        opset: 7,
        inputs: { a: [2, 3], b: [2, 3] },
        outputs: ['y'],
        nodes: [node('Mul', ['a', 'b'], ['m']), node('Sub', ['m', 'a'], ['y'])],
      },
    ],
    [
      'a transposition',
      {
        opset: 7,
        inputs: { x: [2, 3, 4] },
        outputs: ['y'],
        nodes: [node('Transpose', ['x'], ['y'], { perm: [2, 0, 1] })],
      },
    ],
    [
      'a concatenation',
      {
        opset: 7,
        inputs: { a: [2, 3], b: [2, 2] },
        outputs: ['y'],
        nodes: [node('Concat', ['a', 'b'], ['y'], { axis: 1 })],
      },
    ],
    [
      'a mean over axes',
      {
        opset: 7,
        inputs: { x: [2, 3, 4] },
        outputs: ['y'],
        nodes: [node('ReduceMean', ['x'], ['y'], { axes: [1, 2], keepdims: 0 })],
      },
    ],
    [
      'a product with a constant matrix',
      {
        opset: 7,
        inputs: { x: [3, 4] },
        outputs: ['y'],
        constants: { w: weights(4, 2) },
        nodes: [node('MatMul', ['x', 'w'], ['y'])],
      },
    ],
    [
      'a clip',
      {
        opset: 7,
        inputs: { x: [3, 4] },
        outputs: ['y'],
        nodes: [node('Clip', ['x'], ['y'], { min: float(-1), max: float(0.5) })],
      },
    ],
    [
      'padding',
      {
        opset: 7,
        inputs: { x: [2, 3] },
        outputs: ['y'],
        nodes: [node('Pad', ['x'], ['y'], { pads: [0, 1, 2, 0], value: float(3) })],
      },
    ],
    [
      'a slice',
      {
        opset: 7,
        inputs: { x: [4, 5] },
        outputs: ['y'],
        nodes: [node('Slice', ['x'], ['y'], { starts: [1, 0], ends: [3, -1], axes: [0, 1] })],
      },
    ],
  ];
  for (const [what, spec] of cases) {
    it(`agrees on ${what}`, () => secondOpinion(spec));
  }
});
