/** The accuracy report fails where the model does: on rows that were not calibrated on, and over the whole declared range. */
import assert from 'node:assert/strict';
import { compileOnnx } from '../../src/workflow/compile.js';
import { floats, makeModel, node } from '../onnx/support/make-model.js';
import { seeded } from '../onnx/support/random.js';

/** Two layers with ReLU on eight inputs. */
function network(): Uint8Array {
  const random = seeded(5);
  const weights = (rows: number, columns: number) => floats([rows, columns], Array.from({ length: rows * columns }, () => 2 * random() - 1));
  return makeModel({
    inputs: { x: [1, 8] }, outputs: ['y'],
    constants: { a: weights(8, 12), b: weights(12, 12), c: weights(12, 3) },
    nodes: [node('MatMul', ['x', 'a'], ['h1']), node('Relu', ['h1'], ['r1'], {}, 'first'), node('MatMul', ['r1', 'b'], ['h2']), node('Relu', ['h2'], ['r2'], {}, 'second'), node('MatMul', ['r2', 'c'], ['y'])],
  });
}

function rows(count: number, size: number, seed = 9): Float64Array[][] {
  const random = seeded(seed);
  return Array.from({ length: count }, () => [Float64Array.from({ length: 8 }, () => size * (2 * random() - 1))]);
}

const compile = (options: object = {}) => compileOnnx(network(), { name: 'network', ...options });

describe('the accuracy report', () => {
  it('tells of inputs that calibration on zeros cuts off, names the layer, and its remedy helps', async () => {
    const zeros = [[new Float64Array(8)]];
    const { accuracy } = await compile({ calibration: zeros, inputRange: [-3, 3] });
    const drawn = accuracy.sets.find(({ rows: kind }) => kind === 'drawn')!;
    assert.ok(drawn.outputs[0].relativeError > 0.2, String(drawn.outputs[0].relativeError));
    assert.ok(accuracy.saturations.some(({ layer, rows: kind }) => layer === 'first' && kind === 'drawn'));
    assert.match(accuracy.warnings.join('\n'), /1 calibration row\(s\) are few/);
    assert.match(accuracy.warnings.join('\n'), /calibrate on rows that cover such inputs/);
    const mended = await compile({ calibration: rows(60, 3), inputRange: [-3, 3] });
    const after = mended.accuracy.sets.find(({ rows: kind }) => kind === 'drawn')!;
    assert.ok(after.outputs[0].relativeError < drawn.outputs[0].relativeError / 4, String(after.outputs[0].relativeError));
  });

  it('advises more bits where nothing saturates, and more bits help', async () => {
    const options = { calibration: rows(60, 3), inputRange: [-3, 3] as const };
    const coarse = await compile({ ...options, activationBits: 3 });
    assert.match(coarse.accuracy.warnings.join('\n'), /--activation-bits|cuts off/);
    const fine = await compile({ ...options, activationBits: 8 });
    assert.ok(fine.accuracy.maximumError < coarse.accuracy.maximumError / 4);
  });

  it('measures rows kept apart from calibration, those given before those split off', async () => {
    const split = await compile({ calibration: rows(40, 3) });
    assert.equal(split.accuracy.heldOut, 'split');
    // Eight are kept apart; those outside what the others showed are no measure of accuracy.
    const { samples } = split.accuracy.sets.find(({ rows: kind }) => kind === 'heldOut')!;
    assert.ok(samples >= 6 && samples <= 8, String(samples));
    const given = await compile({ calibration: rows(40, 3), heldOut: rows(5, 3, 10) });
    assert.equal(given.accuracy.heldOut, 'given');
    assert.equal(given.accuracy.samples, 5);
    assert.deepEqual(given.accuracy.sets.map(({ rows: kind }) => kind), ['calibration', 'heldOut', 'drawn']);
    // What is measured changes nothing of the circuit.
    assert.equal(given.manifest.circuitHash, split.manifest.circuitHash);
  });

  it('counts calibration rows outside a declared range', async () => {
    const { accuracy } = await compile({ calibration: rows(30, 3), inputRange: [-1, 1] });
    assert.match(accuracy.warnings.join('\n'), /calibration row\(s\) lie outside the declared input range/);
  });

  it('measures each output, and each element of an output, by its own range', async () => {
    const onnx = makeModel({
      inputs: { x: [1, 2] }, outputs: ['large', 'small', 'both'],
      constants: { a: floats([2, 2], [9000, 100, -50, 8000]), b: floats([2, 2], [0.01, 0.002, -0.003, 0.02]), c: floats([2, 2], [9000, 0.001, 4000, 0.02]) },
      nodes: [
        node('MatMul', ['x', 'a'], ['l']), node('Relu', ['l'], ['large']), node('MatMul', ['x', 'b'], ['s']), node('Relu', ['s'], ['small']),
        node('MatMul', ['x', 'c'], ['d']), node('Relu', ['d'], ['both']),
      ],
    });
    const calibration = rows(30, 1).map(([row]) => [row.slice(0, 2)]);
    const { accuracy } = await compileOnnx(onnx, { name: 'outputs', calibration });
    const [large, small, both] = accuracy.sets[0].outputs;
    assert.ok(large.range > 1000 && small.range < 1 && both.range > 1000);
    assert.ok(large.relativeError < 0.02 && small.relativeError < 0.02);
    assert.ok(both.relativeError < 0.02 && both.worstElement!.relativeError > 0.25 && both.worstElement!.index === 1);
    assert.match(accuracy.warnings.join('\n'), /output 'both': its elements share one scale, and element 1/);
  });

  it('names an input whose largest calibration value is far from all others', async () => {
    const calibration = rows(60, 1);
    calibration[3][0][2] = 500;
    const { accuracy } = await compile({ calibration });
    assert.match(accuracy.warnings.join('\n'), /input 'x': its largest calibration value is \d+ times the 97th percentile/);
  });
});
