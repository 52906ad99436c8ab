/** Masks that the network computes, before a softmax: as exporters write them, against shares worked out by hand. */
import assert from 'node:assert/strict';
import { buildGraph, decodeModel, evaluate, evaluator } from '../../src/onnx/index.js';
import { encodeInputs } from '../../src/integer/encode.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { quantize } from '../../src/quantize/quantize.js';
import { floats, makeModel, node, type ModelSpec, type NodeSpec } from './support/make-model.js';

const LEAST = -3.4028234663852886e38;
const SCORES = Float64Array.of(2, -1, 0.5, 3);
/** 1 where an element counts. */
const MASKS = [
  [1, 1, 1, 1],
  [1, 0, 1, 0],
  [0, 0, 1, 1],
  [0, 1, 0, 0],
].map((mask) => Float64Array.from(mask));

function graphOf(nodes: readonly NodeSpec[]) {
  const spec: ModelSpec = {
    inputs: { x: [1, 4], m: { dims: [1, 4], type: 'int64' } },
    outputs: ['y'],
    constants: {
      one: floats([], [1]),
      zero: floats([], [0]),
      least: floats([], [LEAST]),
      far: floats([], [-1e9]),
      two: floats([], [2]),
    },
    // What comes after a softmax has it computed.
    nodes: [...nodes, node('Softmax', ['masked'], ['shares']), node('Mul', ['shares', 'two'], ['y'])],
  };
  return buildGraph(decodeModel(makeModel(spec)));
}

/** Twice the shares of what counts. */
function expected(mask: Float64Array): number[] {
  const powers = SCORES.map((score, i) => mask[i] * Math.exp(score));
  const sum = powers.reduce((a, b) => a + b, 0);
  return Array.from(powers, (power) => (2 * power) / sum);
}

const float = node('Cast', ['m'], ['f'], { to: 1 });
const hides = [float, node('Sub', ['one', 'f'], ['hidden'])];
const hidden = [node('Cast', ['m'], ['b'], { to: 9 }), node('Not', ['b'], ['n'])];

describe('a mask that the network computes', () => {
  const written: Readonly<Record<string, readonly NodeSpec[]>> = {
    '(1 - mask) * least float, added': [
      ...hides,
      node('Mul', ['hidden', 'least'], ['bias']),
      node('Add', ['x', 'bias'], ['masked']),
    ],
    'the same with -1e9': [...hides, node('Mul', ['hidden', 'far'], ['bias']), node('Add', ['bias', 'x'], ['masked'])],
    'a choice of two constants, added': [
      ...hidden,
      node('Where', ['n', 'least', 'zero'], ['bias']),
      node('Add', ['x', 'bias'], ['masked']),
    ],
    'scores filled where a boolean says so': [...hidden, node('Where', ['n', 'least', 'x'], ['masked'])],
    'scores kept where a boolean says so': [...hidden, node('Where', ['b', 'x', 'least'], ['masked'])],
  };
  for (const [how, nodes] of Object.entries(written)) {
    it(`hides what it says and leaves the scores their bits: ${how}`, () => {
      const graph = graphOf(nodes);
      const samples = MASKS.map((mask) => [SCORES, mask]);
      const model = quantize(graph, { activationBits: 8, samples, evaluator });
      for (const mask of MASKS) {
        const shares = evaluate(graph, [SCORES, mask]).get(graph.outputs[0].tensor) as Float64Array;
        const [integers] = runIntegerModel(model, encodeInputs(model.inputs, [SCORES, mask]));
        expected(mask).forEach((value, i) => {
          assert.ok(Math.abs(shares[i] - value) < 1e-9);
          assert.ok(Math.abs(integers[i] * model.outputs[0].scale - value) < 0.02, `${mask} ${i}`);
        });
      }
    });
  }

  it('may be one that nothing reads: an infinity that is chosen where an element is no number, which none is', () => {
    const spec: ModelSpec = {
      inputs: { x: [4] },
      outputs: ['y'],
      constants: { infinity: floats([], [Infinity]) },
      nodes: [node('IsNaN', ['x'], ['n']), node('Where', ['n', 'infinity', 'x'], ['y'])],
    };
    const graph = buildGraph(decodeModel(makeModel(spec)));
    const model = quantize(graph, { activationBits: 8, samples: [[SCORES]], evaluator });
    const [integers] = runIntegerModel(model, encodeInputs(model.inputs, [SCORES]));
    SCORES.forEach((value, i) => assert.ok(Math.abs(integers[i] * model.outputs[0].scale - value) < 0.02));
  });

  it('is left as it is where it is no mask: of real numbers, or subtracted', () => {
    for (const nodes of [
      [node('Mul', ['x', 'far'], ['masked'])],
      [...hides, node('Mul', ['hidden', 'far'], ['bias']), node('Sub', ['x', 'bias'], ['masked'])],
    ]) {
      const { nodes: made } = graphOf(nodes);
      assert.ok(made.every(({ name }) => !/nearer|mask$/.test(name)));
    }
  });
});
