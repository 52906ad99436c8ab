import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { InferenceSession } from 'onnxruntime-web';
import { decodeModel, openReference, OnnxRuntimeError } from '../../src/onnx/index.js';
import { withoutRepeatedNames } from '../../src/onnx/unnamed-nodes.js';
import { compileOnnx } from '../../src/workflow/compile.js';
import { float, floats, makeModel, node } from './support/make-model.js';

const ARGMAX = makeModel({
  inputs: { x: ['batch', 3] },
  outputs: { y: 'int64' },
  nodes: [node('ArgMax', ['x'], ['y'], { axis: 1 })],
});

describe('openReference', () => {
  it('runs a model whose nodes share a name, which onnxruntime itself refuses, and changes nothing else of it', async () => {
    const named = (names: readonly string[]): Uint8Array =>
      makeModel({
        inputs: { x: [1, 2] },
        outputs: ['y'],
        constants: { w: floats([2, 2], [1, 2, 3, 4]), c: floats([1, 2], [0.5, -1]) },
        nodes: [
          node('MatMul', ['x', 'w'], ['a'], {}, names[0]),
          node('Relu', ['a'], ['b'], {}, names[1]),
          node('Add', ['b', 'c'], ['y'], {}, names[2]),
        ],
      });
    const same = named(['same', 'own', 'same']);
    await assert.rejects(InferenceSession.create(same, { executionProviders: ['wasm'], logSeverityLevel: 4 }), /same/);
    const rewritten = withoutRepeatedNames(same, ['same', 'own', 'same']);
    assert.deepEqual(
      decodeModel(rewritten).nodes.map(({ name, inputs, outputs }) => [name, inputs, outputs]),
      [
        ['a', ['x', 'w'], ['a']],
        ['own', ['a'], ['b']],
        ['y', ['b', 'c'], ['y']],
      ],
    );
    const apart = named(['one', 'two', 'three']);
    assert.equal(withoutRepeatedNames(apart, ['one', 'two', 'three']), apart);
    for (const bytes of [same, apart]) {
      const reference = await openReference(bytes);
      assert.deepEqual(await reference.run([[1, -2]]), [Float64Array.of(0.5, -1)]);
      await reference.close();
    }
    assert.equal((await compileOnnx(same, { name: 'same' })).accuracy.reference, 'onnxruntime');
  });

  it('runs a model with a dynamic batch as a batch of one, and gives integers as numbers', async () => {
    const reference = await openReference(ARGMAX);
    assert.deepEqual(await reference.run([Float32Array.of(1, 3, 2)]), [Float64Array.of(1)]);
    assert.deepEqual(await reference.run([Float32Array.of(5, 3, 2)]), [Float64Array.of(0)]);
    await reference.close();
  });

  it('feeds integer inputs', async () => {
    const reference = await openReference(
      makeModel({
        inputs: { x: { dims: [2], type: 'int64' } },
        outputs: { y: 'int64' },
        nodes: [node('Mul', ['x', 'x'], ['y'])],
      }),
    );
    assert.deepEqual(await reference.run([Float32Array.of(-3, 4)]), [Float64Array.of(9, 16)]);
    await reference.close();
  });

  it('names an input of the wrong size', async () => {
    const reference = await openReference(ARGMAX);
    await assert.rejects(
      reference.run([Float32Array.of(1)]),
      (error) => error instanceof OnnxRuntimeError && /input x should have 3 elements/.test(error.message),
    );
    await reference.close();
  });

  it('gives a named error for a model that onnxruntime refuses', async () => {
    const bytes = makeModel({
      inputs: { x: [2] },
      outputs: ['y'],
      nodes: [node('Nonsense', ['x'], ['y'], { a: float(1) })],
    });
    await assert.rejects(
      openReference(bytes),
      (error) => error instanceof OnnxRuntimeError && /Nonsense/.test(error.message),
    );
  });

  it('prints nothing and does not keep Node running', () => {
    const script = `
      import { openReference } from './src/onnx/index.js';
      const reference = await openReference(new Uint8Array(${JSON.stringify(Array.from(ARGMAX))}));
      await reference.run([Float32Array.of(1, 3, 2)]);
      await reference.close();
    `;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script],
      {
        cwd: fileURLToPath(new URL('../..', import.meta.url)),
        encoding: 'utf8',
        timeout: 600_000,
      },
    );
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
  });
});
