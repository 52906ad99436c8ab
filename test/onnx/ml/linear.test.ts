import assert from 'node:assert/strict';
import { buildGraph, decodeModel, ShapeError } from '../../../src/onnx/index.js';
import { floatList, type NodeSpec } from '../support/make-model.js';
import { agreesOn, gridRows, ml, mlModel, strings } from './support.js';

const rows = gridRows(2, 20, 0.125);
const three = floatList([1.5, -1, 2, 0.25, -0.5, 1]);

function classifier(attributes: NodeSpec['attributes'], type: 'int64' | 'string' = 'int64'): Uint8Array {
  return mlModel({
    inputs: { x: [1, 2] },
    outputs: { label: type, scores: 'float' },
    nodes: [ml('LinearClassifier', ['x'], ['label', 'scores'], attributes)],
  });
}

describe('LinearClassifier', () => {
  it('of three classes, and of two with one row of coefficients, agrees with onnxruntime', async () => {
    const nodes = ['NONE', 'SOFTMAX', 'LOGISTIC'].flatMap((transform) => [
      ml('LinearClassifier', ['x'], [`label3 ${transform}`, `scores3 ${transform}`], {
        coefficients: three,
        intercepts: floatList([0.1, -0.2, 0.3]),
        classlabels_ints: [3, 1, 2],
        post_transform: transform,
      }),
      ml('LinearClassifier', ['x'], [`label2 ${transform}`, `scores2 ${transform}`], {
        coefficients: floatList([1.5, -1]),
        intercepts: floatList([0.1]),
        classlabels_ints: [0, 1],
        post_transform: transform,
      }),
    ]);
    const outputs = Object.fromEntries(
      nodes.flatMap(({ outputs: [label, scores] }) => [
        [label, 'int64'],
        [scores, 'float'],
      ]),
    ) as Record<string, 'int64' | 'float'>;
    await agreesOn(mlModel({ inputs: { x: [1, 2] }, outputs, nodes }), rows);
  });
  it('of named classes gives the names', async () => {
    const bytes = classifier(
      {
        coefficients: three,
        intercepts: floatList([0, 0, 0.5]),
        classlabels_strings: strings(['a', 'b', 'c']),
        post_transform: 'SOFTMAX',
      },
      'string',
    );
    const graph = await agreesOn(bytes, rows);
    assert.deepEqual(graph.outputs[0].labels, ['a', 'b', 'c']);
  });
  it('refuses coefficients that are no rows of features', () => {
    const bytes = classifier({
      coefficients: floatList([1, 2, 3]),
      intercepts: floatList([0, 0, 0]),
      classlabels_ints: [0, 1, 2],
    });
    assert.throws(() => buildGraph(decodeModel(bytes)), ShapeError);
  });
  it('followed by Normalizer and ZipMap is its scores, as skl2onnx writes classifiers', async () => {
    const bytes = mlModel({
      inputs: { x: [1, 2] },
      outputs: { label: 'int64', map: 'float' },
      nodes: [
        ml('LinearClassifier', ['x'], ['label', 'raw'], {
          coefficients: three,
          intercepts: floatList([0.1, -0.2, 0.3]),
          classlabels_ints: [0, 1, 2],
          post_transform: 'SOFTMAX',
        }),
        ml('Normalizer', ['raw'], ['p'], { norm: 'L1' }),
        ml('ZipMap', ['p'], ['map'], { classlabels_int64s: [0, 1, 2] }),
      ],
    });
    const graph = await agreesOn(bytes, rows.slice(0, 5));
    assert.deepEqual(graph.outputs[1].labels, ['0', '1', '2']);
  });
});

describe('LinearRegressor', () => {
  it('of one target and of several agrees with onnxruntime', async () => {
    const nodes = ['NONE', 'LOGISTIC'].flatMap((transform) => [
      ml('LinearRegressor', ['x'], [`one ${transform}`], {
        coefficients: floatList([1.5, -1]),
        intercepts: floatList([0.5]),
        targets: 1,
        post_transform: transform,
      }),
      ml('LinearRegressor', ['x'], [`three ${transform}`], {
        coefficients: three,
        intercepts: floatList([0.1, -0.2, 0.3]),
        targets: 3,
        post_transform: transform,
      }),
    ]);
    await agreesOn(mlModel({ inputs: { x: [1, 2] }, outputs: nodes.map(({ outputs: [name] }) => name), nodes }), rows);
  });
});
