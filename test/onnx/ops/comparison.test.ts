/**
 * Comparisons, logic, Where and tables with computed positions: the float network against onnxruntime, the integer
 * model exactly.
 */
import assert from 'node:assert/strict';
import { buildGraph, decodeModel, evaluator, openReference } from '../../../src/onnx/index.js';
import type { ElementType } from '../../../src/onnx/model.js';
import { encodeInputs } from '../../../src/integer/encode.js';
import { runIntegerModel } from '../../../src/integer/interpreter.js';
import { quantize } from '../../../src/quantize/quantize.js';
import { compileOnnx } from '../../../src/workflow/compile.js';
import { agrees } from '../support/compare.js';
import { floats, makeModel, node, typeCode, type ModelSpec, type NodeSpec } from '../support/make-model.js';

const COMPARISONS = ['Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual', 'Equal'];
const LOGIC = ['And', 'Or', 'Xor'];
const int = (dims: readonly number[], type: ElementType = 'int32') => ({ dims, type });
const bools = (data: readonly number[]) => ({ dims: [data.length], dataType: typeCode('bool'), int32Data: [...data] });

/** The quantized model gives onnxruntime's integers on every row. */
async function exactOn(spec: ModelSpec, rows: readonly (readonly number[])[][]): Promise<void> {
  const bytes = makeModel(spec);
  const graph = buildGraph(decodeModel(bytes));
  const samples = rows.map((row) => row.map((values) => Float64Array.from(values)));
  const model = quantize(graph, { activationBits: 4, samples, evaluator });
  const reference = await openReference(bytes);
  try {
    for (const sample of samples) {
      const expected = await reference.run(sample);
      runIntegerModel(model, encodeInputs(model.inputs, sample)).forEach((integers, k) => {
        assert.equal(model.outputs[k].scale, 1);
        assert.deepEqual(
          Array.from(integers),
          Array.from(expected[k]),
          `on ${JSON.stringify(sample.map((values) => Array.from(values)))}`,
        );
      });
    }
  } finally {
    await reference.close();
  }
}

const around = [-1000, -4, -3, -2, -1, 0, 1, 2, 3, 4, 1000];

/** One node of each operator, and the outputs that they make; `cast` makes floats of these. */
function each(
  ops: readonly string[],
  inputs: readonly string[],
  suffix = '',
): { nodes: NodeSpec[]; outputs: Record<string, ElementType> } {
  return {
    nodes: ops.map((op) => node(op, inputs, [`${op}${suffix}`])),
    outputs: Object.fromEntries(ops.map((op) => [`${op}${suffix}`, 'bool'])),
  };
}

describe('comparisons', () => {
  it('of integers with constants, on either side, are exact', async () => {
    const constants = {
      c: { dims: [11], dataType: typeCode('int32'), int32Data: [-2, -2, -2, 3, 0, 0, 1, 1, 999, 4, 1000] },
    };
    const [right, left] = [each(COMPARISONS, ['x', 'c']), each(COMPARISONS, ['c', 'x'], ' mirrored')];
    await exactOn(
      {
        inputs: { x: int([11]) },
        outputs: { ...right.outputs, ...left.outputs },
        constants,
        nodes: [...right.nodes, ...left.nodes],
      },
      [[around], [[...around].reverse()]],
    );
  });
  it('of two integer tensors are exact, at any bits of activations', async () => {
    const spec: ModelSpec = { inputs: { a: int([11]), b: int([11]) }, ...each(COMPARISONS, ['a', 'b']) };
    await exactOn(spec, [
      [around, around],
      [around, [...around].reverse()],
      [around.map((value) => value + 1), around],
    ]);
  });
  it('of floats agree with onnxruntime, broadcast, with infinity and with NaN', async () => {
    const made = [
      each(COMPARISONS, ['a', 'b']),
      each(COMPARISONS, ['a', 'c'], ' of c'),
      each(COMPARISONS, ['a', 'a'], ' of itself'),
    ];
    const nodes = made.flatMap((part) => part.nodes);
    const casts = nodes.map(({ outputs: [name] }) => node('Cast', [name], [`float ${name}`], { to: 1 }));
    await agrees({
      inputs: { a: [2, 3], b: [3] },
      outputs: casts.map(({ outputs: [name] }) => name),
      constants: { c: floats([3, 1, 1], [0.5, -Infinity, NaN]) },
      nodes: [...nodes, ...casts],
    });
  });
  it('with a fraction are exact on integers', async () => {
    await exactOn(
      {
        inputs: { x: int([11]) },
        outputs: { y: 'bool' },
        constants: { c: floats([1], [2.4]) },
        nodes: [node('Cast', ['x'], ['f'], { to: 1 }), node('GreaterOrEqual', ['f', 'c'], ['y'])],
      },
      [[around]],
    );
  });
  it('cost two constraints more than the bits of what is compared', async () => {
    const spec: ModelSpec = {
      inputs: { x: int([8], 'uint8') },
      outputs: { y: 'bool' },
      constants: { c: { dims: [1], dataType: typeCode('uint8'), int32Data: [77] } },
      nodes: [node('Less', ['x', 'c'], ['y'])],
    };
    const sample = [[Float64Array.from([0, 76, 77, 78, 255, 1, 128, 200])]];
    const options = { name: 'less', calibration: sample, inputVisibility: 'private' } as const;
    const { circuit, accuracy } = await compileOnnx(makeModel(spec), options);
    const { circuit: without } = await compileOnnx(
      makeModel({ ...spec, outputs: { y: 'uint8' }, nodes: [node('Identity', ['x'], ['y'])] }),
      options,
    );
    assert.equal(accuracy.maximumError, 0);
    assert.ok(
      circuit.system.constraintCount - without.system.constraintCount <= 8 * (8 + 2),
      `${circuit.system.constraintCount} and ${without.system.constraintCount}`,
    );
  });
});

describe('logic', () => {
  const [p, q] = [
    [0, 0, 1, 1],
    [0, 1, 0, 1],
  ];
  it('is exact on the whole truth table', async () => {
    const made = [
      each(LOGIC, ['a', 'b']),
      each(LOGIC, ['a', 'c'], ' of c'),
      each(LOGIC, ['c', 'a'], ' mirrored'),
      each(['Not'], ['a']),
    ];
    const outputs = Object.assign({}, ...made.map((part) => part.outputs)) as Record<string, ElementType>;
    await exactOn(
      {
        inputs: { a: int([4], 'bool'), b: int([4], 'bool') },
        outputs,
        constants: { c: bools(q) },
        nodes: made.flatMap((part) => part.nodes),
      },
      [[p, q]],
    );
  });
});

describe('Where with a computed condition', () => {
  const compared = node('Less', ['x', 'zero'], ['c']);
  const zero = floats([], [0]);
  it('agrees with onnxruntime, whichever sides are constant', async () => {
    const constants = { zero, k: floats([3], [5, 6, 7]), l: floats([2, 1], [-1, -2]) };
    const sides = [
      ['x', 'n'],
      ['x', 'k'],
      ['k', 'x'],
      ['k', 'l'],
    ];
    const nodes = sides.map(([x, y]) => node('Where', ['c', x, y], [`${x} or ${y}`]));
    await agrees({
      inputs: { x: [2, 3] },
      outputs: nodes.map(({ outputs: [name] }) => name),
      constants,
      nodes: [compared, node('Neg', ['x'], ['n']), ...nodes],
    });
  });
  it('is exact on integers of any size', async () => {
    const spec: ModelSpec = {
      inputs: { a: int([11]), b: int([11]) },
      outputs: { y: 'int32' },
      nodes: [node('Less', ['a', 'b'], ['c']), node('Where', ['c', 'a', 'b'], ['y'])],
    };
    await exactOn(spec, [
      [around.map((value) => 12345 * value), [...around].reverse()],
      [around, around],
    ]);
  });
});
