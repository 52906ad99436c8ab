import assert from 'node:assert/strict';
import { buildGraph, decodeModel, ShapeError } from '../../../src/onnx/index.js';
import { agrees } from '../support/compare.js';
import { makeModel, node, type AttributeSpec, type ModelSpec } from '../support/make-model.js';

type Attributes = Record<string, AttributeSpec>;

const pool = (op: string, x: number[], attributes: Attributes, opset = 17): ModelSpec => ({
  opset,
  inputs: { x },
  outputs: ['y'],
  nodes: [node(op, ['x'], ['y'], attributes, 'pool')],
});

const GEOMETRIES: [string, number[], Attributes][] = [
  ['in two dimensions', [2, 3, 6, 4], { kernel_shape: [2, 2], strides: [2, 2] }],
  ['in one dimension', [1, 3, 9], { kernel_shape: [3], strides: [2] }],
  ['in three dimensions', [1, 2, 4, 4, 4], { kernel_shape: [2, 3, 2] }],
  ['with overlapping windows and pads', [1, 2, 7, 7], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
  ['with asymmetric pads', [1, 2, 5, 6], { kernel_shape: [3, 2], pads: [2, 0, 1, 1] }],
  ['with auto_pad SAME_UPPER', [1, 2, 5, 6], { kernel_shape: [3, 2], strides: [2, 2], auto_pad: 'SAME_UPPER' }],
  ['with auto_pad SAME_LOWER', [1, 2, 5, 6], { kernel_shape: [3, 2], strides: [2, 2], auto_pad: 'SAME_LOWER' }],
  ['with auto_pad VALID', [1, 2, 5, 6], { kernel_shape: [3, 2], strides: [2, 2], auto_pad: 'VALID' }],
  ['with ceil_mode', [1, 2, 6, 7], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }],
  [
    'with ceil_mode and pads',
    [1, 2, 6, 7],
    { kernel_shape: [3, 3], strides: [2, 3], pads: [1, 1, 1, 1], ceil_mode: 1 },
  ],
  [
    'with ceil_mode and a window that would begin in the padding',
    [1, 1, 4, 4],
    { kernel_shape: [2, 2], strides: [3, 3], pads: [1, 1, 1, 1], ceil_mode: 1 },
  ],
];

describe('MaxPool', () => {
  for (const [what, x, attributes] of GEOMETRIES) {
    it(`${what} agrees with onnxruntime`, async () => {
      await agrees(pool('MaxPool', x, attributes));
    });
  }
  it('with dilations agrees with onnxruntime', async () => {
    await agrees(pool('MaxPool', [1, 2, 9, 8], { kernel_shape: [3, 2], dilations: [2, 3], strides: [1, 2] }));
  });
  for (const opset of [7, 8, 10, 11, 12]) {
    it(`of opset ${opset} agrees with onnxruntime`, async () => {
      await agrees(pool('MaxPool', [1, 2, 6, 6], { kernel_shape: [2, 2], strides: [2, 2] }, opset));
    });
  }
  it('whose indices are read agrees with onnxruntime', async () => {
    await agrees({
      inputs: { x: [1, 1, 4, 4] },
      outputs: { y: 'float', z: 'int64' },
      nodes: [node('MaxPool', ['x'], ['y', 'i'], { kernel_shape: [2, 2] }, 'pool'), node('Identity', ['i'], ['z'])],
    });
  });
  it('with a window wholly in the padding is a shape error', () => {
    const bytes = makeModel(pool('MaxPool', [1, 1, 2, 2], { kernel_shape: [1, 1], pads: [1, 1, 1, 1] }));
    assert.throws(() => buildGraph(decodeModel(bytes)), ShapeError);
  });
});

describe('AveragePool', () => {
  for (const [what, x, attributes] of GEOMETRIES) {
    for (const include of [0, 1]) {
      it(`${what}, count_include_pad ${include}, agrees with onnxruntime`, async () => {
        for (const opset of [11, 19, 22])
          await agrees(pool('AveragePool', x, { ...attributes, count_include_pad: include }, opset));
      });
    }
  }
  for (const include of [0, 1]) {
    it(`with dilations, count_include_pad ${include}, agrees with onnxruntime`, async () => {
      await agrees(
        pool(
          'AveragePool',
          [1, 2, 9, 8],
          { kernel_shape: [3, 2], dilations: [2, 3], pads: [1, 1, 2, 0], count_include_pad: include },
          19,
        ),
      );
    });
  }
  for (const opset of [7, 10, 11]) {
    it(`of opset ${opset} agrees with onnxruntime`, async () => {
      await agrees(
        pool('AveragePool', [1, 2, 6, 6], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }, opset),
      );
    });
  }
  it('becomes one mean node with the divisor of each window', async () => {
    const graph = await agrees(pool('AveragePool', [1, 1, 2, 2], { kernel_shape: [2, 2], pads: [1, 1, 1, 1] }));
    const [mean] = graph.nodes;
    assert.equal(mean.op, 'mean');
    assert.deepEqual(mean.op === 'mean' && Array.from(mean.divisors), [1, 2, 1, 2, 4, 2, 1, 2, 1]);
  });
});

describe('global pooling', () => {
  for (const op of ['GlobalAveragePool', 'GlobalMaxPool']) {
    for (const x of [
      [2, 3, 4, 5],
      [1, 2, 7],
      [1, 2, 2, 3, 2],
    ]) {
      it(`${op} of [${x.join(', ')}] agrees with onnxruntime`, async () => {
        await agrees({ inputs: { x }, outputs: ['y'], nodes: [node(op, ['x'], ['y'])] });
      });
    }
  }
});
