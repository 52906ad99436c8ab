/**
 * Names in an ONNX file are the author's choice. None may change what is proved: here every helper name that the
 * quantizer and the fusion ever used is a tensor of the file, too, and the circuit's own outputs are compared with
 * onnxruntime.
 */
import assert from 'node:assert/strict';
import { MalformedModelError, openReference } from '../../src/onnx/index.js';
import { decodeModel } from '../../src/onnx/index.js';
import { dequantize, encodeInputs } from '../../src/integer/encode.js';
import { buildFiles, compileOnnx, type CompiledModel } from '../../src/workflow/compile.js';
import { prepareCircuit } from '../../src/workflow/circuit-run.js';
import { decodeSym } from '../../src/r1cs/sym-file.js';
import { floats, makeModel, node } from '../onnx/support/make-model.js';
import { seeded } from '../onnx/support/random.js';

const HELPERS = [
  'scaled',
  'narrow',
  'uniform',
  'aligned0',
  'aligned1',
  'refined0',
  'positive',
  'falling',
  'rising',
  'moved',
  'pooled',
  'expand',
];

/** A clip whose helper is `y/…`, and beside it a branch with a tensor of that name, which another output shows. */
function colliding(helper: string): Uint8Array {
  return makeModel({
    inputs: { x: [1, 2] },
    outputs: ['score', 'confidence'],
    constants: {
      W: floats([2, 2], [0.9, -0.4, 0.3, 0.8]),
      B: floats([2], [0.05, -0.1]),
      W2: floats([2, 2], [1, 0.5, -0.5, 1]),
      lo: floats([], [0]),
      hi: floats([], [0.7]),
      V: floats([2, 2], [7, -3, 2, 9]),
      slope: floats([1, 2], [0.1, 0.2]),
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

async function largestError(onnx: Uint8Array, compiled: CompiledModel, size = 2): Promise<number> {
  const { model, circuit } = compiled;
  const run = prepareCircuit(model, circuit.plan);
  const reference = await openReference(onnx);
  const random = seeded(7);
  let worst = 0;
  try {
    for (let i = 0; i < 40; i += 1) {
      const sample = [Float64Array.from({ length: size }, () => 2 * random() - 1)];
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
      const made = [
        ...compiled.model.inputs.map((input) => input.tensor),
        ...compiled.model.ops.map((op) => op.output),
      ];
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

  it('narrow no gadget below its contract: a tensor called like the cut copy of another leaves its bounds alone', async () => {
    // `a` is cut before the wide layer; the quantizer once called the cut copy a/narrow, whose bounds the small tensor
    // replaced.
    const wave = (count: number, step: number, size = 1): number[] =>
      Array.from({ length: count }, (_, i) => size * Math.sin(step * (i + 1)));
    const model = (small: string): Uint8Array =>
      makeModel({
        inputs: { x: [1, 4] },
        outputs: ['y', 'z'],
        constants: {
          W: floats([4, 3], wave(12, 1.3)),
          U: floats([3, 30], wave(90, 0.7)),
          V: floats([4, 3], wave(12, 2, 0.001)),
        },
        nodes: [
          node('MatMul', ['x', 'W'], ['a']),
          node('MatMul', ['a', 'U'], ['m']),
          node('Relu', ['m'], ['y']),
          node('MatMul', ['x', 'V'], ['t']),
          node('Relu', ['t'], [small]),
          node('Identity', [small], ['z']),
        ],
      });
    const plain = await compileOnnx(model('small'), { name: 'narrowed' });
    for (const helper of ['narrow', 'scaled', 'uniform', 'aligned0']) {
      const { manifest } = await compileOnnx(model(`a/${helper}`), { name: 'narrowed' });
      assert.equal(manifest.circuitHash, plain.manifest.circuitHash);
    }
    assert.ok((await largestError(model('a/narrow'), plain, 4)) < 0.05);
  });

  it('may be those of every object', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'x,1,2\n3', '*/ }', '../../x', 'null'];
    for (const name of names) {
      const onnx = makeModel({
        inputs: Object.defineProperty({}, name, { value: [1, 2], enumerable: true }),
        outputs: ['y'],
        nodes: [node('Relu', [name], [`${name}!`], {}, name), node('Neg', [`${name}!`], ['y'], {}, `${name}'`)],
      });
      const compiled = await compileOnnx(onnx, { name: 'odd' });
      assert.deepEqual([compiled.accuracy.reference, compiled.accuracy.why], ['onnxruntime', undefined], name);
      assert.ok((await largestError(onnx, compiled)) < 0.05);
      const sym = [...(buildFiles(compiled)['circuit.sym']() as Iterable<string>)].join('');
      assert.equal(decodeSym(sym, compiled.circuit.system.wireCount).length, compiled.circuit.system.wireCount);
    }
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

  it("of layers may be those of the circuit's border", async () => {
    const onnx = makeModel({
      inputs: { x: [1, 2] },
      outputs: ['y'],
      nodes: [node('Relu', ['x'], ['h'], {}, '(outputs)'), node('LeakyRelu', ['h'], ['y'], {}, '(input range checks)')],
    });
    const { layers } = await compileOnnx(onnx, { name: 'border' });
    const total = layers.reduce((sum, layer) => sum + layer.constraints, 0);
    assert.equal(total, (await compileOnnx(onnx, { name: 'border' })).manifest.circuit.constraints);
  });
});
