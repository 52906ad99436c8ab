/**
 * The accuracy report fails where the model does: on rows that were not calibrated on, and over the whole declared
 * range.
 */
import assert from 'node:assert/strict';
import { manifestSchema } from '../../src/manifest.js';
import { printAccuracy } from '../../src/cli/print.js';
import { encodeInputs } from '../../src/integer/encode.js';
import { compileModel } from '../../src/compile/compile.js';
import { reportAccuracy, type ComparedAccuracy } from '../../src/workflow/accuracy-report.js';
import { AccuracyTargetError } from '../../src/workflow/errors.js';
import type { RowKind } from '../../src/quantize/accuracy.js';
import { compileOnnx, prepareModel } from '../../src/workflow/compile.js';
import { inspectOnnx } from '../../src/workflow/inspect.js';
import { paced } from '../../src/workflow/pace.js';
import { drawSweep, sweepBits } from '../../src/workflow/sweep.js';
import { floats, makeModel, node } from '../onnx/support/make-model.js';
import { seeded } from '../onnx/support/random.js';

/** Two layers with ReLU on eight inputs. */
function network(): Uint8Array {
  const random = seeded(5);
  const weights = (rows: number, columns: number) =>
    floats(
      [rows, columns],
      Array.from({ length: rows * columns }, () => 2 * random() - 1),
    );
  return makeModel({
    inputs: { x: [1, 8] },
    outputs: ['y'],
    constants: { a: weights(8, 12), b: weights(12, 12), c: weights(12, 3) },
    nodes: [
      node('MatMul', ['x', 'a'], ['h1']),
      node('Relu', ['h1'], ['r1'], {}, 'first'),
      node('MatMul', ['r1', 'b'], ['h2']),
      node('Relu', ['h2'], ['r2'], {}, 'second'),
      node('MatMul', ['r2', 'c'], ['y']),
    ],
  });
}

function rows(count: number, size: number, seed = 9): Float64Array[][] {
  const random = seeded(seed);
  return Array.from({ length: count }, () => [Float64Array.from({ length: 8 }, () => size * (2 * random() - 1))]);
}

const compile = (options: object = {}) => compileOnnx(network(), { name: 'network', ...options });

const worst = ({ sets }: ComparedAccuracy, kind: RowKind): number =>
  Math.max(...sets.find(({ rows: one }) => one === kind)!.outputs.map(({ relativeError }) => relativeError));
const advised = ({ remedies }: ComparedAccuracy, kind: RowKind): string[] =>
  remedies.filter(({ rows: one }) => one === kind).map((remedy) => remedy.kind);

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
    assert.ok(
      after.outputs[0].relativeError < drawn.outputs[0].relativeError / 4,
      String(after.outputs[0].relativeError),
    );
  });

  it('advises more bits where the grids are coarse, and the bits advised leave what it says', async () => {
    const options = { calibration: rows(60, 3), heldOut: rows(40, 3, 10), inputRange: [-3, 3] as const };
    const coarse = (await compile({ ...options, activationBits: 3 })).accuracy;
    const [remedy] = coarse.remedies.filter(
      ({ rows: kind, kind: what }) => kind === 'heldOut' && what === 'activationBits',
    );
    const activationBits = Number(/--activation-bits (\d+)/.exec(remedy.advice)![1]);
    assert.ok(coarse.warnings.some((warning) => warning.includes(remedy.advice)));
    const fine = (await compile({ ...options, activationBits })).accuracy;
    assert.ok(worst(fine, 'heldOut') < 0.5 * worst(coarse, 'heldOut'));
    assert.ok(Math.abs(worst(fine, 'heldOut') - remedy.after) < 0.1 * remedy.after);
  });

  it('does not advise more bits where layers saturate, and nothing before them where grids are coarse', async () => {
    const saturated = (await compile({ calibration: rows(60, 0.2), heldOut: rows(40, 3, 10), inputRange: [-3, 3] }))
      .accuracy;
    assert.deepEqual(advised(saturated, 'heldOut'), ['calibration']);
    const coarse = (
      await compile({ calibration: rows(60, 3), heldOut: rows(40, 3, 10), inputRange: [-3, 3], activationBits: 3 })
    ).accuracy;
    // With so few bits any other calibration may by accident err less; more bits help more than that.
    assert.equal(advised(coarse, 'heldOut')[0], 'activationBits');
  });

  it('advises calibration on rows like the held-out ones where those saturate, and such rows help', async () => {
    const options = { heldOut: rows(40, 3, 10), inputRange: [-3, 3] as const };
    const before = (await compile({ ...options, calibration: rows(60, 0.2) })).accuracy;
    assert.ok(before.warnings.some((warning) => warning.includes('calibrate on rows like the held-out ones')));
    const after = (await compile({ ...options, calibration: [...rows(60, 0.2), ...rows(40, 3, 11)] })).accuracy;
    assert.ok(worst(after, 'heldOut') < 0.3 * worst(before, 'heldOut'));
  });

  it('advises a narrower declared range where the calibration data are of one, and it helps', async () => {
    const before = (await compile({ calibration: rows(60, 0.2), inputRange: [-3, 3] })).accuracy;
    assert.ok(advised(before, 'drawn').includes('inputRange'));
    const after = (await compile({ calibration: rows(60, 0.2), inputRange: [-0.2, 0.2] })).accuracy;
    assert.ok(worst(after, 'drawn') < 0.3 * worst(before, 'drawn'));
  });

  it('tries no remedies for which a model is too large, and says so', async () => {
    const { compared, requantizeTo } = prepareModel(
      network(),
      { name: 'network', calibration: [[new Float64Array(8)]], inputRange: [-3, 3] },
      paced(),
    );
    const requantize = requantizeTo(8);
    const model = await requantize({});
    const circuit = await compileModel(model, { input: 'private', output: 'public' });
    const tried = await reportAccuracy({ ...compared, model, circuit, requantize });
    assert.ok(tried.remedies.length > 0);
    const large = await reportAccuracy({ ...compared, model, circuit, requantize, mostTried: 0 });
    assert.deepEqual(large.remedies, []);
    assert.match(large.warnings.join('\n'), /the model is too large to try them all/);
  });

  it('calls few rows few, and some dozens are better', async () => {
    const heldOut = rows(40, 1, 10);
    const few = (await compile({ calibration: rows(3, 1), heldOut, inputRange: [-1, 1] })).accuracy;
    const many = (await compile({ calibration: rows(60, 1), heldOut, inputRange: [-1, 1] })).accuracy;
    assert.match(few.warnings.join('\n'), /3 calibration row\(s\) are few.*some dozens/);
    assert.doesNotMatch(many.warnings.join('\n'), /are few/);
    assert.ok(
      worst(many, 'heldOut') < 0.7 * worst(few, 'heldOut'),
      `${worst(few, 'heldOut')} ${worst(many, 'heldOut')}`,
    );
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
    assert.deepEqual(
      given.accuracy.sets.map(({ rows: kind }) => kind),
      ['calibration', 'heldOut', 'drawn'],
    );
    // What is measured changes nothing of the circuit.
    assert.equal(given.manifest.circuitHash, split.manifest.circuitHash);
  });

  it('counts calibration rows outside a declared range', async () => {
    const { accuracy } = await compile({ calibration: rows(30, 3), inputRange: [-1, 1] });
    assert.match(
      accuracy.warnings.join('\n'),
      /calibration row\(s\) lie outside the declared input range.*declare a wider --input-range/,
    );
    // Within the wider range all are accepted.
    const { model } = await compile({ calibration: rows(30, 3), inputRange: [-3, 3] });
    for (const row of rows(30, 3)) encodeInputs(model.inputs, row);
  });

  it('measures each output, and each element of an output, by its own range', async () => {
    const onnx = makeModel({
      inputs: { x: [1, 2] },
      outputs: ['large', 'small', 'both'],
      constants: {
        a: floats([2, 2], [9000, 100, -50, 8000]),
        b: floats([2, 2], [0.01, 0.002, -0.003, 0.02]),
        c: floats([2, 2], [9000, 0.001, 4000, 0.02]),
      },
      nodes: [
        node('MatMul', ['x', 'a'], ['l']),
        node('Relu', ['l'], ['large']),
        node('MatMul', ['x', 'b'], ['s']),
        node('Relu', ['s'], ['small']),
        node('MatMul', ['x', 'c'], ['d']),
        node('Relu', ['d'], ['both']),
      ],
    });
    const corners = [-1, 1].flatMap((a) => [-1, 1].map((b) => [Float64Array.of(a, b)]));
    const calibration = [...corners, ...rows(30, 1).map(([row]) => [row.slice(0, 2)])];
    const { accuracy } = await compileOnnx(onnx, { name: 'outputs', calibration });
    const [large, small, both] = accuracy.sets[0].outputs;
    assert.ok(large.range > 1000 && small.range < 1 && both.range > 1000);
    assert.ok(large.relativeError < 0.02 && small.relativeError < 0.02);
    assert.ok(both.relativeError < 0.02 && both.worstElement!.relativeError > 0.25 && both.worstElement!.index === 1);
    assert.match(
      accuracy.warnings.join('\n'),
      /output 'both': its elements share one scale, and element 1.*outputs of layers of their own/,
    );
    // Which helps: the same two columns, each by a layer of its own.
    const apart = makeModel({
      inputs: { x: [1, 2] },
      outputs: ['first', 'second'],
      constants: { a: floats([2, 1], [9000, 4000]), b: floats([2, 1], [0.001, 0.02]) },
      nodes: [
        node('MatMul', ['x', 'a'], ['f']),
        node('Relu', ['f'], ['first']),
        node('MatMul', ['x', 'b'], ['s']),
        node('Relu', ['s'], ['second']),
      ],
    });
    const own = (await compileOnnx(apart, { name: 'apart', calibration })).accuracy;
    for (const { relativeError } of own.sets[0].outputs) assert.ok(relativeError < 0.02);
  });

  it('names an input whose largest calibration value is far from all others', async () => {
    const calibration = rows(60, 1);
    calibration[3][0][2] = 500;
    const { accuracy } = await compile({ calibration });
    assert.match(
      accuracy.warnings.join('\n'),
      /input 'x': its largest calibration value is \d+ times the 97th percentile/,
    );
  });

  it('is on record in the manifest, printed, and part of an inspection', async () => {
    const options = { calibration: [[new Float64Array(8)]], inputRange: [-3, 3] as const };
    const { accuracy, manifest } = await compile(options);
    const read = manifestSchema.parse(JSON.parse(JSON.stringify(manifest)));
    assert.deepEqual(
      read.accuracy!.sets.map(({ rows: kind, samples }) => [kind, samples]),
      [
        ['calibration', 1],
        ['drawn', 32],
      ],
    );
    assert.equal(read.accuracy!.sets[1].outputs[0].relativeError, worst(accuracy, 'drawn'));
    assert.deepEqual(read.accuracy!.warnings, accuracy.warnings);
    const printed = printAccuracy(accuracy);
    for (const said of [
      /1 calibration rows:/,
      /32 inputs drawn over the declared range:/,
      /y: maximum error .* of its range/,
      /layer first \(Relu\) cuts off/,
      /warning: .*tried, and helps: calibrate/,
    ]) {
      assert.match(printed, said);
    }
    const inspection = await inspectOnnx(network(), { name: 'network', ...options });
    assert.deepEqual(inspection.accuracy, accuracy);
  });

  it('of a float network that overflows is infinite, said, and leaves a manifest that can be read', async () => {
    const onnx = makeModel({
      inputs: { x: [1, 2] },
      outputs: ['y'],
      constants: { w: floats([2, 2], [3e38, 1, 1, 3e38]) },
      nodes: [node('MatMul', ['x', 'w'], ['y'])],
    });
    const { accuracy, manifest } = await compileOnnx(onnx, { name: 'overflow', inputRange: [-9, 9] });
    assert.equal(accuracy.outputs[0].maximumError, Infinity);
    assert.match(accuracy.warnings.join('\n'), /output 'y' errs/);
    assert.equal(
      manifestSchema.parse(JSON.parse(JSON.stringify(manifest))).accuracy!.sets[0].outputs[0].maximumError,
      null,
    );
  });
});

describe('an accuracy that is asked for', () => {
  const options = { calibration: rows(60, 3), heldOut: rows(40, 3, 10), inputRange: [-3, 3] as const };
  const heldOutWith = async (activationBits: number): Promise<number> =>
    worst((await compile({ ...options, activationBits })).accuracy, 'heldOut');

  it('is held by the fewest bits that hold it, on rows that were not calibrated on', async () => {
    for (const maxError of [0.04, 0.002]) {
      const { manifest, accuracy, model } = await compile({ ...options, target: { maxError } });
      const { activationBits } = model;
      assert.ok(worst(accuracy, 'heldOut') <= maxError);
      assert.ok((await heldOutWith(activationBits - 1)) > maxError, String(activationBits));
      // What was found is recorded as what was given, so that an audit compiles the same.
      assert.equal(manifest.options?.activationBits, activationBits);
    }
  });

  it('of classes is held, too', async () => {
    const { accuracy, model } = await compile({ ...options, scores: true, target: { minAgreement: 0.9 } });
    assert.ok(accuracy.classAgreement! >= 0.9);
    const fewer = await compile({ ...options, scores: true, activationBits: model.activationBits - 1 });
    assert.ok(fewer.accuracy.classAgreement! < 0.9);
    await assert.rejects(
      compile({ ...options, target: { minAgreement: 0.9 } }),
      (error: Error) => error instanceof AccuracyTargetError && /--scores/.test(error.message),
    );
  });

  it('that nothing holds is refused, with the nearest and by how much it misses', async () => {
    const stages: string[] = [];
    const error = await compile({
      ...options,
      target: { maxError: 1e-9 },
      onStage: (stage: string) => stages.push(stage),
    }).catch((caught: unknown) => caught);
    assert.ok(error instanceof AccuracyTargetError);
    assert.match(error.message, /nearest is 1\d bits with an error of 0\.0\d+ %, output 'y' the worst/);
    assert.ok(stages.some((stage) => stage.startsWith('16 bits: an error of')));
  });
});

describe('a sweep over bits', () => {
  it('says of each number of bits what compiling with it gives', async () => {
    const options = {
      name: 'network',
      calibration: rows(60, 3),
      heldOut: rows(40, 3, 10),
      inputRange: [-3, 3] as const,
    };
    const sweep = await sweepBits(network(), options, [4, 7]);
    for (const { bits, constraints, domainSize, relativeError } of sweep.points) {
      const { manifest, accuracy } = await compile({ ...options, activationBits: bits });
      assert.equal(constraints, manifest.circuit.constraints);
      assert.equal(domainSize, manifest.circuit.domainSize);
      assert.equal(relativeError, worst(accuracy, 'heldOut'));
    }
    assert.deepEqual(
      sweep.points.map(({ bits }) => bits),
      [4, 7],
    );
    const svg = drawSweep(sweep, 'a < b & c');
    assert.match(svg, /a &lt; b &amp; c/);
    for (const { bits, constraints } of sweep.points)
      assert.ok(svg.includes(`>${bits} bits<`) && svg.includes(`>${constraints.toLocaleString('en-US')}<`));
  });
});
