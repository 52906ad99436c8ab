import assert from 'node:assert/strict';
import { buildGraph, decodeModel } from '../../../src/onnx/index.js';
import { agrees } from '../support/compare.js';
import { float, floats, makeModel, node, type ModelSpec } from '../support/make-model.js';
import { randomFloats, seeded } from '../support/random.js';

const random = seeded(83);
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

describe('LayerNormalization', () => {
  const model = (axis: number, dims: number[], shift = true): ModelSpec => ({
    opset: 17,
    inputs: { x: [2, 3, 4] },
    outputs: ['y'],
    constants: { s: values(...dims), b: values(...dims) },
    nodes: [node('LayerNormalization', shift ? ['x', 's', 'b'] : ['x', 's'], ['y'], { axis, epsilon: float(1e-3) })],
  });
  for (const [axis, dims] of [
    [-1, [4]],
    [2, [4]],
    [1, [3, 4]],
    [0, [2, 3, 4]],
  ] as [number, number[]][]) {
    it(`from axis ${axis} on agrees with onnxruntime, with a shift and without`, async () => {
      await agrees(model(axis, dims));
      await agrees(model(axis, dims, false));
    });
  }

  it('has one table for each group, not for each element', () => {
    const graph = buildGraph(decodeModel(makeModel(model(-1, [4]))));
    assert.deepEqual(
      graph.nodes.filter(({ op }) => op === 'function').map(({ shape }) => shape),
      [[6]],
    );
  });
});

describe('InstanceNormalization', () => {
  it('agrees with onnxruntime', async () => {
    for (const opset of [7, 17]) {
      await agrees({
        opset,
        inputs: { x: [2, 3, 2, 4] },
        outputs: ['y'],
        constants: { s: values(3), b: values(3) },
        nodes: [node('InstanceNormalization', ['x', 's', 'b'], ['y'], { epsilon: float(1e-2) })],
      });
    }
  });

  it('refuses a scale that has not one entry a channel', () => {
    const bytes = makeModel({
      inputs: { x: [1, 3, 4] },
      outputs: ['y'],
      constants: { s: values(2), b: values(3) },
      nodes: [node('InstanceNormalization', ['x', 's', 'b'], ['y'], {}, 'norm')],
    });
    assert.throws(
      () => buildGraph(decodeModel(bytes)),
      /norm \(InstanceNormalization\).*one entry for each of 3 channels/,
    );
  });
});
