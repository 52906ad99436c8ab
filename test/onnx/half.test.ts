import assert from 'node:assert/strict';
import { openReference, toHalf } from '../../src/onnx/reference.js';
import { compileOnnx } from '../../src/workflow/compile.js';
import { makeModel, node } from './support/make-model.js';

/** Bits to the number, by the definition of binary16. */
function half(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const magnitude =
    exponent === 0
      ? fraction / 2 ** 24
      : exponent === 31
        ? fraction
          ? NaN
          : Infinity
        : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits >> 15 ? -magnitude : magnitude;
}

const model = (): Uint8Array =>
  makeModel({
    inputs: { x: { dims: [1, 4], type: 'float16' } },
    outputs: { y: 'float16' },
    outputShapes: { y: [1, 4] },
    nodes: [node('Relu', ['x'], ['y'], {}, 'relu')],
  });

describe('half-precision inputs', () => {
  it('are the nearest numbers of binary16, for every one of them and between them', () => {
    for (let bits = 0; bits < 0x7c00; bits += 1) {
      assert.equal(toHalf(half(bits)), bits);
      assert.equal(toHalf(-half(bits)), bits | 0x8000);
      const [low, high] = [half(bits), bits === 0x7bff ? 65536 : half(bits + 1)];
      assert.equal(toHalf(low + (high - low) * 0.4), bits);
      assert.equal(toHalf(low + (high - low) * 0.6), bits + 1);
      assert.equal(toHalf((low + high) / 2), bits % 2 === 0 ? bits : bits + 1, `tie above ${low}`);
    }
    assert.equal(toHalf(1e9), 0x7c00);
    assert.equal(toHalf(NaN), 0x7e00);
  });

  it('are given to onnxruntime, and its outputs read', async () => {
    const reference = await openReference(model());
    const [values] = await reference.run([[-1, 0.5, 2, 1000]]);
    assert.deepEqual([...values], [0, 0.5, 2, 1000]);
    await reference.close();
  });

  it('leave onnxruntime the reference of the accuracy report', async () => {
    const { accuracy } = await compileOnnx(model(), {
      name: 'half',
      calibration: [[Float64Array.of(-1, 0.5, 0.25, 1)]],
    });
    assert.equal(accuracy.reference, 'onnxruntime', accuracy.why);
    assert.ok(accuracy.maximumError < 0.02, String(accuracy.maximumError));
  });
});
