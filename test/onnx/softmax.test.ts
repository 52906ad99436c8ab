import assert from 'node:assert/strict';
import { applyOmitted } from '../../src/onnx/index.js';

const output = (op: 'Softmax' | 'LogSoftmax', axis: number) => ({
  name: 'y',
  tensor: 'y',
  shape: [2, 2],
  omitted: { op, axes: [axis] },
});

describe('applyOmitted', () => {
  it('gives probabilities that add up to 1 along the axis', () => {
    const rows = applyOmitted(output('Softmax', 1), Float64Array.of(0, Math.log(3), 5, 5));
    assert.deepEqual(
      Array.from(rows, (value) => Math.round(value * 1e12) / 1e12),
      [0.25, 0.75, 0.5, 0.5],
    );
    const columns = applyOmitted(output('Softmax', 0), Float64Array.of(0, 7, Math.log(3), 7));
    assert.deepEqual(
      Array.from(columns, (value) => Math.round(value * 1e12) / 1e12),
      [0.25, 0.5, 0.75, 0.5],
    );
  });

  it('gives logarithms for LogSoftmax, however large the scores', () => {
    const [a, b] = applyOmitted(output('LogSoftmax', 1), Float64Array.of(1000, 0, 1, 1));
    assert.equal(a, 0);
    assert.equal(b, -1000);
  });

  it('leaves an output without softmax as it is', () => {
    const scores = Float64Array.of(1, 2);
    assert.equal(applyOmitted({ shape: [2] }, scores), scores);
  });
});
