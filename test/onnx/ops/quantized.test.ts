/** Models that their author quantized: the integer model's outputs are onnxruntime's, code for code. */
import assert from 'node:assert/strict';
import { buildGraph, decodeModel, evaluator, openReference, sizeOf, type Graph } from '../../../src/onnx/index.js';
import type { ElementType } from '../../../src/onnx/model.js';
import type { TensorMessage } from '../../../src/onnx/schema.js';
import { encodeInputs } from '../../../src/integer/encode.js';
import type { IntegerModel } from '../../../src/integer/integer-model.js';
import { runIntegerModel } from '../../../src/integer/interpreter.js';
import { quantize } from '../../../src/quantize/quantize.js';
import { outputsOf, ready, witnessFor } from '../../compile/support/run.js';
import { agrees, compareWithRuntime } from '../support/compare.js';
import { float, floats, makeModel, node, typeCode, type ModelSpec, type NodeSpec } from '../support/make-model.js';
import { seeded } from '../support/random.js';

const MICROSOFT = { domains: { 'com.microsoft': 1 } };
const microsoft = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: NodeSpec['attributes'] = {},
): NodeSpec => ({ ...node(op, inputs, outputs, attributes), domain: 'com.microsoft' });
const codes = (type: ElementType, dims: readonly number[], data: readonly number[]): TensorMessage => ({
  dims: [...dims],
  dataType: typeCode(type),
  int32Data: [...data],
});
const scalar = (value: number): TensorMessage => floats([], [value]);
/** Weights as a quantizer leaves them: all of the type's numbers, none of them special. */
const weights = (type: 'int8' | 'uint8', dims: readonly number[], seed: number): TensorMessage => {
  const random = seeded(seed);
  return codes(
    type,
    dims,
    Array.from({ length: sizeOf(dims) }, () => Math.floor(random() * 256) - (type === 'int8' ? 128 : 0)),
  );
};

function drawn(graph: Graph, count: number, size: number): Float64Array[][] {
  const random = seeded(7);
  const one = ({ shape, integers }: Graph['inputs'][number]): Float64Array =>
    Float64Array.from({ length: sizeOf(shape) }, () =>
      integers
        ? integers[0] + Math.floor(random() * (integers[1] - integers[0] + 1))
        : Math.fround((2 * random() - 1) * size),
    );
  return Array.from({ length: count }, () => graph.inputs.map(one));
}

/**
 * Compares the outputs on inputs in [-size, size]; every element equal, up to single precision. Gives the integer
 * model.
 */
async function isExact(spec: ModelSpec, { size = 2, count = 24, bits = 8 } = {}): Promise<IntegerModel> {
  const bytes = makeModel(spec);
  const graph = buildGraph(decodeModel(bytes));
  const samples = drawn(graph, count, size);
  const model = quantize(graph, { activationBits: bits, samples, evaluator });
  const reference = await openReference(bytes);
  try {
    for (const sample of samples) {
      const expected = await reference.run(sample);
      runIntegerModel(model, encodeInputs(model.inputs, sample)).forEach((integers, k) => {
        const { scale, name } = model.outputs[k];
        integers.forEach((value, i) => {
          const difference = Math.abs(value * scale - expected[k][i]);
          assert.ok(
            difference <= 1e-6 * Math.max(1, Math.abs(expected[k][i])),
            `${name}[${i}] is ${value * scale} here and ${expected[k][i]} there`,
          );
        });
      });
    }
  } finally {
    await reference.close();
  }
  return model;
}

const grids = { xs: scalar(0.0171), xz: codes('uint8', [], [113]), ys: scalar(0.0379), yz: codes('uint8', [], [97]) };
const X = ['xs', 'xz'] as const;
const Y = ['ys', 'yz'] as const;
/** QuantizeLinear and DequantizeLinear of one grid. */
const pair = (from: string, to: string, [s, z]: readonly [string, string]): NodeSpec[] => [
  node('QuantizeLinear', [from, s, z], [`${to}q`]),
  node('DequantizeLinear', [`${to}q`, s, z], [to]),
];

describe('models that their author quantized', () => {
  it('round half to even and saturate, in every form of QuantizeLinear and DequantizeLinear', async () => {
    const round = (
      opset: number,
      s: TensorMessage,
      z: TensorMessage | undefined,
      type: ElementType,
      attributes: NodeSpec['attributes'] = {},
    ): ModelSpec => {
      const plain = s.dims!.length === 0;
      const grid = z ? ['s', 'z'] : ['s'];
      return {
        opset,
        inputs: { x: [2, 4, 2] },
        constants: { s, ...(z && { z }) },
        // An output has one scale for all its elements, so reals of several author's scales come near them only.
        outputs: { q: type, ...(plain && { y: 'float' as const }) },
        nodes: [
          node('QuantizeLinear', ['x', ...grid], ['q'], attributes),
          ...(plain ? [node('DequantizeLinear', ['q', ...grid], ['y'])] : []),
        ],
      };
    };
    const half = scalar(0.5);
    const models: ModelSpec[] = [
      ...[10, 13, 21].map((opset) => round(opset, half, codes('uint8', [], [113]), 'uint8')),
      round(13, half, codes('int8', [], [-7]), 'int8'),
      round(13, half, undefined, 'uint8'),
      round(13, floats([4], [0.5, 0.25, 1.5, 0.3]), codes('int8', [4], [1, -3, 0, 9]), 'int8'),
      round(13, floats([2], [0.5, 0.25]), codes('uint8', [2], [128, 3]), 'uint8', { axis: -1 }),
      round(21, half, codes('int16', [], [300]), 'int16'),
      round(21, half, codes('uint16', [], [40000]), 'uint16'),
      round(21, half, undefined, 'int16', { output_dtype: typeCode('int16') }),
      round(
        21,
        floats([2, 2, 2], [0.5, 0.3, 0.25, 1, 1.5, 0.7, 2, 0.1]),
        codes('int8', [2, 2, 2], [0, 5, -7, 1, 0, 0, 30, 2]),
        'int8',
        { axis: 1, block_size: 2 },
      ),
    ];
    for (const spec of models) {
      const {
        inputs: [input],
      } = await isExact(spec, { size: 90, count: 6 });
      // The input is on the author's grid, so that rounding it costs nothing.
      assert.equal(input.saturates, true);
      assert.equal(input.scale[0], 0.5);
    }
  });

  it('compute between QuantizeLinear and DequantizeLinear in the weights of their author, at any activation bits', async () => {
    const scales = [0.0113, 0.0071, 0.0231, 0.0057];
    const model = await isExact(
      {
        inputs: { x: [1, 2, 5, 5] },
        outputs: ['z'],
        constants: {
          ...grids,
          w: weights('int8', [4, 2, 3, 3], 1),
          ws: floats([4], scales),
          wz: codes('int8', [4], [0, 0, 0, 0]),
          b: codes('int32', [4], [412, -77, 0, 1301]),
          bs: floats(
            [4],
            scales.map((s) => Math.fround(Math.fround(0.0171) * Math.fround(s))),
          ),
          v: weights('int8', [4, 3], 2),
          vs: scalar(0.0093),
          vz: codes('int8', [], [0]),
          zs: scalar(0.211),
          zz: codes('uint8', [], [140]),
        },
        nodes: [
          ...pair('x', 'x2', X),
          node('DequantizeLinear', ['w', 'ws', 'wz'], ['w2'], { axis: 0 }),
          node('DequantizeLinear', ['b', 'bs'], ['b2'], { axis: 0 }),
          node('Conv', ['x2', 'w2', 'b2'], ['c'], { pads: [1, 1, 1, 1] }),
          node('Relu', ['c'], ['r']),
          ...pair('r', 'd', Y),
          node('GlobalMaxPool', ['d'], ['f']),
          ...pair('f', 'f2', Y),
          node('Flatten', ['f2'], ['g']),
          node('DequantizeLinear', ['v', 'vs', 'vz'], ['v2']),
          node('MatMul', ['g', 'v2'], ['h']),
          ...pair('h', 'z', ['zs', 'zz']),
        ],
      },
      { bits: 5 },
    );
    const conv = model.ops.find((op) => op.kind === 'conv');
    assert.deepEqual(Array.from(conv!.weight), weights('int8', [4, 2, 3, 3], 1).int32Data);
  });

  it('compute sums, averages, products, tables and concatenations of codes, halves to even', async () => {
    await isExact(
      {
        inputs: { x: [1, 2, 4, 4] },
        outputs: ['average', 'sum', 'gate', 'joined', 'leaky', 'twice', 'product'],
        constants: {
          ...grids,
          xs: scalar(0.03125),
          larger: scalar(0.125),
          small: scalar(0.00390625),
          none: codes('uint8', [], [0]),
        },
        nodes: [
          ...pair('x', 'a', X),
          node('AveragePool', ['a'], ['p'], { kernel_shape: [2, 2], pads: [0, 0, 1, 1] }),
          ...pair('p', 'average', X),
          node('Relu', ['a'], ['r']),
          ...pair('r', 'b', Y),
          node('Add', ['a', 'b'], ['s']),
          ...pair('s', 'sum', Y),
          node('Sigmoid', ['a'], ['t']),
          ...pair('t', 'gate', ['small', 'none']),
          node('Concat', ['a', 'b'], ['c'], { axis: 1 }),
          ...pair('c', 'joined', Y),
          node('LeakyRelu', ['b'], ['l'], { alpha: float(0.1) }),
          ...pair('l', 'leaky', X),
          node('Add', ['a', 'a'], ['d']),
          ...pair('d', 'twice', ['larger', 'xz']),
          node('Mul', ['a', 'b'], ['m']),
          ...pair('m', 'product', Y),
        ],
      },
      { size: 4, count: 8 },
    );
  });

  it('compute as the operators on codes of the default domain say', async () => {
    await isExact(
      {
        opset: 10,
        inputs: { x: { dims: [1, 2, 4, 4], type: 'uint8' } },
        outputs: { y: 'uint8', sums: 'int32', c: 'int32' },
        constants: {
          ...grids,
          w: weights('int8', [3, 2, 3, 3], 3),
          ws: floats([3], [0.0113, 0.0071, 0.0231]),
          wz: codes('int8', [3], [0, 0, 0]),
          b: codes('int32', [3], [412, -77, 900]),
          v: weights('int8', [4, 3], 4),
          vs: scalar(0.0093),
          vz: codes('int8', [], [3]),
          u: weights('uint8', [2, 2, 2, 2], 5),
          uz: codes('uint8', [], [101]),
        },
        nodes: [
          node('QLinearConv', ['x', 'xs', 'xz', 'w', 'ws', 'wz', 'ys', 'yz', 'b'], ['a'], {
            strides: [2, 2],
            pads: [1, 1, 1, 1],
          }),
          node('QLinearMatMul', ['x', 'xs', 'xz', 'v', 'vs', 'vz', 'ys', 'yz'], ['y']),
          node('MatMulInteger', ['x', 'v', 'xz', 'vz'], ['sums']),
          node('ConvInteger', ['x', 'u', 'xz', 'uz'], ['c'], { pads: [1, 0, 0, 1] }),
        ],
      },
      { count: 6 },
    );
  });

  it('compute as the operators of com.microsoft say', async () => {
    const unary = [
      microsoft('QLinearSigmoid', ['x', ...X, ...Y], ['sigmoid']),
      microsoft('QLinearLeakyRelu', ['x', ...X, ...Y], ['leaky'], { alpha: float(0.2) }),
      microsoft('QLinearGlobalAveragePool', ['x', ...X, ...X], ['mean'], { channels_last: 0 }),
      microsoft('QLinearGlobalAveragePool', ['x', ...X, ...X], ['last'], { channels_last: 1 }),
      microsoft('QLinearAveragePool', ['x', ...X, ...X], ['pool'], { kernel_shape: [2, 2] }),
    ];
    const binary = [
      microsoft('QLinearAdd', ['x', ...X, 'leaky', ...Y, ...Y], ['sum']),
      microsoft('QLinearAdd', ['x', ...X, 'k', ...Y, ...Y], ['shifted']),
      microsoft('QLinearMul', ['x', ...X, 'leaky', ...Y, ...Y], ['product']),
      microsoft('QLinearConcat', [...Y, 'x', ...X, 'leaky', ...Y], ['joined'], { axis: 1 }),
      microsoft('QLinearWhere', ['mask', 'x', ...X, 'leaky', ...Y, ...Y], ['chosen']),
      microsoft('QGemm', ['row', ...X, 'v', 'vs', 'vz', 'c', ...Y], ['gemm'], { transB: 1 }),
      microsoft('QGemm', ['row', ...X, 'v', 'us', 'uz'], ['real'], { transB: 1 }),
      microsoft('MatMulIntegerToFloat', ['row', 'u', 'xs', 'us', 'xz', 'uz', 'bias'], ['float']),
      microsoft('DequantizeLinear', ['x', ...X], ['x2']),
      microsoft('QuantizeLinear', ['x2', ...Y], ['again']),
    ];
    const made = [...unary, ...binary].map(({ outputs: [name] }) => name);
    const reals = ['real', 'float', 'x2'];
    const model = await isExact(
      {
        ...MICROSOFT,
        inputs: { x: { dims: [1, 2, 3, 3], type: 'uint8' }, row: { dims: [1, 4], type: 'uint8' } },
        outputs: Object.fromEntries(
          made.map((name): [string, ElementType] => [name, reals.includes(name) ? 'float' : 'uint8']),
        ),
        constants: {
          // onnxruntime averages in single precision, where halves of other scales are no halves.
          ...grids,
          xs: scalar(0.0625),
          k: codes('uint8', [1, 2, 1, 1], [7, 211]),
          mask: codes('bool', [1, 1, 3, 3], [1, 0, 1, 0, 0, 1, 1, 0, 1]),
          v: weights('int8', [3, 4], 6),
          vs: floats([3], [0.003, 0.007, 0.002]),
          vz: codes('int8', [3], [0, 0, 0]),
          c: codes('int32', [3], [100, -200, 300]),
          u: weights('int8', [4, 3], 7),
          us: scalar(0.01),
          uz: codes('int8', [], [0]),
          bias: floats([3], [0.5, -1, 2]),
        },
        nodes: [...unary, ...binary],
      },
      { count: 8 },
    );
    assert.ok(model.ops.some(({ kind }) => kind === 'table'));
  });

  it('are computed where all that they read is constant, whichever input holds the data', async () => {
    await isExact({
      ...MICROSOFT,
      inputs: { x: { dims: [1, 4], type: 'uint8' } },
      outputs: { y: 'uint8' },
      constants: { ...grids, a: codes('uint8', [1, 2], [3, 200]), b: codes('uint8', [1, 2], [90, 17]) },
      nodes: [
        microsoft('QLinearConcat', [...Y, 'a', ...X, 'b', ...Y], ['joined'], { axis: 1 }),
        microsoft('QLinearAdd', ['x', ...X, 'joined', ...Y, ...Y], ['y']),
      ],
    });
  });

  for (const [scales, dims] of [
    ['each direction', [2]],
    ['each column', [2, 12]],
  ] as const) {
    it(`are an LSTM whose weights have a scale for ${scales}, as onnxruntime's dynamic quantizer leaves it`, async () => {
      const random = seeded(3);
      const scale = (): TensorMessage =>
        floats(
          dims,
          Array.from({ length: sizeOf(dims) }, () => 0.002 + 0.004 * random()),
        );
      const points = codes('int8', dims, new Array<number>(sizeOf(dims)).fill(0));
      const spec: ModelSpec = {
        ...MICROSOFT,
        inputs: { x: [3, 1, 2] },
        outputs: ['y', 'last'],
        constants: {
          w: weights('int8', [2, 2, 12], 4),
          r: weights('int8', [2, 3, 12], 5),
          b: floats(
            [2, 24],
            Array.from({ length: 48 }, () => random() - 0.5),
          ),
          ws: scale(),
          rs: scale(),
          wz: points,
          rz: points,
        },
        nodes: [
          microsoft(
            'DynamicQuantizeLSTM',
            ['x', 'w', 'r', 'b', '', '', '', '', 'ws', 'wz', 'rs', 'rz'],
            ['y', 'last'],
            { hidden_size: 3, direction: 'bidirectional' },
          ),
        ],
      };
      const { error, graph } = await compareWithRuntime(makeModel(spec));
      assert.ok(error < 0.02, `${error}`);
      assert.match(graph.notes.join(), /DynamicQuantizeLSTM would choose for each input anew is left out/);
    });
  }

  it('leave the scale that depends on each input to the circuit, and refuse to show its codes', async () => {
    const spec: ModelSpec = {
      inputs: { x: [3, 4] },
      outputs: ['y'],
      constants: { w: weights('int8', [4, 3], 8), ws: scalar(0.01), wz: codes('int8', [], [0]) },
      nodes: [
        node('DynamicQuantizeLinear', ['x'], ['q', 's', 'z']),
        node('MatMulInteger', ['q', 'w', 'z', 'wz'], ['a']),
        node('Cast', ['a'], ['f'], { to: 1 }),
        node('Mul', ['s', 'ws'], ['scale']),
        node('Mul', ['f', 'scale'], ['y']),
      ],
    };
    const { error, graph } = await compareWithRuntime(makeModel(spec));
    assert.ok(error < 0.02, `${error}`);
    assert.match(graph.notes.join(), /would choose for each input anew is left out/);
    assert.throws(
      () =>
        buildGraph(
          decodeModel(
            makeModel({ ...spec, outputs: { m: 'uint8' }, nodes: [spec.nodes[0], node('Flatten', ['q'], ['m'])] }),
          ),
        ),
      /holds codes whose rounding is left out/,
    );
    assert.throws(
      () =>
        buildGraph(
          decodeModel(
            makeModel({ ...spec, outputs: { m: 'uint8' }, nodes: [spec.nodes[0], node('Max', ['q', 'q'], ['m'])] }),
          ),
        ),
      /computes with codes whose rounding is left out/,
    );
  });

  it('round the probabilities of a softmax, which is then computed', async () => {
    const { error, graph } = await compareWithRuntime(
      makeModel({
        inputs: { x: [2, 5] },
        outputs: ['y'],
        constants: { s: scalar(1 / 255), z: codes('uint8', [], [0]) },
        nodes: [node('Softmax', ['x'], ['p']), ...pair('p', 'y', ['s', 'z'])],
      }),
    );
    assert.ok(error < 1e-5, `${error}`);
    assert.equal(graph.outputs[0].omitted, undefined);
  });

  it('have witnesses that satisfy the circuit', async () => {
    const model = await isExact({
      inputs: { x: [1, 4] },
      outputs: ['y'],
      constants: { ...grids, w: weights('int8', [4, 2], 9), ws: scalar(0.01) },
      nodes: [
        ...pair('x', 'a', X),
        node('DequantizeLinear', ['w', 'ws'], ['w2']),
        node('MatMul', ['a', 'w2'], ['b']),
        ...pair('b', 'y', Y),
      ],
    });
    const circuit = await ready(model);
    for (const sample of [
      [-9, 9, 0.01, 1],
      [0.00855, -0.00855, 2, -2],
    ]) {
      const integers = encodeInputs(model.inputs, [sample]);
      const witness = witnessFor(circuit, integers);
      assert.ok(circuit.checker.isSatisfied(witness));
      assert.deepEqual(outputsOf(circuit, witness), runIntegerModel(model, integers));
    }
  });

  it('are made on a computed grid, and shown with it where they are outputs', async () => {
    const outputs = { q: 'uint8', s: 'float', z: 'uint8' } as const;
    const dynamic = [node('DynamicQuantizeLinear', ['x'], ['q', 's', 'z'])];
    const { graph, error } = await compareWithRuntime(makeModel({ inputs: { x: [3, 5] }, outputs, nodes: dynamic }));
    assert.ok(error < 1e-5, `${error}`);
    assert.ok(graph.notes.every((note) => !note.includes('left out')));
    await agrees({
      inputs: { x: [2, 3], s: [3] },
      outputs: { y: 'int8' },
      constants: { z: { dims: [3], dataType: typeCode('int8'), int32Data: [1, -2, 0] } },
      nodes: [node('Abs', ['s'], ['a']), node('QuantizeLinear', ['x', 'a', 'z'], ['y'], { axis: 1 })],
    });
  });
});
