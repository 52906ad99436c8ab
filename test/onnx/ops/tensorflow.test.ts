/** Operators under TensorFlow's names: against what they are made of. */
import assert from 'node:assert/strict';
import { buildGraph, decodeModel, evaluate } from '../../../src/onnx/index.js';
import { fuse } from '../../../src/quantize/fuse.js';
import { floatList, floats, makeModel, node, type ModelSpec } from '../support/make-model.js';

const X = Float64Array.of(-2, -0.5, 0, 0.3, 1);

function valuesOf(nodes: ModelSpec['nodes'], type: 'float' | 'int64' = 'float'): number[] {
  const constants = { half: floats([], [0.5]), root: floats([], [-Math.SQRT1_2]) };
  const graph = buildGraph(decodeModel(makeModel({ inputs: { x: [5] }, outputs: { y: type }, constants, nodes })));
  return Array.from(evaluate(graph, [X]).get(graph.outputs[0].tensor)!);
}

describe("TensorFlow's operators without a name in ONNX", () => {
  it('are a Gelu by Erfc, which is one table', () => {
    const gelu = [
      node('Mul', ['x', 'root'], ['scaled']),
      node('Erfc', ['scaled'], ['tail']),
      node('Mul', ['x', 'tail'], ['twice']),
      node('Mul', ['twice', 'half'], ['y']),
    ];
    const exact = valuesOf([node('Gelu', ['x'], ['y'])]);
    valuesOf(gelu).forEach((value, i) => assert.ok(Math.abs(value - exact[i]) < 1e-6));
    const spec = { inputs: { x: [5] }, outputs: ['y'], nodes: gelu };
    const constants = { half: floats([], [0.5]), root: floats([], [-Math.SQRT1_2]) };
    const { nodes } = fuse(buildGraph(decodeModel(makeModel({ ...spec, constants }))));
    assert.deepEqual(
      nodes.map(({ op }) => op),
      ['function'],
    );
  });
  it('are Expm1 and Bucketize', () => {
    valuesOf([node('Expm1', ['x'], ['y'])]).forEach((value, i) =>
      assert.ok(Math.abs(value - Math.expm1(X[i])) < 1e-12),
    );
    const buckets = [node('Bucketize', ['x'], ['y'], { boundaries: floatList([-1, 0, 0.3]) })];
    // 0.3 is reached as the float that the file holds, which is a little more than the double.
    assert.deepEqual(valuesOf(buckets, 'int64'), [0, 1, 2, 2, 3]);
  });
});
