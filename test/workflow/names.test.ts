/**
 * Names in an ONNX file are the author's choice. None may change what is proved: here every helper name that the quantizer and
 * the fusion ever used is a tensor of the file, too, and the circuit's own outputs are compared with onnxruntime.
 */
import assert from 'node:assert/strict';
import { MalformedModelError, openReference } from '../../src/onnx/index.js';
import { decodeModel } from '../../src/onnx/index.js';
import { dequantize, encodeInputs } from '../../src/quantize/encode.js';
import { compileOnnx, type CompiledModel } from '../../src/workflow/compile.js';
import { prepareCircuit } from '../../src/workflow/circuit-run.js';
import { floats, makeModel, node } from '../onnx/support/make-model.js';
import { seeded } from '../onnx/support/random.js';

const HELPERS = ['scaled', 'narrow', 'uniform', 'aligned0', 'aligned1', 'refined0', 'positive', 'falling', 'rising', 'moved', 'pooled', 'expand'];

/** A clip whose helper is `y/…`, and beside it a branch with a tensor of that name, which another output shows. */
function colliding(helper: string): Uint8Array {
  return makeModel({
    inputs: { x: [1, 2] },
    outputs: ['score', 'confidence'],
    constants: {
      W: floats([2, 2], [0.9, -0.4, 0.3, 0.8]), B: floats([2], [0.05, -0.1]), W2: floats([2, 2], [1, 0.5, -0.5, 1]),
      lo: floats([], [0]), hi: floats([], [0.7]), V: floats([2, 2], [7, -3, 2, 9]), slope: floats([1, 2], [0.1, 0.2]),
    },
    nodes: [
      node('Gemm', ['x', 'W', 'B'], ['a']),
      node('Clip', ['a', 'lo', 'hi'], ['y']),
      node('MatMul', ['y', 'W2'], ['score']),
      node('MatMul', ['a', 'V'], ['v']),
      node('PRelu', ['v', 'slope'], [`y/${helper}`]),
      node('Concat', [`y/${helper}`, 'a'], [`a/${helper}`], { axis: 1 }),
      node('ReduceMax', [`a/${helper}`], [`v/${helper}`], { axes: [1], keepdims: 1 }),
      node('Identity', [`v/${helper}`], ['confidence']),
    ],
  });
}

async function largestError(onnx: Uint8Array, compiled: CompiledModel): Promise<number> {
  const { model, circuit } = compiled;
  const run = prepareCircuit(model, circuit.program);
  const reference = await openReference(onnx);
  const random = seeded(7);
  let worst = 0;
  try {
    for (let i = 0; i < 40; i += 1) {
      const sample = [Float64Array.from({ length: 2 }, () => 2 * random() - 1)];
      const expected = await reference.run(sample.map((values) => Float32Array.from(values)));
      const { outputs } = run(encodeInputs(model.inputs, sample), 0n, new Array<bigint>(circuit.saltCount).fill(1n));
      outputs.forEach((integers, k) => {
        const range = expected[k].reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        dequantize(integers, model.outputs[k].scale).forEach((value, j) => {
          worst = Math.max(worst, Math.abs(value - expected[k][j]) / range);
        });
      });
    }
  } finally {
    await reference.close();
  }
  return worst;
}

describe('names in an ONNX file', () => {
  for (const helper of HELPERS) {
    it(`may be those of the compiler's own tensors: y/${helper}`, async () => {
      const onnx = colliding(helper);
      const compiled = await compileOnnx(onnx, { name: 'collision' });
      assert.ok((await largestError(onnx, compiled)) < 0.15);
      const made = [...compiled.model.inputs.map((input) => input.tensor), ...compiled.model.ops.map((op) => op.output)];
      assert.equal(new Set(made).size, made.length);
    });
  }

  it('change nothing of the circuit', async () => {
    const hashes = new Set<string>();
    for (const helper of ['narrow', 'scaled', 'unlike-any']) {
      hashes.add((await compileOnnx(colliding(helper), { name: 'collision' })).manifest.circuitHash);
    }
    assert.equal(hashes.size, 1);
  });

  it('may not be made twice, even by a node that nothing reads', () => {
    const twice = (nodes: Parameters<typeof makeModel>[0]['nodes'], outputs = ['y']): Uint8Array =>
      makeModel({ inputs: { x: [1, 2] }, outputs, nodes });
    for (const onnx of [
      twice([node('Relu', ['x'], ['y']), node('Neg', ['x'], ['y'])]),
      twice([node('Relu', ['x'], ['y']), node('Relu', ['x'], ['z']), node('Neg', ['x'], ['z'])]),
      twice([node('Relu', ['x'], ['y']), node('Neg', ['x'], ['x'])]),
      twice([node('Relu', ['x'], ['y'])], ['y', 'y']),
    ]) {
      assert.throws(() => decodeModel(onnx), MalformedModelError);
    }
  });

  it('of layers may be those of the circuit\'s border', async () => {
    const onnx = makeModel({
      inputs: { x: [1, 2] }, outputs: ['y'],
      nodes: [node('Relu', ['x'], ['h'], {}, '(outputs)'), node('LeakyRelu', ['h'], ['y'], {}, '(input range checks)')],
    });
    const { layers } = await compileOnnx(onnx, { name: 'border' });
    const total = layers.reduce((sum, layer) => sum + layer.constraints, 0);
    assert.equal(total, (await compileOnnx(onnx, { name: 'border' })).manifest.circuit.constraints);
  });
});

describe('chains of 20,000 nodes', () => {
  for (const op of ['Relu', 'Flatten']) {
    it(`compile: ${op}`, async function () {
      this.timeout(120_000);
      const nodes = Array.from({ length: 20_000 }, (_, i) => node(op, [i === 0 ? 'x' : `t${i - 1}`], [i === 19_999 ? 'y' : `t${i}`]));
      const onnx = makeModel({ inputs: { x: [1, 2] }, outputs: ['y'], nodes });
      const { manifest } = await compileOnnx(onnx, { name: 'chain' });
      assert.ok(manifest.circuit.constraints > 0);
    });
  }
});
