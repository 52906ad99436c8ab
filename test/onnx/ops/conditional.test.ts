import assert from 'node:assert/strict';
import { ShapeError } from '../../../src/onnx/errors.js';
import { buildGraph, decodeModel, UnsupportedOpError } from '../../../src/onnx/index.js';
import type { AttributeMessage, GraphMessage } from '../../../src/onnx/schema.js';
import { agrees } from '../support/compare.js';
import { floats, makeModel, node, typeCode } from '../support/make-model.js';

/** A branch that reads x of the graph around it. */
function branch(op: string, initializer: GraphMessage['initializer'] = []): AttributeMessage {
  const output = [{ name: 'made', type: { tensorType: { elemType: typeCode('float') } } }];
  return {
    type: 5,
    g: {
      name: op,
      node: [
        { opType: op, input: ['x', ...initializer.map(({ name }) => name as string)], output: ['made'], name: op },
      ],
      initializer,
      output,
    },
  };
}

const two = { ...floats([3], [2, 3, 4]), name: 'x2' };
const bool = (value: number) => ({ dims: [], dataType: typeCode('bool'), int32Data: [value] });

describe('If', () => {
  it('with a constant condition is the branch taken', async () => {
    for (const value of [0, 1]) {
      const attributes = { then_branch: branch('Relu'), else_branch: branch('Mul', [two]) };
      const graph = await agrees({
        inputs: { x: [2, 3] },
        outputs: ['y'],
        constants: { c: bool(value) },
        nodes: [node('If', ['c'], ['y'], attributes)],
      });
      assert.deepEqual(
        graph.nodes.map(({ op }) => op),
        [value === 1 ? 'prelu' : 'affine'],
      );
    }
  });
  it('does not read the branch that is not taken', () => {
    const attributes = { then_branch: branch('Relu'), else_branch: branch('NonMaxSuppression') };
    const bytes = makeModel({
      inputs: { x: [2, 3] },
      outputs: ['y'],
      constants: { c: bool(1) },
      nodes: [node('If', ['c'], ['y'], attributes)],
    });
    assert.equal(buildGraph(decodeModel(bytes)).nodes.length, 1);
  });
  it('with a computed condition chooses between both branches', async () => {
    const attributes = { then_branch: branch('Relu'), else_branch: branch('Mul', [two]) };
    for (const limit of [-1e3, 1e3]) {
      await agrees({
        inputs: { x: [2, 3] },
        outputs: ['y'],
        constants: { limit: floats([], [limit]) },
        nodes: [
          node('ReduceSum', ['x'], ['s'], { keepdims: 0 }),
          node('Less', ['s', 'limit'], ['c']),
          node('If', ['c'], ['y'], attributes),
        ],
      });
    }
  });
  it('refuses a computed condition that is no boolean, or several, as Where does', () => {
    const attributes = { then_branch: branch('Relu'), else_branch: branch('Mul', [two]) };
    for (const nodes of [
      [node('ReduceSum', ['x'], ['c'], { keepdims: 0 }), node('If', ['c'], ['y'], attributes)],
      [node('Less', ['x', 'limit'], ['c']), node('If', ['c'], ['y'], attributes)],
      [node('Where', ['x', 'x', 'limit'], ['y'])],
    ]) {
      const bytes = makeModel({ inputs: { x: [2, 3] }, outputs: ['y'], constants: { limit: floats([], [0]) }, nodes });
      assert.throws(() => buildGraph(decodeModel(bytes)), ShapeError);
    }
  });
  it('refuses branches of different shapes under a computed condition', () => {
    const attributes = { then_branch: branch('Relu'), else_branch: branch('Flatten') };
    const bytes = makeModel({
      inputs: { x: [2, 3, 1] },
      outputs: ['y'],
      constants: { limit: floats([], [0]) },
      nodes: [
        node('ReduceSum', ['x'], ['s'], { keepdims: 0 }),
        node('Less', ['s', 'limit'], ['c']),
        node('If', ['c'], ['y'], attributes),
      ],
    });
    assert.throws(
      () => buildGraph(decodeModel(bytes)),
      (error) => error instanceof UnsupportedOpError && /shapes \[2, 3, 1\] and \[2, 3\]/.test(error.message),
    );
  });
});
