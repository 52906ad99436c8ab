import assert from 'node:assert/strict';
import {
  buildGraph,
  decodeModel,
  MalformedModelError,
  ShapeError,
  UnsupportedAttributeError,
} from '../../../src/onnx/index.js';
import type { AttributeMessage, TensorMessage } from '../../../src/onnx/schema.js';
import { agrees } from '../support/compare.js';
import { float, floatList, floats, makeModel, node, typeCode, type ModelSpec } from '../support/make-model.js';
import { randomFloats, seeded } from '../support/random.js';

const [STEPS, BATCH, INPUTS, HIDDEN] = [4, 2, 3, 2];
const GATES = { RNN: 1, GRU: 3, LSTM: 4 };
type Op = keyof typeof GATES;

const strings = (...values: string[]): AttributeMessage => ({
  type: 8,
  strings: values.map((value) => new TextEncoder().encode(value)),
});
const lengths = (...values: number[]): TensorMessage => ({
  dims: [values.length],
  dataType: typeCode('int32'),
  int32Data: values,
});

interface Options {
  readonly directions?: number;
  readonly bias?: boolean;
  readonly lengths?: TensorMessage;
  /** Initial states, as one more input of the network each. */
  readonly states?: boolean;
  readonly peepholes?: boolean;
  readonly attributes?: Readonly<Record<string, AttributeMessage | number | string>>;
  readonly outputs?: readonly string[];
}

/** A network of one recurrent node. onnxruntime does not know the layout with the batch in front. */
function network(
  op: Op,
  {
    directions = 1,
    bias = true,
    lengths: sequence,
    states = false,
    peepholes = false,
    attributes = {},
    outputs,
  }: Options = {},
): ModelSpec {
  const random = seeded(7);
  const weights = (...dims: number[]): TensorMessage =>
    floats(
      dims,
      Array.from(
        randomFloats(
          dims.reduce((a, b) => a * b),
          random,
        ),
      ),
    );
  const state = [directions, BATCH, HIDDEN];
  const names = [
    'x',
    'W',
    'R',
    bias ? 'B' : '',
    sequence ? 'lengths' : '',
    states ? 'h' : '',
    ...(op === 'LSTM' ? [states ? 'c' : '', peepholes ? 'P' : ''] : []),
  ];
  const made = outputs ?? ['Y', 'Y_h', ...(op === 'LSTM' ? ['Y_c'] : [])];
  return {
    opset: 13,
    inputs: { x: [STEPS, BATCH, INPUTS], ...(states ? { h: state, ...(op === 'LSTM' ? { c: state } : {}) } : {}) },
    outputs: made.filter((name) => name !== ''),
    constants: {
      W: weights(directions, GATES[op] * HIDDEN, INPUTS),
      R: weights(directions, GATES[op] * HIDDEN, HIDDEN),
      ...(bias ? { B: weights(directions, 2 * GATES[op] * HIDDEN) } : {}),
      ...(sequence ? { lengths: sequence } : {}),
      ...(peepholes ? { P: weights(directions, 3 * HIDDEN) } : {}),
    },
    nodes: [node(op, names, made, { hidden_size: HIDDEN, ...attributes })],
  };
}

for (const op of ['RNN', 'GRU', 'LSTM'] as const) {
  describe(op, () => {
    it('makes what onnxruntime makes in each direction, with initial states and without', async () => {
      for (const states of [false, true]) {
        await agrees(network(op, { states }));
        await agrees(network(op, { states, bias: false, attributes: { direction: 'reverse' } }));
        await agrees(network(op, { states, directions: 2, attributes: { direction: 'bidirectional' } }));
      }
    });
    it('ends each sequence of the batch at its own length', async () => {
      for (const direction of ['forward', 'reverse']) {
        await agrees(network(op, { lengths: lengths(2, 4), attributes: { direction } }));
        await agrees(network(op, { lengths: lengths(3, 1), states: true, attributes: { direction } }));
      }
    });
    it('clips what its activations read', async () => {
      await agrees(network(op, { states: true, attributes: { clip: float(0.2) } }));
    });
    it('gives its last state alone where nothing reads the others', async () => {
      const graph = await agrees(network(op, { outputs: ['', 'Y_h'] }));
      assert.equal(graph.outputs.length, 1);
    });
    it('takes each activation, with alphas and betas in their order', async () => {
      const sets =
        op === 'RNN'
          ? [['Affine'], ['ScaledTanh'], ['Elu'], ['Softsign']]
          : op === 'GRU'
            ? [
                ['HardSigmoid', 'LeakyRelu'],
                ['Sigmoid', 'Relu'],
              ]
            : [
                ['HardSigmoid', 'Softsign', 'ScaledTanh'],
                ['Sigmoid', 'Tanh', 'Relu'],
              ];
      for (const names of sets) {
        await agrees(
          network(op, {
            states: true,
            attributes: {
              activations: strings(...names),
              activation_alpha: floatList([0.3, 0.6]),
              activation_beta: floatList([0.4, 0.7]),
            },
          }),
        );
        if (!names.some((name) => name === 'Affine' || name === 'ScaledTanh'))
          await agrees(network(op, { attributes: { activations: strings(...names) } }));
      }
    });
  });
}

describe('GRU', () => {
  it('resets before or after the recurrent product', async () => {
    for (const states of [false, true])
      await agrees(network('GRU', { states, attributes: { linear_before_reset: 1 } }));
  });
});

describe('LSTM', () => {
  it('looks at its cell through peepholes', async () => {
    await agrees(network('LSTM', { peepholes: true, states: true }));
    await agrees(network('LSTM', { peepholes: true, directions: 2, attributes: { direction: 'bidirectional' } }));
  });
  it('couples its input and forget gates', async () => {
    for (const states of [false, true]) await agrees(network('LSTM', { states, attributes: { input_forget: 1 } }));
  });
  it('with the batch in front is the same as with the sequence in front', () => {
    const spec = network('LSTM', { attributes: { layout: 1 } });
    const graph = buildGraph(decodeModel(makeModel({ ...spec, opset: 14, inputs: { x: [BATCH, STEPS, INPUTS] } })));
    assert.deepEqual(
      graph.outputs.map(({ shape }) => shape),
      [
        [BATCH, STEPS, 1, HIDDEN],
        [BATCH, 1, HIDDEN],
        [BATCH, 1, HIDDEN],
      ],
    );
  });
  it('refuses what the specification does not know', () => {
    const build = (spec: ModelSpec) => buildGraph(decodeModel(makeModel(spec)));
    assert.throws(() => build(network('LSTM', { attributes: { direction: 'sideways' } })), UnsupportedAttributeError);
    assert.throws(
      () => build(network('LSTM', { attributes: { activations: strings('Sigmoid', 'Tanh', 'Cube') } })),
      UnsupportedAttributeError,
    );
    assert.throws(
      () => build(network('RNN', { attributes: { activations: strings('Affine') } })),
      UnsupportedAttributeError,
    );
    assert.throws(() => build(network('LSTM', { lengths: lengths(5, 1) })), ShapeError);
    assert.throws(() => build(network('LSTM', { attributes: { activations: strings('Tanh') } })), ShapeError);
    assert.throws(
      () => build({ ...network('LSTM'), nodes: [node('LSTM', ['x'], ['Y'])], outputs: ['Y'] }),
      MalformedModelError,
    );
  });
});
