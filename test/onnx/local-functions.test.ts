import assert from 'node:assert/strict';
import { buildGraph, decodeModel, MalformedModelError, surveyModel } from '../../src/onnx/index.js';
import { ModelProto, type AttributeMessage, type FunctionMessage, type ModelMessage } from '../../src/onnx/schema.js';
import { compareWithRuntime } from './support/compare.js';
import { makeModel, node, type ModelSpec } from './support/make-model.js';

const DOMAIN = 'test.functions';
const OPSETS = [
  { domain: '', version: 17 },
  { domain: DOMAIN, version: 1 },
];
const call = (opType: string, input: string[], output: string[], attribute: AttributeMessage[] = [], domain = '') => ({
  opType,
  input,
  output,
  attribute,
  domain,
  name: `${opType} ${output[0]}`,
});

/** y = slope of the call * leaky relu of x + b, b being optional; z = relu(x). */
const LEAKY: FunctionMessage = {
  name: 'Leaky',
  domain: DOMAIN,
  input: ['x', 'b'],
  output: ['y', 'z'],
  attribute: ['slope'],
  attributeProto: [{ name: 'alpha', type: 1, f: 0.25 }],
  opsetImport: OPSETS,
  node: [
    call('LeakyRelu', ['x'], ['leaky'], [{ name: 'alpha', type: 1, refAttrName: 'alpha' }]),
    call('Elu', ['leaky'], ['bent'], [{ name: 'alpha', type: 1, refAttrName: 'slope' }]),
    call('Clip', ['bent', 'b'], ['y']),
    call('Relu', ['x'], ['z']),
  ],
};
/** Calls the other twice. */
const TWICE: FunctionMessage = {
  name: 'Twice',
  domain: DOMAIN,
  input: ['x'],
  output: ['y'],
  opsetImport: OPSETS,
  node: [
    call('Leaky', ['x'], ['once', 'other'], [{ name: 'slope', type: 1, f: 0.5 }], DOMAIN),
    call('Leaky', ['once'], ['y', 'unused'], [{ name: 'slope', type: 1, f: 0.25 }], DOMAIN),
  ],
};

function withFunctions(spec: ModelSpec, ...functions: FunctionMessage[]): Uint8Array {
  const message = ModelProto.toObject(
    ModelProto.decode(makeModel({ ...spec, domains: { [DOMAIN]: 1 } })),
  ) as ModelMessage;
  return Uint8Array.from(ModelProto.encode(ModelProto.fromObject({ ...message, functions })).finish());
}

const spec = (op: string, attributes = {}): ModelSpec => ({
  inputs: { x: [2, 3] },
  outputs: ['y'],
  nodes: [{ ...node(op, ['x'], op === 'Leaky' ? ['y', 'z'] : ['y'], attributes), domain: DOMAIN }],
});

describe('functions of the model', () => {
  it('stand for their nodes, with the attributes of the call or their own', async () => {
    const leaky = await compareWithRuntime(
      withFunctions(spec('Leaky', { slope: { type: 1, f: 2 }, alpha: { type: 1, f: 0.75 } }), LEAKY),
    );
    assert.ok(leaky.error < 1e-5);
    const twice = await compareWithRuntime(withFunctions(spec('Twice'), LEAKY, TWICE));
    assert.ok(twice.error < 1e-5);
    assert.deepEqual(surveyModel(decodeModel(withFunctions(spec('Twice'), LEAKY, TWICE))).unsupported, []);
  });
  it('are refused where the call does not fit them, or where they call themselves', () => {
    const build = (bytes: Uint8Array) => buildGraph(decodeModel(bytes));
    assert.throws(() => build(withFunctions(spec('Leaky', { other: 1 }), LEAKY)), MalformedModelError);
    const many = { ...spec('Twice'), nodes: [{ ...node('Twice', ['x', 'x'], ['y']), domain: DOMAIN }] };
    assert.throws(() => build(withFunctions(many, LEAKY, TWICE)), MalformedModelError);
    const endless = { ...TWICE, node: [call('Twice', ['x'], ['y'], [], DOMAIN)] };
    assert.throws(
      () => build(withFunctions(spec('Twice'), endless)),
      (error) => error instanceof MalformedModelError && /call itself/.test(error.message),
    );
  });
});
