import assert from 'node:assert/strict';
import { evaluator } from '../../src/network/evaluate.js';
import { quantize } from '../../src/quantize/quantize.js';
import { mostSensitive, spreadOfBits } from '../../src/quantize/sensitivity.js';
import { seeded } from '../onnx/support/random.js';
import { Sketch } from './support/graphs.js';
import { randomSamples } from './support/samples.js';

/** A network whose many elements are of little account beside a few. */
function network() {
  const random = seeded(9);
  const sketch = new Sketch();
  const x = sketch.input([1, 4]);
  const few = sketch.relu(sketch.dense(x, 3, random));
  const many = sketch.relu(sketch.dense(x, 100, random));
  const faint = sketch.affine(sketch.dense(many, 2, random), new Float64Array(2).fill(1e-3), new Float64Array(2));
  const graph = sketch.graph(sketch.concat(sketch.dense(few, 2, random), faint));
  return { graph, few, many, samples: randomSamples(graph, 20, random) };
}

describe('a spread of bits', () => {
  it('gives more of them to few elements that the outputs depend on than to many that they hardly do', () => {
    const { graph, few, many, samples } = network();
    const spread = spreadOfBits(graph, samples);
    assert.ok((spread.get(few) ?? NaN) > (spread.get(many) ?? NaN));
  });

  it('is what rectifiers are cut to', () => {
    const { graph, few, many, samples } = network();
    const spread = new Map([
      [few, 3],
      [many, -2],
    ]);
    const { ops } = quantize(graph, { activationBits: 8, samples, spread, evaluator });
    assert.deepEqual(
      ops.flatMap((op) => (op.kind === 'requantize' && op.low === 0 ? op.bits : [])),
      [11, 6],
    );
  });

  it('is none without samples', () => {
    const { graph } = network();
    assert.equal(spreadOfBits(graph, []).size, 0);
    assert.equal(mostSensitive(graph, []), undefined);
  });
});
