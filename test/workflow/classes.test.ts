import assert from 'node:assert/strict';
import { UsageError } from '../../src/errors.js';
import { buildGraph, decodeModel } from '../../src/onnx/index.js';
import { classesOf, parseLabels } from '../../src/workflow/classes.js';
import { compileOnnx, NO_STATEMENT, tooManySignals } from '../../src/workflow/compile.js';
import { describeOutputs } from '../../src/workflow/outputs.js';
import { runModel } from '../../src/workflow/run.js';
import { floats, makeModel, node, type NodeSpec } from '../onnx/support/make-model.js';
import { backend, temporaryFolder } from './support/folders.js';
import { toyModel } from './support/toy.js';

const W = floats([2, 3], [1, -0.5, 0.25, 1, 0.5, -1]);

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
