import assert from 'node:assert/strict';
import { buildGraph, decodeModel, ShapeError, UnsupportedOpError } from '../../../src/onnx/index.js';
import { agrees } from '../support/compare.js';
import { float, floats, makeModel, node, type ModelSpec } from '../support/make-model.js';
import { randomFloats, seeded } from '../support/random.js';

const random = seeded(7);
const weights = (...dims: number[]) =>
  floats(
    dims,
    Array.from(
      randomFloats(
        dims.reduce((a, b) => a * b, 1),
        random,
      ),
    ),
  );
const kinds = async (spec: ModelSpec) => (await agrees(spec)).nodes.map(({ op }) => op);

describe('Gemm', () => {
  for (const transA of [0, 1]) {
    for (const transB of [0, 1]) {
      it(`with transA ${transA}, transB ${transB}, alpha and beta agrees with onnxruntime`, async () => {
        await agrees({
          inputs: { x: transA ? [4, 3] : [3, 4] },
          outputs: ['y'],
          constants: { w: transB ? weights(5, 4) : weights(4, 5), c: weights(5) },
          nodes: [node('Gemm', ['x', 'w', 'c'], ['y'], { transA, transB, alpha: float(0.5), beta: float(2) })],
        });
      });
    }
  }

  it('of one row becomes a single dense node', async () => {
    const spec = {
      inputs: { x: [1, 4] },
      outputs: ['y'],
      constants: { w: weights(5, 4), c: weights(1, 5) },
      nodes: [node('Gemm', ['x', 'w', 'c'], ['y'], { transB: 1 })],
    };
    assert.deepEqual(await kinds(spec), ['dense']);
  });

  it('without C agrees with onnxruntime', async () => {
    await agrees({
      inputs: { x: [2, 4] },
      outputs: ['y'],
      constants: { w: weights(4, 3) },
      nodes: [node('Gemm', ['x', 'w'], ['y'])],
    });
  });

  for (const dims of [[1], [3, 1], [2 + 1, 5], [1, 5]]) {
    it(`broadcasts a C of shape [${dims.join(', ')}]`, async () => {
      await agrees({
        inputs: { x: [3, 4] },
        outputs: ['y'],
        constants: { w: weights(4, 5), c: weights(...dims) },
        nodes: [node('Gemm', ['x', 'w', 'c'], ['y'], { beta: float(-1.5) })],
      });
    });
  }

  it('takes C from the network', async () => {
    await agrees({
      inputs: { x: [3, 4], c: [1, 5] },
      outputs: ['y'],
      constants: { w: weights(4, 5) },
      nodes: [node('Gemm', ['x', 'w', 'c'], ['y'], { alpha: float(3), beta: float(0.5) })],
    });
  });

  it('takes a constant A', async () => {
    await agrees({
      inputs: { x: [4, 5] },
      outputs: ['y'],
      constants: { a: weights(4, 3), c: weights(5) },
      nodes: [node('Gemm', ['a', 'x', 'c'], ['y'], { transA: 1, alpha: float(2) })],
    });
  });

  it('multiplies two activations', async () => {
    await agrees({
      inputs: { a: [3, 4], b: [5, 4] },
      outputs: ['y'],
      constants: { c: weights(5) },
      nodes: [node('Gemm', ['a', 'b', 'c'], ['y'], { transB: 1, alpha: float(0.25) })],
    });
  });

  it('with shapes that do not fit is an error naming node and shapes', () => {
    const bytes = makeModel({
      inputs: { x: [1, 4] },
      outputs: ['y'],
      constants: { w: weights(5, 3) },
      nodes: [node('Gemm', ['x', 'w'], ['y'], {}, 'fc1')],
    });
    assert.throws(
      () => buildGraph(decodeModel(bytes)),
      (error) =>
        error instanceof ShapeError &&
        /fc1 \(Gemm\)/.test(error.message) &&
        /\[1, 4\]/.test(error.message) &&
        /\[5, 3\]/.test(error.message),
    );
  });
});

describe('MatMul', () => {
  const cases: [string, number[], number[]][] = [
    ['a matrix', [3, 4], [4, 5]],
    ['a matrix, with leading dimensions on x', [2, 3, 4], [4, 5]],
    ['a matrix with leading dimensions of 1', [3, 4], [1, 1, 4, 5]],
    ['a vector', [3, 4], [4]],
    ['a matrix, x being a vector', [4], [4, 5]],
    ['a matrix per leading dimension', [2, 3, 4], [2, 4, 5]],
    ['matrices that x is broadcast to', [3, 4], [2, 4, 5]],
  ];
  for (const [what, x, w] of cases) {
    it(`multiplies x by ${what}`, async () => {
      await agrees({
        inputs: { x },
        outputs: ['y'],
        constants: { w: weights(...w) },
        nodes: [node('MatMul', ['x', 'w'], ['y'])],
      });
    });
    it(`multiplies ${what} by x (sides swapped, transposed)`, async () => {
      const flip = (dims: number[]) =>
        dims.length < 2 ? dims : [...dims.slice(0, -2), dims[dims.length - 1], dims[dims.length - 2]];
      await agrees({
        inputs: { x: flip(x) },
        outputs: ['y'],
        constants: { w: weights(...flip(w)) },
        nodes: [node('MatMul', ['w', 'x'], ['y'])],
      });
    });
    it(`multiplies two activations of such shapes as x and ${what}`, async () => {
      await agrees({ inputs: { x, w }, outputs: ['y'], nodes: [node('MatMul', ['x', 'w'], ['y'])] });
    });
  }

  it('by a constant matrix is one dense node over all rows', async () => {
    const graph = await agrees({
      inputs: { x: [2, 3, 4] },
      outputs: ['y'],
      constants: { w: weights(4, 5) },
      nodes: [node('MatMul', ['x', 'w'], ['y'])],
    });
    assert.equal(graph.nodes.length, 1);
    assert.equal(graph.nodes[0].op === 'dense' && graph.nodes[0].rows, 6);
  });

  it('of a matrix with itself agrees with onnxruntime', async () => {
    await agrees({ inputs: { x: [3, 3] }, outputs: ['y'], nodes: [node('MatMul', ['x', 'x'], ['y'])] });
  });
});

describe('Conv', () => {
  const conv = (
    x: number[],
    w: number[],
    attributes: NonNullable<Parameters<typeof node>[3]>,
    bias = true,
  ): ModelSpec => ({
    inputs: { x },
    outputs: ['y'],
    constants: { w: weights(...w), ...(bias ? { b: weights(w[0]) } : {}) },
    nodes: [node('Conv', bias ? ['x', 'w', 'b'] : ['x', 'w'], ['y'], attributes)],
  });
  const cases: [string, ModelSpec][] = [
    ['in two dimensions', conv([1, 3, 7, 6], [4, 3, 3, 2], {})],
    ['with a batch', conv([2, 3, 5, 5], [4, 3, 3, 3], { kernel_shape: [3, 3] })],
    ['without bias', conv([1, 2, 5, 5], [3, 2, 3, 3], {}, false)],
    ['in one dimension', conv([1, 3, 9], [2, 3, 4], { strides: [2], pads: [1, 2], dilations: [2] })],
    ['in three dimensions', conv([1, 2, 4, 5, 3], [3, 2, 2, 3, 2], { pads: [1, 0, 1, 0, 1, 1] })],
    ['with strides and asymmetric pads', conv([1, 3, 7, 6], [4, 3, 3, 2], { strides: [2, 3], pads: [1, 0, 2, 1] })],
    ['with dilations', conv([1, 2, 9, 9], [2, 2, 3, 3], { dilations: [2, 3] })],
    ['with groups', conv([1, 4, 5, 5], [6, 2, 3, 3], { group: 2, pads: [1, 1, 1, 1] })],
    ['depthwise', conv([1, 4, 5, 5], [4, 1, 3, 3], { group: 4 })],
    ['with auto_pad SAME_UPPER', conv([1, 2, 6, 7], [3, 2, 2, 3], { auto_pad: 'SAME_UPPER', strides: [2, 2] })],
    ['with auto_pad SAME_LOWER', conv([1, 2, 6, 7], [3, 2, 2, 4], { auto_pad: 'SAME_LOWER', strides: [1, 2] })],
    ['with auto_pad VALID', conv([1, 2, 6, 7], [3, 2, 2, 3], { auto_pad: 'VALID', strides: [2, 2] })],
  ];
  for (const [what, spec] of cases) {
    it(`${what} agrees with onnxruntime and is one node`, async () => {
      assert.deepEqual(await kinds(spec), ['conv']);
    });
  }

  it('with weights from the network is an error that says so', () => {
    const bytes = makeModel({
      inputs: { x: [1, 1, 4, 4], w: [1, 1, 2, 2] },
      outputs: ['y'],
      nodes: [node('Conv', ['x', 'w'], ['y'], {}, 'c')],
    });
    assert.throws(
      () => buildGraph(decodeModel(bytes)),
      (error) => error instanceof UnsupportedOpError && /Node c \(Conv\).*input w.*constant/.test(error.message),
    );
  });

  it('with a window larger than its input is a shape error', () => {
    assert.throws(() => buildGraph(decodeModel(makeModel(conv([1, 1, 3, 3], [1, 1, 4, 4], {})))), ShapeError);
  });

  it('with channels that do not fit its groups is a shape error', () => {
    assert.throws(() => buildGraph(decodeModel(makeModel(conv([1, 3, 5, 5], [2, 2, 3, 3], { group: 2 })))), ShapeError);
  });
});

describe('ConvTranspose', () => {
  const transposed = (
    x: number[],
    w: number[],
    attributes: NonNullable<Parameters<typeof node>[3]>,
    bias?: number,
  ): ModelSpec => ({
    inputs: { x },
    outputs: ['y'],
    constants: { w: weights(...w), ...(bias ? { b: weights(bias) } : {}) },
    nodes: [node('ConvTranspose', bias ? ['x', 'w', 'b'] : ['x', 'w'], ['y'], attributes, 'up')],
  });
  const cases: [string, ModelSpec][] = [
    ['in two dimensions', transposed([1, 3, 4, 5], [3, 2, 3, 2], {}, 2)],
    ['in one dimension', transposed([2, 3, 4], [3, 2, 3], { strides: [2] })],
    ['with strides and pads', transposed([1, 3, 4, 5], [3, 2, 4, 4], { strides: [2, 2], pads: [1, 0, 1, 2] }, 2)],
    [
      'with output_padding',
      transposed([1, 3, 4, 5], [3, 2, 3, 3], { strides: [2, 3], pads: [1, 1, 1, 1], output_padding: [1, 2] }),
    ],
    ['with dilations', transposed([1, 2, 4, 4], [2, 2, 3, 3], { dilations: [2, 1] })],
    ['with groups', transposed([1, 4, 3, 3], [4, 3, 2, 2], { group: 2, strides: [2, 2] }, 6)],
    ['with pads that crop', transposed([1, 1, 4, 4], [1, 1, 1, 1], { pads: [1, 0, 0, 1] })],
    ['with output_shape', transposed([1, 1, 4, 4], [1, 1, 3, 3], { strides: [2, 2], output_shape: [8, 8] })],
    ['with auto_pad SAME_UPPER', transposed([1, 1, 4, 5], [1, 1, 4, 3], { strides: [2, 2], auto_pad: 'SAME_UPPER' })],
    ['with auto_pad SAME_LOWER', transposed([1, 1, 4, 5], [1, 1, 4, 3], { strides: [2, 2], auto_pad: 'SAME_LOWER' })],
    ['with auto_pad VALID', transposed([1, 1, 4, 5], [1, 1, 4, 3], { strides: [2, 2], auto_pad: 'VALID' })],
  ];
  for (const [what, spec] of cases) {
    it(`${what} agrees with onnxruntime`, async () => {
      assert.deepEqual(await kinds(spec), ['move', 'conv']);
    });
  }
  it('with channels that do not fit is a shape error', () => {
    assert.throws(
      () => buildGraph(decodeModel(makeModel(transposed([1, 2, 4, 4], [3, 2, 3, 3], {})))),
      /Node up \(ConvTranspose\).*2 input channels/,
    );
  });
});

describe('BatchNormalization', () => {
  for (const opset of [7, 9, 14, 15]) {
    it(`of opset ${opset} becomes an affine map per channel`, async () => {
      const graph = await agrees({
        opset,
        inputs: { x: [2, 3, 2, 2] },
        outputs: ['y'],
        constants: { s: weights(3), b: weights(3), m: weights(3), v: floats([3], [0.5, 1, 2]) },
        nodes: [
          node('BatchNormalization', ['x', 's', 'b', 'm', 'v'], ['y'], { epsilon: float(1e-3), momentum: float(0.8) }),
        ],
      });
      assert.deepEqual(
        graph.nodes.map(({ op }) => op),
        ['affine'],
      );
    });
  }
});
