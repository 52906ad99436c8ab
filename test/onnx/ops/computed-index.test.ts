/** Gather by indices that the network computes, and integer types that wrap around. */
import assert from 'node:assert/strict';
import { buildGraph, decodeModel, evaluator, openReference } from '../../../src/onnx/index.js';
import { encodeInputs } from '../../../src/integer/encode.js';
import { runIntegerModel } from '../../../src/integer/interpreter.js';
import { quantize } from '../../../src/quantize/quantize.js';
import { agrees } from '../support/compare.js';
import { floats, int64s, makeModel, node, typeCode, type ModelSpec } from '../support/make-model.js';

/** The quantized model gives onnxruntime's integers on every row. */
async function exactOn(spec: ModelSpec, rows: readonly (readonly number[])[][]): Promise<void> {
  const bytes = makeModel(spec);
  const samples = rows.map((row) => row.map((values) => Float64Array.from(values)));
  const model = quantize(buildGraph(decodeModel(bytes)), { activationBits: 4, samples, evaluator });
  const reference = await openReference(bytes);
  try {
    for (const sample of samples) {
      const expected = await reference.run(sample);
      runIntegerModel(model, encodeInputs(model.inputs, sample)).forEach((integers, k) =>
        assert.deepEqual(Array.from(integers), Array.from(expected[k])),
      );
    }
  } finally {
    await reference.close();
  }
}

describe('Gather by computed indices', () => {
  it('reads a table, rows of a constant and rows of an activation as onnxruntime does', async () => {
    await agrees({
      inputs: { x: [3, 4] },
      outputs: ['entries', 'rows', 'own', 'columns', 'elements'],
      constants: { table: floats([4], [5, -1, 2, 7]), matrix: floats([4, 2], [1, 2, 3, 4, 5, 6, 7, 8]) },
      nodes: [
        node('ArgMax', ['x'], ['at'], { axis: 1, keepdims: 0 }),
        node('ArgMax', ['x'], ['kept'], { axis: 1 }),
        node('Gather', ['table', 'at'], ['entries']),
        node('Gather', ['matrix', 'at'], ['rows']),
        node('Transpose', ['x'], ['t']),
        node('Gather', ['t', 'at'], ['own']),
        node('Gather', ['x', 'at'], ['columns'], { axis: 1 }),
        node('GatherElements', ['x', 'kept'], ['elements'], { axis: 1 }),
      ],
    });
  });
  it('takes indices from an input, negative ones too', async () => {
    const spec: ModelSpec = {
      inputs: { i: { dims: [5], type: 'int64' } },
      outputs: { y: 'int64' },
      constants: { table: int64s([10, 20, 50, 30]) },
      nodes: [node('Gather', ['table', 'i'], ['y'])],
    };
    await exactOn(spec, [[[0, 1, 2, 3, -1]], [[-4, -3, -2, -1, 0]]]);
  });
});

describe('small integer types', () => {
  it('wrap around in constants that nodes make of constants, as in onnxruntime', async () => {
    const casts = (['uint8', 'int8', 'int32'] as const).flatMap((type) => [
      node('Cast', ['wide'], [type], { to: typeCode(type) }),
      node('Cast', [type], [`real ${type}`], { to: typeCode('float') }),
      node('Mul', ['x', `real ${type}`], [`y ${type}`]),
    ]);
    const sum = [
      node('Add', ['most', 'most'], ['twice']),
      node('Cast', ['twice'], ['real']),
      node('Mul', ['x', 'real'], ['y']),
    ].map((made) => (made.op === 'Cast' ? { ...made, attributes: { to: typeCode('float') } } : made));
    await agrees({
      inputs: { x: [1, 3] },
      outputs: ['y uint8', 'y int8', 'y int32', 'y'],
      constants: {
        wide: int64s([300, -1, 2 ** 31 + 5]),
        most: { dims: [3], dataType: typeCode('int32'), int32Data: [2 ** 31 - 1, 1, -(2 ** 31)] },
      },
      nodes: [...casts, ...sum],
    });
  });
  it('wrap around in sums, differences and products, as in onnxruntime', async () => {
    const byte = (data: readonly number[]) => ({
      dims: [data.length],
      dataType: typeCode('uint8'),
      int32Data: [...data],
    });
    const spec: ModelSpec = {
      inputs: { a: { dims: [4], type: 'uint8' } },
      outputs: { sum: 'uint8', difference: 'uint8', product: 'uint8' },
      constants: { c: byte([1, 255, 100, 7]) },
      nodes: [
        node('Add', ['a', 'c'], ['sum']),
        node('Sub', ['a', 'c'], ['difference']),
        node('Mul', ['a', 'c'], ['product']),
      ],
    };
    await exactOn(spec, [[[255, 255, 200, 0]], [[0, 1, 99, 250]]]);
  });
});
