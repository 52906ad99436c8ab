/** Support vector machines, with every kernel, against onnxruntime. */
import assert from 'node:assert/strict';
import { buildGraph, decodeModel, UnsupportedOpError } from '../../../src/onnx/index.js';
import { floatList, type NodeSpec } from '../support/make-model.js';
import { agreesOn, gridRows, ml, mlModel, strings } from './support.js';

const rows = gridRows(2, 12, 0.125);
const kernels = [
  ['LINEAR', 0, 0, 0],
  ['POLY', 0.5, 0.25, 3],
  ['POLY', 0.5, 1, 2],
  ['RBF', 0.3, 0, 0],
  ['SIGMOID', 0.4, 0.1, 0],
] as const;
const vectors = [1, -0.5, 0.25, 2, -1, 0.5, -0.75, -1.5, 0.5, 0.5];

function kernel([name, ...params]: (typeof kernels)[number]): NonNullable<NodeSpec['attributes']> {
  return { kernel_type: name, kernel_params: floatList(params), support_vectors: floatList(vectors) };
}

describe('SVMRegressor', () => {
  it('with every kernel, and of one class, agrees with onnxruntime', async () => {
    const nodes = kernels.flatMap((given, k) =>
      [0, 1].map((oneClass) => {
        const attributes = {
          ...kernel(given),
          coefficients: floatList([0.5, -1, 0.75, 0.25, -0.125]),
          rho: floatList([0.2]),
          n_supports: 5,
          one_class: oneClass,
        };
        return ml('SVMRegressor', ['x'], [`y${k}_${oneClass}`], attributes);
      }),
    );
    await agreesOn(
      mlModel({ inputs: { x: [1, 2] }, outputs: nodes.flatMap(({ outputs }) => outputs), nodes }, 1),
      rows,
    );
  });
});

describe('SVMClassifier', () => {
  const three = {
    coefficients: floatList([0.5, -1, 0.75, 0.25, -0.125, 1, 0.5, -0.25, 0.375, -1]),
    rho: floatList([0.2, -0.1, 0.05]),
    vectors_per_class: [2, 2, 1],
  };
  const two = {
    coefficients: floatList([0.5, -1, 0.75, 0.25, -0.125]),
    rho: floatList([0.2]),
    vectors_per_class: [2, 3],
  };

  it('of two and three classes agrees with onnxruntime, by decision values of the pairs', async () => {
    const nodes = kernels.flatMap((given, k) => [
      ml('SVMClassifier', ['x'], [`label3_${k}`, `scores3_${k}`], {
        ...kernel(given),
        ...three,
        classlabels_ints: [7, 3, 5],
      }),
      ml('SVMClassifier', ['x'], [`label2_${k}`, `scores2_${k}`], {
        ...kernel(given),
        ...two,
        classlabels_ints: [0, 1],
      }),
    ]);
    const outputs = Object.fromEntries(
      nodes.flatMap(({ outputs: [label, scores] }) => [
        [label, 'int64'],
        [scores, 'float'],
      ]),
    ) as Record<string, 'int64' | 'float'>;
    await agreesOn(mlModel({ inputs: { x: [1, 2] }, outputs, nodes }, 1), rows);
  });
  it('of two named classes with probabilities agrees with onnxruntime', async () => {
    const nodes = [
      ml('SVMClassifier', ['x'], ['label', 'scores'], {
        ...kernel(kernels[3]),
        ...two,
        prob_a: floatList([-1.5]),
        prob_b: floatList([0.3]),
        classlabels_strings: strings(['no', 'yes']),
      }),
    ];
    const graph = await agreesOn(
      mlModel({ inputs: { x: [1, 2] }, outputs: { label: 'string', scores: 'float' }, nodes }, 1),
      rows,
    );
    assert.deepEqual(graph.outputs[0].labels, ['no', 'yes']);
  });
  it('of three classes with probabilities has the limit to which onnxruntime comes near', async () => {
    const nodes = [
      ml('SVMClassifier', ['x'], ['label', 'scores'], {
        ...kernel(kernels[3]),
        ...three,
        prob_a: floatList([-1.5, -2, -1]),
        prob_b: floatList([0.3, 0, -0.2]),
        classlabels_ints: [0, 1, 2],
      }),
    ];
    await agreesOn(
      mlModel({ inputs: { x: [1, 2] }, outputs: { label: 'int64', scores: 'float' }, nodes }, 1),
      rows,
      5e-3,
    );
  });
  it('of four classes has labels, and refuses probabilities that are read', () => {
    const four = {
      kernel_type: 'LINEAR',
      support_vectors: floatList(vectors.slice(0, 8)),
      coefficients: floatList(new Array<number>(12).fill(0.5)),
      rho: floatList(new Array<number>(6).fill(0.1)),
      vectors_per_class: [1, 1, 1, 1],
    };
    const parameters = {
      prob_a: floatList(new Array<number>(6).fill(-1)),
      prob_b: floatList(new Array<number>(6).fill(0)),
      classlabels_ints: [0, 1, 2, 3],
    };
    const model = (outputs: Readonly<Record<string, 'int64' | 'float'>>) =>
      mlModel(
        {
          inputs: { x: [1, 2] },
          outputs,
          nodes: [ml('SVMClassifier', ['x'], ['label', 'scores'], { ...four, ...parameters })],
        },
        1,
      );
    buildGraph(decodeModel(model({ label: 'int64' })));
    assert.throws(() => buildGraph(decodeModel(model({ scores: 'float' }))), UnsupportedOpError);
  });
});
