import assert from 'node:assert/strict';
import {
  buildGraph,
  decodeModel,
  MalformedModelError,
  UnsupportedAttributeError,
  UnsupportedOpError,
} from '../../../src/onnx/index.js';
import { ModelTooLargeError } from '../../../src/onnx/errors.js';
import type { AttributeMessage } from '../../../src/onnx/schema.js';
import { floatList, floats, tensor, typeCode, type NodeSpec } from '../support/make-model.js';
import { seeded } from '../support/random.js';
import { agreesOn, gridRows, ml, mlModel, strings } from './support.js';

const FEATURES = 3;
const STEP = 0.25;

interface TreeOptions {
  readonly modes?: readonly string[];
  readonly targets: readonly number[];
  /** Weights are at least this. */
  readonly least?: number;
  readonly seed?: number;
  readonly trees?: number;
}

/**
 * Full trees of depth 3 with random features and thresholds on the grid of the rows; every leaf weighs every target.
 */
function lists(
  prefix: 'class' | 'target',
  { modes = ['BRANCH_LEQ'], targets, least = -1, seed = 1, trees = 3 }: TreeOptions,
): Record<string, AttributeMessage> {
  const random = seeded(seed);
  const rows: { tree: number; id: number; feature: number; value: number; mode: string; yes: number; no: number }[] =
    [];
  const weights: { tree: number; id: number; target: number; weight: number }[] = [];
  for (let tree = 0; tree < trees; tree++) {
    for (let id = 0; id < 15; id++) {
      const leaf = id >= 7;
      const value = Math.round((random() * 3 - 1.5) / STEP) * STEP;
      rows.push({
        tree,
        id,
        feature: Math.floor(random() * FEATURES),
        value,
        mode: leaf ? 'LEAF' : modes[Math.floor(random() * modes.length)],
        yes: leaf ? 0 : 2 * id + 1,
        no: leaf ? 0 : 2 * id + 2,
      });
      if (leaf) for (const target of targets) weights.push({ tree, id, target, weight: least + random() });
    }
  }
  const ints = (values: readonly number[]): AttributeMessage => ({ type: 7, ints: [...values] });
  return {
    nodes_treeids: ints(rows.map(({ tree }) => tree)),
    nodes_nodeids: ints(rows.map(({ id }) => id)),
    nodes_featureids: ints(rows.map(({ feature }) => feature)),
    nodes_values: floatList(rows.map(({ value }) => value)),
    nodes_modes: strings(rows.map(({ mode }) => mode)),
    nodes_truenodeids: ints(rows.map(({ yes }) => yes)),
    nodes_falsenodeids: ints(rows.map(({ no }) => no)),
    [`${prefix}_treeids`]: ints(weights.map(({ tree }) => tree)),
    [`${prefix}_nodeids`]: ints(weights.map(({ id }) => id)),
    [`${prefix}_ids`]: ints(weights.map(({ target }) => target)),
    [`${prefix}_weights`]: floatList(weights.map(({ weight }) => weight)),
  };
}

const rows = gridRows(FEATURES, 40, STEP);

function regressor(attributes: NodeSpec['attributes']): Uint8Array {
  return mlModel({
    inputs: { x: [1, FEATURES] },
    outputs: ['y'],
    nodes: [ml('TreeEnsembleRegressor', ['x'], ['y'], attributes)],
  });
}

function named(attributes: NodeSpec['attributes']): Uint8Array {
  return mlModel({
    inputs: { x: [1, FEATURES] },
    outputs: { label: 'string', scores: 'float' },
    nodes: [ml('TreeEnsembleClassifier', ['x'], ['label', 'scores'], attributes)],
  });
}

describe('TreeEnsembleRegressor', () => {
  it('agrees with onnxruntime in every mode, on thresholds too, and however it aggregates', async () => {
    const modes = ['BRANCH_LEQ', 'BRANCH_LT', 'BRANCH_GTE', 'BRANCH_GT', 'BRANCH_EQ', 'BRANCH_NEQ'];
    const nodes = [
      ...modes.map((mode) =>
        ml('TreeEnsembleRegressor', ['x'], [mode], {
          ...lists('target', { modes: [mode], targets: [0] }),
          n_targets: 1,
        }),
      ),
      ...['SUM', 'AVERAGE', 'MIN', 'MAX'].map((aggregate) =>
        ml('TreeEnsembleRegressor', ['x'], [aggregate], {
          ...lists('target', { targets: [0] }),
          n_targets: 1,
          aggregate_function: aggregate,
          base_values: floatList([0.5]),
        }),
      ),
    ];
    await agreesOn(
      mlModel({ inputs: { x: [1, FEATURES] }, outputs: nodes.map(({ outputs: [name] }) => name), nodes }),
      rows,
    );
  });
  it('with several modes in one tree agrees with onnxruntime', async () => {
    await agreesOn(
      regressor({
        ...lists('target', { modes: ['BRANCH_LT', 'BRANCH_GT', 'BRANCH_EQ'], targets: [0, 1] }),
        n_targets: 2,
      }),
      rows,
    );
  });
  it('leaves a logistic function to the reader of several scores, and applies none to one', async () => {
    await agreesOn(regressor({ ...lists('target', { targets: [0] }), n_targets: 1, post_transform: 'LOGISTIC' }), rows);
    const graph = await agreesOn(
      regressor({ ...lists('target', { targets: [0, 1] }), n_targets: 2, post_transform: 'LOGISTIC' }),
      rows,
    );
    assert.deepEqual(graph.outputs[0].omitted, { op: 'Sigmoid', axes: [1] });
  });
  it('asks each question once', async () => {
    const graph = await agreesOn(
      regressor({ ...lists('target', { targets: [0], trees: 20 }), n_targets: 1 }),
      rows.slice(0, 2),
    );
    const asked = graph.nodes.flatMap((made) => (made.op === 'step' ? made.shape[1] : []));
    assert.ok(asked[0] <= FEATURES * 13, `${asked[0]} comparisons`);
  });
  it('refuses a transform that is not among those it leaves out', () => {
    const bytes = regressor({ ...lists('target', { targets: [0] }), n_targets: 1, post_transform: 'PROBIT' });
    assert.throws(() => buildGraph(decodeModel(bytes)), UnsupportedAttributeError);
  });
  it('refuses a tree in which two branches lead to one node', () => {
    const broken = lists('target', { targets: [0], trees: 1 });
    broken.nodes_truenodeids = { type: 7, ints: [1, 1, 5, 7, 9, 11, 13, 0, 0, 0, 0, 0, 0, 0, 0] };
    assert.throws(() => buildGraph(decodeModel(regressor({ ...broken, n_targets: 1 }))), MalformedModelError);
  });
  describe('refuses, where onnxruntime computes another value than the specification says,', () => {
    /** Trees of a root with two leaves; each entry is a node as [tree, node, children...]. */
    const listed = (
      nodes: readonly (readonly number[])[],
      weights: readonly (readonly [tree: number, node: number, weight: number])[],
    ): Uint8Array => {
      const ints = (values: readonly number[]): AttributeMessage => ({ type: 7, ints: [...values] });
      return regressor({
        nodes_treeids: ints(nodes.map(([id]) => id)),
        nodes_nodeids: ints(nodes.map(([, id]) => id)),
        nodes_featureids: ints(nodes.map(() => 0)),
        nodes_values: floatList(nodes.map(() => 0.25)),
        nodes_modes: strings(nodes.map(({ length }) => (length > 2 ? 'BRANCH_LEQ' : 'LEAF'))),
        nodes_truenodeids: ints(nodes.map(([, , yes = 0]) => yes)),
        nodes_falsenodeids: ints(nodes.map(([, , , no = 0]) => no)),
        target_treeids: ints(weights.map(([tree]) => tree)),
        target_nodeids: ints(weights.map(([, id]) => id)),
        target_ids: ints(weights.map(() => 0)),
        target_weights: floatList(weights.map(([, , weight]) => weight)),
        n_targets: 1,
      });
    };
    const refuse = (
      what: string,
      nodes: Parameters<typeof listed>[0],
      weights: Parameters<typeof listed>[1],
      kind: typeof MalformedModelError | typeof UnsupportedOpError,
      message: RegExp,
    ) =>
      it(what, () => {
        assert.throws(
          () => buildGraph(decodeModel(listed(nodes, weights))),
          (error) => error instanceof kind && message.test(error.message),
        );
      });
    const leaves = [
      [0, 1, 10],
      [0, 2, 20],
    ] as const;
    refuse(
      'a root that is not the first node listed',
      [
        [0, 1],
        [0, 2],
        [0, 0, 1, 2],
      ],
      leaves,
      UnsupportedOpError,
      /tree 0 .*takes for the root/,
    );
    refuse(
      'a leaf that no node leads to',
      [
        [0, 9],
        [0, 0, 1, 2],
        [0, 1],
        [0, 2],
      ],
      leaves,
      UnsupportedOpError,
      /tree 0 .*without a parent/,
    );
    refuse(
      'trees whose nodes alternate',
      [
        [0, 0, 1, 2],
        [1, 0, 1, 2],
        [0, 1],
        [1, 1],
        [0, 2],
        [1, 2],
      ],
      leaves,
      UnsupportedOpError,
      /tree 0 are not listed together/,
    );
    refuse(
      'two weights of a leaf for one target',
      [
        [0, 0, 1, 2],
        [0, 1],
        [0, 2],
      ],
      [...leaves, [0, 1, 5]],
      MalformedModelError,
      /node 1 of tree 0 has two weights for target 0/,
    );
  });
  it('refuses more targets than can be held, before anything is made of so many', () => {
    for (const aggregate of ['SUM', 'MIN']) {
      const bytes = regressor({
        ...lists('target', { targets: [0] }),
        n_targets: 2 ** 40,
        aggregate_function: aggregate,
      });
      assert.throws(() => buildGraph(decodeModel(bytes)), ModelTooLargeError);
    }
  });
});

describe('TreeEnsembleClassifier', () => {
  const integers = (values: readonly number[]): AttributeMessage => ({ type: 7, ints: [...values] });
  const CASES: [string, TreeOptions, NodeSpec['attributes']][] = [
    ['of three classes', { targets: [0, 1, 2] }, { classlabels_int64s: integers([0, 1, 2]) }],
    ['whose labels are other integers', { targets: [0, 1, 2] }, { classlabels_int64s: integers([7, -3, 20]) }],
    [
      'of three classes with base values',
      { targets: [0, 1, 2] },
      { classlabels_int64s: integers([0, 1, 2]), base_values: floatList([0.5, -0.5, 1]) },
    ],
    [
      'of three classes before a softmax',
      { targets: [0, 1, 2] },
      { classlabels_int64s: integers([0, 1, 2]), post_transform: 'SOFTMAX' },
    ],
    ['of two classes that both have weights', { targets: [0, 1] }, { classlabels_int64s: integers([0, 1]) }],
    [
      'of two classes and positive weights of one',
      { targets: [0], least: 0 },
      { classlabels_int64s: integers([0, 1]) },
    ],
    ['of two classes and weights of one', { targets: [0] }, { classlabels_int64s: integers([4, 9]) }],
    [
      'of two classes, weights of one and a base value',
      { targets: [0] },
      { classlabels_int64s: integers([0, 1]), base_values: floatList([0.75]) },
    ],
    [
      'of two classes before a logistic function',
      { targets: [0] },
      { classlabels_int64s: integers([0, 1]), post_transform: 'LOGISTIC' },
    ],
    [
      'of two classes and positive weights before a logistic function',
      { targets: [0], least: 0 },
      { classlabels_int64s: integers([0, 1]), post_transform: 'LOGISTIC' },
    ],
    ['of two classes and weights of the second alone', { targets: [1] }, { classlabels_int64s: integers([0, 1]) }],
    [
      'of two classes and positive weights of the second alone',
      { targets: [1], least: 0 },
      { classlabels_int64s: integers([0, 1]) },
    ],
    [
      'of two classes, weights of the second and a logistic function',
      { targets: [1] },
      { classlabels_int64s: integers([0, 1]), post_transform: 'LOGISTIC' },
    ],
  ];
  it('agrees with onnxruntime whatever its classes, weights, base values and transform are', async () => {
    const nodes = CASES.map(([what, options, more]) =>
      ml('TreeEnsembleClassifier', ['x'], [`label ${what}`, `scores ${what}`], { ...lists('class', options), ...more }),
    );
    const outputs = Object.fromEntries(
      nodes.flatMap(({ outputs: [label, scores] }) => [
        [label, 'int64'],
        [scores, 'float'],
      ]),
    ) as Record<string, 'int64' | 'float'>;
    await agreesOn(mlModel({ inputs: { x: [1, FEATURES] }, outputs, nodes }), rows);
  });
  it('of named classes gives the names', async () => {
    const graph = await agreesOn(
      named({ ...lists('class', { targets: [0, 1, 2] }), classlabels_strings: strings(['cat', 'dog', 'emu']) }),
      rows,
    );
    assert.deepEqual(graph.outputs[0].labels, ['cat', 'dog', 'emu']);
    assert.equal(graph.outputs[0].named, true);
  });
});

describe('TreeEnsemble', () => {
  const bytesOf = (values: readonly number[]) =>
    tensor({ dims: [values.length], dataType: typeCode('uint8'), int32Data: [...values] });
  const list = (values: readonly number[]): AttributeMessage => ({ type: 7, ints: [...values] });
  const model = (attributes: NodeSpec['attributes']) =>
    mlModel(
      {
        opset: 21,
        inputs: { x: [1, FEATURES] },
        outputs: ['y'],
        nodes: [ml('TreeEnsemble', ['x'], ['y'], attributes)],
      },
      5,
    );
  /** Two trees of one and two questions. */
  const attributes = {
    n_targets: 1,
    tree_roots: list([0, 2]),
    nodes_featureids: list([0, 1, 2]),
    nodes_modes: bytesOf([0, 1, 3]),
    nodes_splits: tensor(floats([3], [0.5, -0.25, 0])),
    nodes_truenodeids: list([1, 0, 3]),
    nodes_trueleafs: list([0, 1, 1]),
    nodes_falsenodeids: list([2, 1, 4]),
    nodes_falseleafs: list([1, 1, 1]),
    leaf_targetids: list([0, 0, 0, 0, 0]),
    leaf_weights: tensor(floats([5], [1, 2.5, -3, 0.25, 4])),
  };
  it('agrees with onnxruntime however it aggregates', async () => {
    const nodes = [0, 1, 2, 3].map((aggregate) =>
      ml('TreeEnsemble', ['x'], [`y${aggregate}`], { ...attributes, aggregate_function: aggregate }),
    );
    await agreesOn(
      mlModel({ opset: 21, inputs: { x: [1, FEATURES] }, outputs: nodes.map(({ outputs: [name] }) => name), nodes }, 5),
      rows,
    );
  });
  it('looks a feature up among the members of a set', async () => {
    const sets = tensor(floats([5], [2, 1, NaN, 1, NaN]));
    await agreesOn(model({ ...attributes, nodes_modes: bytesOf([6, 1, 6]), membership_values: sets }), rows);
  });
  it('with a tree that is one leaf agrees with onnxruntime', async () => {
    await agreesOn(
      model({ ...attributes, nodes_truenodeids: list([1, 0, 3]), nodes_falsenodeids: list([2, 1, 3]) }),
      rows,
    );
  });
});
