/** Operators that onnxruntime's optimizer joins: the same values as onnxruntime's own, and refusals by name. */
import assert from 'node:assert/strict';
import { buildGraph, decodeModel, UnsupportedAttributeError, UnsupportedOpError } from '../../../src/onnx/index.js';
import { compareWithRuntime } from '../support/compare.js';
import { float, floatList, floats, makeModel, node, type ModelSpec, type NodeSpec } from '../support/make-model.js';
import { seeded } from '../support/random.js';

const random = seeded(9);
const weights = (...dims: number[]) =>
  floats(
    dims,
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => Math.fround(random() - 0.5)),
  );
const microsoft = (
  op: string,
  inputs: readonly string[],
  attributes: NodeSpec['attributes'] = {},
  outputs: readonly string[] = ['y'],
): NodeSpec => ({ ...node(op, inputs, outputs, attributes), domain: 'com.microsoft' });
const spec = (made: NodeSpec, outputs: readonly string[] = ['y']): ModelSpec => ({
  domains: { 'com.microsoft': 1 },
  inputs: { x: [2, 3, 4], s: [2, 3, 4], i: [1, 2, 5, 5], z: [1, 3, 3, 3], r: [2, 4] },
  outputs,
  constants: {
    b: weights(4),
    g: weights(4),
    w: weights(3, 2, 3, 3),
    c: weights(3),
    m: weights(4, 5),
    t: weights(5, 4),
    n: weights(5),
  },
  nodes: [made],
});

describe("operators that onnxruntime's optimizer joins", () => {
  const cases: readonly NodeSpec[] = [
    microsoft('Gelu', ['x']),
    microsoft('BiasGelu', ['x', 'b']),
    microsoft('FastGelu', ['x', 'b']),
    microsoft('FastGelu', ['x']),
    microsoft('QuickGelu', ['x'], { alpha: float(1.5) }),
    microsoft('FusedMatMul', ['x', 's'], { transB: 1, alpha: float(0.25) }),
    microsoft('FusedMatMul', ['x', 's'], { transA: 1 }),
    microsoft('FusedGemm', ['r', 't', 'n'], {
      transB: 1,
      activation: 'LeakyRelu',
      activation_alpha: float(0.2),
    }),
    microsoft('FusedConv', ['i', 'w', 'c', 'z'], { activation: 'Relu' }),
    microsoft('FusedConv', ['i', 'w', 'c'], { activation: 'Clip', activation_params: floatList([-0.5, 0.75]) }),
    microsoft('FusedConv', ['i', 'w'], { activation: 'HardSigmoid', activation_params: floatList([0.3, 0.4]) }),
  ];
  for (const made of cases) {
    it(`${made.op} of ${made.inputs.join(', ')} is what onnxruntime makes of it`, async () => {
      const { error } = await compareWithRuntime(makeModel(spec(made)));
      assert.ok(error < 1e-5, `${error}`);
    });
  }
  for (const op of ['SkipLayerNormalization', 'SkipSimplifiedLayerNormalization']) {
    it(`${op} gives the normalized sum and the sum`, async () => {
      const inputs = op === 'SkipLayerNormalization' ? ['x', 's', 'g', 'b', 'b'] : ['x', 's', 'g', 'b'];
      const made = microsoft(op, inputs, { epsilon: float(1e-5) }, ['y', '', '', 'sum']);
      const { error } = await compareWithRuntime(makeModel(spec(made, ['y', 'sum'])));
      assert.ok(error < 1e-5, `${error}`);
    });
  }
  it('are an RMSNormalization under the name that onnxruntime gave it before ONNX had one', async () => {
    const made = node('SimplifiedLayerNormalization', ['x', 'g'], ['y'], { axis: -1, epsilon: float(1e-6) });
    const { error } = await compareWithRuntime(makeModel(spec(made)));
    assert.ok(error < 1e-5, `${error}`);
  });
  it('are refused by name in forms that are not supported', () => {
    const build = (made: NodeSpec, outputs?: string[]) => () => buildGraph(decodeModel(makeModel(spec(made, outputs))));
    assert.throws(build(microsoft('FusedMatMul', ['x', 's'], { transBatchA: 1 })), UnsupportedAttributeError);
    assert.throws(build(microsoft('FusedConv', ['i', 'w'], { activation: 'Swish' })), UnsupportedAttributeError);
    assert.throws(
      build(microsoft('SkipLayerNormalization', ['x', 's', 'g', 'b'], {}, ['y', 'mean']), ['y', 'mean']),
      UnsupportedOpError,
    );
  });
});
