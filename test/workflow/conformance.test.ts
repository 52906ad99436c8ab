/** Conformance loses no row to one failure, and measures on rows that were not calibrated on. */
import assert from 'node:assert/strict';
import { checkConformance } from '../../src/workflow/conformance.js';
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

  it('measures held-out rows where they are given, the sample where there is calibration data, and else says that it was calibrated on', async () => {
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
        [true, true, 'onnxruntime', 'calibration', 1],
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
});
