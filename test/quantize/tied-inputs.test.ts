/** Inputs whose elements have one unit, since they are added or compared, have one grid, however their ranges differ. */
import assert from 'node:assert/strict';
import { buildGraph, decodeModel, evaluator } from '../../src/onnx/index.js';
import { encodeInputs } from '../../src/integer/encode.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { quantize } from '../../src/quantize/quantize.js';
import { floats, makeModel, node, type ModelSpec } from '../onnx/support/make-model.js';

/** Rows of two tables whose columns differ in size, and differ between the tables. */
const ROWS = Array.from({ length: 8 }, (_, row) => {
  const moved = Math.sin(3 * row);
  return [
    Float64Array.of(0.6 + 0.03 * moved, 40 + 3 * moved, 0.003 * moved),
    Float64Array.of(0.62 - 0.02 * moved, 15 + moved, 0.01 * moved),
  ];
});
const LAST = [Float64Array.of(0.6394, 40.5, 0.001), Float64Array.of(0.6172, 14.5, -0.004)];

function outputOf(spec: ModelSpec): { given: number[]; exact: number[]; grids: readonly (readonly number[])[] } {
  const graph = buildGraph(decodeModel(makeModel(spec)));
  const model = quantize(graph, { activationBits: 8, samples: ROWS, evaluator });
  const [integers] = runIntegerModel(model, encodeInputs(model.inputs, LAST));
  return {
    given: Array.from(integers, (value) => value * model.outputs[0].scale),
    exact: Array.from(evaluator(graph)(LAST).get(graph.outputs[0].tensor)!),
    grids: model.inputs.map(({ scale, low, bits }) => [...scale, ...low, bits]),
  };
}

describe('inputs that are tied', () => {
  const inputs = { x: [1, 3], y: [1, 3] };
  const constants = { w: floats([3, 1], [1, 0.01, 50]) };
  it('are compared on one grid', () => {
    const { given, exact, grids } = outputOf({
      inputs,
      outputs: { z: 'bool' },
      nodes: [node('Less', ['x', 'y'], ['z'])],
    });
    assert.deepEqual(given, exact);
    assert.deepEqual(grids[0], grids[1]);
  });
  for (const op of ['Sub', 'Add', 'Max']) {
    it(`are read on one grid by ${op}`, () => {
      const nodes = [node(op, ['x', 'y'], ['h']), node('MatMul', ['h', 'w'], ['z'])];
      const { given, exact, grids } = outputOf({ inputs, outputs: ['z'], constants, nodes });
      assert.ok(Math.abs(given[0] - exact[0]) < 0.02 * Math.abs(exact[0]), `${given} ${exact}`);
      assert.deepEqual(grids[0], grids[1]);
    });
  }
  it('have one scale each where they cannot agree on their bits', () => {
    // Only x is the factor of a product, and so finer.
    const nodes = [
      node('Add', ['x', 'y'], ['h']),
      node('Mul', ['x', 'x'], ['square']),
      node('Add', ['h', 'square'], ['s']),
      node('MatMul', ['s', 'w'], ['z']),
    ];
    const { given, exact, grids } = outputOf({ inputs, outputs: ['z'], constants, nodes });
    assert.ok(Math.abs(given[0] - exact[0]) < 0.02 * Math.abs(exact[0]), `${given} ${exact}`);
    assert.ok(grids.every((grid) => grid.length === 3));
  });
});
