import assert from 'node:assert/strict';
import { UsageError } from '../../src/errors.js';
import { buildGraph, decodeModel } from '../../src/onnx/index.js';
import { classesOf, parseLabels } from '../../src/workflow/classes.js';
import { compileOnnx, NO_STATEMENT, tooManySignals } from '../../src/workflow/compile.js';
import { describeOutputs } from '../../src/workflow/outputs.js';
import { runModel } from '../../src/workflow/run.js';
import { encodeInputs } from '../../src/integer/encode.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { floats, makeModel, node, type NodeSpec } from '../onnx/support/make-model.js';
import { backend, temporaryFolder } from './support/folders.js';
import { toyModel } from './support/toy.js';

const W_ROWS = [
  [1, -0.5, 0.25],
  [1, 0.5, -1],
];
const W = floats([2, 3], W_ROWS.flat());

/** A dense layer to three numbers, and what follows it. */
const dense = (outputs: readonly string[], ...more: readonly NodeSpec[]): Uint8Array =>
  makeModel({
    inputs: { x: [1, 2] },
    outputs: [...outputs],
    constants: { w: W },
    nodes: [node('Gemm', ['x', 'w'], ['s'], {}, 'gemm'), ...more],
  });

const scores = (model: Uint8Array, options = {}): boolean[] =>
  classesOf(buildGraph(decodeModel(model)), options).map((output) => output.scores);

describe('an output', () => {
  it('of several numbers names no class by itself', () => {
    assert.deepEqual(scores(dense(['s'])), [false]);
  });

  it('is proved to the probabilities where that is asked for, and names a class still', async () => {
    for (const [op, attributes] of [
      ['Softmax', { axis: 1 }],
      ['LogSoftmax', { axis: 1 }],
      ['Sigmoid', {}],
    ] as const) {
      const onnx = dense(['p'], node(op, ['s'], ['p'], attributes, 'last'));
      const calibration = [[Float64Array.of(0.5, -1)], [Float64Array.of(-1, 1)], [Float64Array.of(1, 0.25)]];
      const { model, manifest, accuracy } = await compileOnnx(onnx, {
        name: 'probable',
        calibration,
        provedTo: 'probabilities',
      });
      assert.equal(manifest.options?.provedTo, 'probabilities');
      assert.deepEqual(
        manifest.outputs.map(({ omitted, scores }) => ({ omitted, scores })),
        // A sigmoid is a function like others, and is proved unless it is to be left out.
        [{ omitted: undefined, scores: op !== 'Sigmoid' }],
      );
      assert.ok(
        accuracy.sets[0].outputs[0].relativeError < 0.01,
        `${op}: ${accuracy.sets[0].outputs[0].relativeError}`,
      );
      // What the circuit proves are the probabilities themselves.
      const [row] = calibration;
      const exact = [0, 1, 2].map((o) => row[0][0] * W_ROWS[0][o] + row[0][1] * W_ROWS[1][o]);
      const sum = exact.reduce((all, score) => all + Math.exp(score), 0);
      const expected = exact.map((score) =>
        op === 'Sigmoid'
          ? 1 / (1 + Math.exp(-score))
          : op === 'Softmax'
            ? Math.exp(score) / sum
            : score - Math.log(sum),
      );
      const [output] = describeOutputs(manifest, runIntegerModel(model, encodeInputs(model.inputs, row)));
      output.values.forEach((value, o) => assert.ok(Math.abs(value - expected[o]) < 0.02, `${op}: ${value}`));
    }
  });

  it('is proved to the scores before a sigmoid where that is asked for', async () => {
    const onnx = dense(['p'], node('Sigmoid', ['s'], ['p'], {}, 'last'));
    const calibration = [[Float64Array.of(0.5, -1)], [Float64Array.of(-1, 1)]];
    const compiled = await compileOnnx(onnx, { name: 'before', calibration, provedTo: 'scores' });
    assert.equal(compiled.manifest.outputs[0].omitted, 'Sigmoid');
    assert.ok(compiled.accuracy.sets[0].outputs[0].relativeError < 0.01);
    const whole = await compileOnnx(onnx, { name: 'whole', calibration });
    assert.equal(whole.manifest.outputs[0].omitted, undefined);
    assert.ok(compiled.manifest.circuit.constraints < whole.manifest.circuit.constraints);
  });

  it('names a class where the network ends in a softmax, takes its ArgMax, or the user says so', () => {
    assert.deepEqual(scores(dense(['p'], node('Softmax', ['s'], ['p'], { axis: 1 }, 'softmax'))), [true]);
    const withIndex = makeModel({
      inputs: { x: [1, 2] },
      outputs: { s: 'float', i: 'int64' },
      constants: { w: W },
      nodes: [node('Gemm', ['x', 'w'], ['s'], {}, 'gemm'), node('ArgMax', ['s'], ['i'], { axis: 1 }, 'index')],
    });
    assert.deepEqual(scores(withIndex), [true, false]);
    assert.deepEqual(scores(dense(['s']), { scores: true }), [true]);
    assert.deepEqual(scores(dense(['s']), { labels: ['a', 'b', 'c'] }), [true]);
    assert.throws(
      () => scores(dense(['s']), { labels: ['a', 'b'] }),
      (error: Error) =>
        error instanceof UsageError && /2 labels, and no output has as many scores: s \[1, 3\]/.test(error.message),
    );
  });

  it('that names a class is reported with it and its label, any other by its values alone', async () => {
    const integers = [Float64Array.of(-5, 7, 6)];
    const plain = await compileOnnx(dense(['s']), { name: 'plain' });
    assert.ok(!('class' in describeOutputs(plain.manifest, integers)[0]));
    assert.ok(plain.accuracy.outputs.every((output) => output.classAgreement === undefined));
    const named = await compileOnnx(dense(['s']), { name: 'named', labels: ['cat', 'dog', 'cow'] });
    const [{ class: index, label }] = describeOutputs(named.manifest, integers);
    assert.deepEqual([index, label], [1, 'dog']);
    assert.ok(named.accuracy.outputs[0].classAgreement !== undefined);
    assert.equal(named.manifest.circuitHash, plain.manifest.circuitHash);
  });

  it('has labels from lines or a JSON array', () => {
    assert.deepEqual(parseLabels('\ufeffcat\r\ndog\n', 'labels'), ['cat', 'dog']);
    assert.deepEqual(parseLabels('["cat", "dog"]', 'labels'), ['cat', 'dog']);
    assert.throws(() => parseLabels('["cat", 1]', 'labels'), UsageError);
    assert.throws(() => parseLabels('["cat"', 'labels'), UsageError);
  });
});

describe('what a proof states', function () {
  it('is said where it is nothing, or little', async () => {
    const notes = async (
      inputVisibility: 'private' | 'hashed',
      outputVisibility: 'private' | 'hashed' | 'public',
    ): Promise<readonly string[]> =>
      (await compileOnnx(toyModel(), { name: 'toy', inputVisibility, outputVisibility })).manifest.notes;
    assert.ok((await notes('private', 'private')).includes(NO_STATEMENT));
    assert.match(
      (await notes('private', 'public')).join(),
      /only that some input in the declared range has this output/,
    );
    assert.doesNotMatch((await notes('hashed', 'public')).join(), /statement|private/);
  });

  it('with more public signals than a contract holds is said at compile, and run stops before the keys', async () => {
    const wide = makeModel({
      inputs: { x: [1, 5000] },
      outputs: ['y'],
      nodes: [node('Relu', ['x'], ['y'], {}, 'relu')],
    });
    const options = {
      name: 'wide',
      inputVisibility: 'public',
      outputVisibility: 'hashed',
      inputRange: [-1, 1],
    } as const;
    const { manifest } = await compileOnnx(wide, options);
    assert.ok(manifest.circuit.publicSignals > 128, String(manifest.circuit.publicSignals));
    assert.ok(manifest.notes.includes(tooManySignals(manifest.circuit.publicSignals)));
    const stages: string[] = [];
    await assert.rejects(
      runModel(wide, [new Float64Array(5000)], backend(), {
        ...options,
        folder: temporaryFolder(),
        onStage: (stage) => stages.push(stage),
      }),
      /--input-visibility hashed/,
    );
    assert.deepEqual(stages, ['compile']);
  });
});
