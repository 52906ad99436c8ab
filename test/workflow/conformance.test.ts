/** Conformance loses no row to one failure, and measures on rows that were not calibrated on. */
import assert from 'node:assert/strict';
import { checkConformance, conforms, rowsAround } from '../../src/workflow/conformance.js';
import { floats, makeModel, node } from '../onnx/support/make-model.js';

const text = (...rows: number[][]): string => JSON.stringify({ input_data: rows });

describe('conformance', () => {
  const onnx = makeModel({
    inputs: { x: [1, 3] },
    outputs: ['y'],
    constants: { w: floats([3, 2], [1, -1, 0.5, 2, -0.25, 1]) },
    nodes: [node('MatMul', ['x', 'w'], ['h']), node('Relu', ['h'], ['y'])],
  });
  const calibration = text([1, 2, 3], [-1, 0, 2], [3, 3, -3], [0, 1, 0]);

  it('measures held-out rows where they are given, and else the sample, which is never calibrated on', async () => {
    const rows = [
      await checkConformance('a', onnx, { input: text([1, 1, 1]), calibration, heldOut: text([0.5, 2, 1], [2, 0, 2]) }),
      await checkConformance('a', onnx, { input: text([1, 1, 1]), calibration }),
      await checkConformance('a', onnx, { input: text([1, 1, 1]) }),
    ];
    assert.deepEqual(
      rows.map((row) => [row.compiled, row.satisfied, row.reference, row.rows, row.samples]),
      [
        [true, true, 'onnxruntime', 'heldOut', 2],
        [true, true, 'onnxruntime', 'heldOut', 1],
        [true, true, 'onnxruntime', 'heldOut', 1],
      ],
    );
    assert.ok(rows.every((row) => row.relativeError! < 0.02));
  });

  it('gives a row with the reason for a file that is no model, and for an input that is none', async () => {
    const rows = [
      await checkConformance('a', Uint8Array.of(1, 2, 3), { input: text([1]) }),
      await checkConformance('b', onnx, { input: '{"input_data": 5}' }),
    ];
    assert.deepEqual(
      rows.map(({ compiled }) => compiled),
      [false, false],
    );
    assert.ok(rows.every(({ why }) => /Error: /.test(why!)));
  });

  it('compares with expected outputs, shapes among them, where they are given', async () => {
    const expect = (shape: number[], data: (number | string)[]): string =>
      JSON.stringify({ output_data: [{ shape, data }] });
    const compared = async (expected: string) =>
      (await checkConformance('a', onnx, { input: text([1, 2, 3]), expected })).expected!;
    // y = relu([1 + 1 - 0.75, -1 + 4 + 3])
    const right = await compared(expect([1, 2], [1.25, 6]));
    assert.ok(right.shapes && right.float === 0 && right.integer > 0 && right.integer < 0.02);
    const row0 = { name: 'a', compiled: true, satisfied: true, relativeError: 0.5 };
    assert.ok(conforms({ ...row0, expected: right }) && !conforms({ ...row0, expected: { ...right, integer: 0.02 } }));
    assert.ok(!conforms({ ...row0, expected: { ...right, ofRows: undefined } }), 'other rows were measured');
    const wrong = await compared(expect([2], [1.25, 3]));
    assert.deepEqual([wrong.shapes, wrong.float], [false, 1]);
    assert.equal((await compared(expect([1, 2], [1.25, 'inf']))).float, Infinity);
    // y = relu([0 + 1 - 0.75, 0 + 4 + 3]); what a hole leads to is expected as a hole.
    const input = '{"input_data": [["nan", 2, 3]]}';
    const row = await checkConformance('a', onnx, { input, expected: expect([1, 2], ['nan', 7]) });
    assert.deepEqual([row.holes, row.expected!.float], [1, 0]);
    assert.match(
      (await checkConformance('a', onnx, { input: text([1, 2, 3]), expected: expect([3], [1]) })).why!,
      /a shape and as many elements/,
    );
  });

  it('calibrates on rows around the sample where there are none, the sample between them, integers as they are', () => {
    const inputs = [
      { name: 'x', shape: [3] },
      { name: 'i', shape: [2], integers: [0, 9] as const },
    ];
    const sample = [Float64Array.of(-1, 0, 3), Float64Array.of(4, 7)];
    const rows = rowsAround(sample, { inputs });
    sample[0].forEach((value, i) => {
      const column = rows.map(([x]) => x[i]);
      assert.ok(Math.min(...column) <= value && Math.max(...column) >= value);
    });
    assert.ok(rows.flatMap(([x]) => Array.from(x)).every((value) => value >= -1 && value <= 3));
    assert.ok(rows.every(([x]) => x.some((value, i) => value !== sample[0][i])));
    assert.ok(rows.every(([, i]) => i.join() === '4,7'));
  });

  it('says that a model conforms where it is satisfied, near enough or of the same class, and its proof was accepted', () => {
    const row = { name: 'a', compiled: true, satisfied: true, relativeError: 0.005 };
    const proof = { setupSeconds: 1, proveSeconds: 1, witnessSeconds: 1, gas: 1, outputs: 'public' as const };
    assert.ok(conforms(row));
    assert.ok(conforms({ ...row, relativeError: 0.2, classAgreement: 1 }));
    assert.ok(conforms({ ...row, proof: { ...proof, verified: true, accepted: true } }));
    for (const wrong of [
      { compiled: false },
      { satisfied: false },
      { relativeError: 0.02 },
      { relativeError: 0.02, classAgreement: 0.9 },
      { relativeError: NaN },
      { expected: { shapes: false, float: 0, integer: 0 } },
      { notProved: 'out of memory' },
      { proof: { ...proof, verified: true, accepted: false } },
    ])
      assert.ok(!conforms({ ...row, ...wrong }), JSON.stringify(wrong));
  });

  it('keeps the row of a model that cannot be proved', async () => {
    const row = await checkConformance('a', onnx, { input: text([1, 1, 1]), calibration }, () =>
      Promise.reject(new Error('no room')),
    );
    assert.deepEqual([row.compiled, row.satisfied], [true, true]);
    assert.match(row.notProved!, /no room/);
  });
});
