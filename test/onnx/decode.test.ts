import assert from 'node:assert/strict';
import { concatBytes } from '../../src/r1cs/sections.js';
import { ZkinferError } from '../../src/errors.js';
import {
  buildGraph,
  decodeModel,
  MalformedModelError,
  ModelTooLargeError,
  surveyModel,
  UnsupportedOpsetError,
  UnsupportedTensorError,
} from '../../src/onnx/index.js';
import type { ElementType } from '../../src/onnx/model.js';
import { ModelProto, type TensorMessage } from '../../src/onnx/schema.js';
import { float, floats, int64s, makeModel, node, typeCode } from './support/make-model.js';
import { seeded } from './support/random.js';

const RELU = { inputs: { x: [1, 3] }, outputs: ['y'], nodes: [node('Relu', ['x'], ['y'])] };

/** A network with constants, attributes and names to damage. */
const SMALL = makeModel({
  inputs: { x: ['batch', 2, 6, 6] },
  outputs: ['y'],
  constants: {
    w: floats(
      [3, 2, 3, 3],
      Array.from({ length: 54 }, (_, i) => i / 54 - 0.5),
    ),
    b: floats([3], [0.1, -0.2, 0.3]),
    shape: int64s([0, -1]),
    fc: { dims: [12, 4], dataType: typeCode('float'), rawData: new Uint8Array(12 * 4 * 4).fill(61) },
  },
  nodes: [
    node('Conv', ['x', 'w', 'b'], ['c'], { kernel_shape: [3, 3], strides: [1, 1] }),
    node('Relu', ['c'], ['r']),
    node('MaxPool', ['r'], ['p'], { kernel_shape: [2, 2], strides: [2, 2] }),
    node('Reshape', ['p', 'shape'], ['f']),
    node('Gemm', ['f', 'fc'], ['g'], { alpha: float(0.5) }),
    node('Softmax', ['g'], ['y'], { axis: 1 }),
  ],
});

/** Everything a caller does with untrusted bytes. Returns the name of the error, if any. */
function readUntrusted(bytes: Uint8Array): string {
  try {
    const model = decodeModel(bytes);
    surveyModel(model);
    buildGraph(model);
    return 'none';
  } catch (error) {
    assert.ok(error instanceof ZkinferError, `a ${error instanceof Error ? error.stack : String(error)}`);
    return error.name;
  }
}

describe('decodeModel', () => {
  it('reads names, opset, shapes and attributes', () => {
    const model = decodeModel(SMALL);
    assert.equal(model.opset, 17);
    assert.deepEqual(model.inputs, [{ name: 'x', type: 'float', dimensions: ['batch', 2, 6, 6] }]);
    assert.deepEqual(
      model.outputs.map(({ name }) => name),
      ['y'],
    );
    assert.deepEqual(
      model.nodes.map(({ op }) => op),
      ['Conv', 'Relu', 'MaxPool', 'Reshape', 'Gemm', 'Softmax'],
    );
    assert.deepEqual(model.nodes[0].attributes.get('kernel_shape'), { type: 'ints', value: [3, 3] });
    assert.deepEqual(model.nodes[0].name, 'c', 'a nameless node is called after its first output');
  });

  it('leaves initializers out of the inputs where old IR versions list them', () => {
    const bytes = makeModel({
      irVersion: 3,
      opset: 8,
      inputs: { x: [1, 2], w: [2, 2] },
      outputs: ['y'],
      constants: { w: floats([2, 2], [1, 2, 3, 4]) },
      nodes: [node('MatMul', ['x', 'w'], ['y'])],
    });
    assert.deepEqual(
      decodeModel(bytes).inputs.map(({ name }) => name),
      ['x'],
    );
    assert.deepEqual(
      buildGraph(decodeModel(bytes)).nodes.map(({ op }) => op),
      ['dense'],
    );
  });

  const little = (length: number, write: (view: DataView) => void): Uint8Array => {
    const bytes = new Uint8Array(length);
    write(new DataView(bytes.buffer));
    return bytes;
  };
  const stored: [string, ElementType, TensorMessage, number[]][] = [
    ['float fields', 'float', { floatData: [1.5, -2] }, [1.5, -2]],
    [
      'raw floats',
      'float',
      { rawData: little(8, (v) => (v.setFloat32(0, 1.5, true), v.setFloat32(4, -2, true))) },
      [1.5, -2],
    ],
    ['double fields', 'double', { doubleData: [0.1, 2] }, [0.1, 2]],
    [
      'raw doubles',
      'double',
      { rawData: little(16, (v) => (v.setFloat64(0, 0.1, true), v.setFloat64(8, 2, true))) },
      [0.1, 2],
    ],
    ['int32 fields', 'int32', { int32Data: [-5, 7] }, [-5, 7]],
    ['raw int32', 'int32', { rawData: little(8, (v) => (v.setInt32(0, -5, true), v.setInt32(4, 7, true))) }, [-5, 7]],
    ['int64 fields', 'int64', { int64Data: [-5, 2 ** 40] }, [-5, 2 ** 40]],
    [
      'raw int64',
      'int64',
      { rawData: little(16, (v) => (v.setBigInt64(0, -5n, true), v.setBigInt64(8, 7n, true))) },
      [-5, 7],
    ],
    ['uint64 fields', 'uint64', { uint64Data: [5, 2 ** 40] }, [5, 2 ** 40]],
    ['uint32 fields', 'uint32', { uint64Data: [5, 2 ** 32 - 1] }, [5, 2 ** 32 - 1]],
    ['bool fields', 'bool', { int32Data: [1, 0] }, [1, 0]],
    ['raw bools', 'bool', { rawData: Uint8Array.of(1, 0) }, [1, 0]],
    ['uint8 fields', 'uint8', { int32Data: [200, 3] }, [200, 3]],
    ['raw uint8', 'uint8', { rawData: Uint8Array.of(200, 3) }, [200, 3]],
    ['raw int8', 'int8', { rawData: Uint8Array.of(200, 3) }, [-56, 3]],
    ['raw int16', 'int16', { rawData: Uint8Array.of(0xff, 0xff, 3, 1) }, [-1, 259]],
    ['raw uint16', 'uint16', { rawData: Uint8Array.of(0xff, 0xff, 3, 1) }, [65535, 259]],
    ['float16 fields as bit patterns', 'float16', { int32Data: [0x3e00, 0xc000] }, [1.5, -2]],
    [
      'raw float16, the subnormal and infinite included',
      'float16',
      { rawData: Uint8Array.of(1, 0, 0, 0x7c) },
      [2 ** -24, Infinity],
    ],
    ['bfloat16 fields as bit patterns', 'bfloat16', { int32Data: [0x3fc0, 0xc000] }, [1.5, -2]],
    ['raw bfloat16', 'bfloat16', { rawData: Uint8Array.of(0xc0, 0x3f, 0, 0xc0) }, [1.5, -2]],
  ];
  for (const [what, type, message, values] of stored) {
    it(`reads a tensor stored as ${what}`, () => {
      const model = decodeModel(
        makeModel({ ...RELU, constants: { w: { ...message, dims: [2], dataType: typeCode(type) } } }),
      );
      assert.deepEqual(model.initializers.get('w'), {
        kind: 'constant',
        type,
        shape: [2],
        data: Float64Array.from(values),
      });
    });
  }

  const refuse = (what: string, bytes: Uint8Array, kind: new (message: string) => ZkinferError, message: RegExp) =>
    it(`refuses ${what}`, () => {
      assert.throws(
        () => decodeModel(bytes),
        (error) => error instanceof kind && message.test(error.message),
      );
    });

  refuse(
    'external data',
    makeModel({
      ...RELU,
      constants: {
        w: { dims: [2], dataType: 1, dataLocation: 1, externalData: [{ key: 'location', value: 'weights.bin' }] },
      },
    }),
    UnsupportedTensorError,
    /Tensor w .*another file/,
  );
  it('reads strings as positions among their labels', () => {
    const text = ['b', 'a', 'b'].map((label) => new TextEncoder().encode(label));
    const model = decodeModel(
      makeModel({ ...RELU, constants: { w: { dims: [3], dataType: typeCode('string'), stringData: text } } }),
    );
    assert.deepEqual(model.initializers.get('w'), {
      kind: 'constant',
      type: 'string',
      shape: [3],
      data: Float64Array.of(0, 1, 0),
      labels: ['b', 'a'],
    });
  });
  refuse(
    'fewer strings than the shape says',
    makeModel({ ...RELU, constants: { w: { dims: [1], dataType: 8 } } }),
    MalformedModelError,
    /Tensor w .*string holds 0/,
  );
  refuse(
    'an element type from the future',
    makeModel({ ...RELU, constants: { w: { dims: [0], dataType: 99 } } }),
    UnsupportedTensorError,
    /number 99/,
  );
  refuse(
    'a tensor with too few elements',
    makeModel({ ...RELU, constants: { w: floats([3], [1, 2]) } }),
    MalformedModelError,
    /Tensor w of shape \[3\].*2 elements instead of 3/,
  );
  refuse(
    'raw data of a broken length',
    makeModel({ ...RELU, constants: { w: { dims: [1], dataType: 1, rawData: new Uint8Array(3) } } }),
    MalformedModelError,
    /0.75 elements/,
  );
  refuse(
    'a tensor whose shape promises more than memory holds',
    makeModel({ ...RELU, constants: { w: { dims: [2 ** 40, 2 ** 40], dataType: 1 } } }),
    MalformedModelError,
    /0 elements instead of/,
  );
  refuse(
    'a dimension of 0 that hides a huge one',
    makeModel({ ...RELU, constants: { w: { dims: [0, 2 ** 40], dataType: 1 } } }),
    ModelTooLargeError,
    /exceeds the limit/,
  );
  refuse(
    'negative dimensions',
    makeModel({ ...RELU, constants: { w: { dims: [-1, -1], dataType: 1, floatData: [1] } } }),
    MalformedModelError,
    /impossible shape/,
  );
  refuse('opset 0', makeModel({ ...RELU, opset: 0 }), UnsupportedOpsetError, /opset 0; opset 1 to \d+ are supported/);
  refuse('an opset from the future', makeModel({ ...RELU, opset: 99 }), UnsupportedOpsetError, /opset 99/);
  const named = (name: string) => ({ name, type: { tensorType: { elemType: 1 } } });
  refuse(
    'two inputs of one name',
    ModelProto.encode(
      ModelProto.fromObject({
        opsetImport: [{ version: 17 }],
        graph: { input: [named('x'), named('x')], output: [named('x')] },
      }),
    ).finish(),
    MalformedModelError,
    /Two graph inputs are named x/,
  );
  refuse(
    'two graphs, which other readers take for one',
    concatBytes([makeModel(RELU), makeModel(RELU)]),
    MalformedModelError,
    /more than one graph/,
  );
  refuse(
    'a number that its type does not hold',
    makeModel({ ...RELU, constants: { w: { dims: [2], dataType: typeCode('uint8'), int32Data: [255, 300] } } }),
    MalformedModelError,
    /Tensor w holds 300, which its type uint8/,
  );
  const alpha = { name: 'alpha', type: 1, f: 0.5 };
  const twice = {
    opsetImport: [{ version: 17 }],
    graph: {
      output: [named('y')],
      node: [{ opType: 'LeakyRelu', input: ['x'], output: ['y'], attribute: [alpha, { ...alpha, f: 0.25 }] }],
    },
  };
  refuse(
    'two attributes of one name',
    ModelProto.encode(ModelProto.fromObject(twice)).finish(),
    MalformedModelError,
    /Node y \(LeakyRelu\) has two attributes alpha/,
  );
  refuse(
    'two versions of an operator set',
    makeModel({ ...RELU, domains: { 'ai.onnx': 9 } }),
    MalformedModelError,
    /versions 17 and 9 of the operator set ai\.onnx/,
  );
  refuse('an empty file', new Uint8Array(), MalformedModelError, /no ONNX graph/);
  refuse('text', new TextEncoder().encode('{"input_data": [[1, 2, 3]]}'), MalformedModelError, /no ONNX/);
  refuse(
    'a model without opset',
    ModelProto.encode(ModelProto.fromObject({ irVersion: 8, graph: { output: [{ name: 'y' }] } })).finish(),
    MalformedModelError,
    /opset_import/,
  );
  refuse(
    'sparse initializers',
    ModelProto.encode(
      ModelProto.fromObject({ irVersion: 8, opsetImport: [{ version: 17 }], graph: { sparseInitializer: [{}] } }),
    ).finish(),
    UnsupportedTensorError,
    /sparse/,
  );
});

describe('untrusted bytes', () => {
  it('truncated anywhere give a named error, most of them MalformedModelError', () => {
    const counts = new Map<string, number>();
    for (let length = 0; length < SMALL.length; length++) {
      const name = readUntrusted(SMALL.slice(0, length));
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    // A file cut exactly between two fields of the model may still be a smaller, complete model; inside the graph it is
    // not.
    assert.equal(readUntrusted(SMALL), 'none');
    assert.ok((counts.get('none') ?? 0) <= 1, JSON.stringify([...counts]));
    assert.ok((counts.get('MalformedModelError') ?? 0) >= SMALL.length - 2, JSON.stringify([...counts]));
  });

  it('that are random give MalformedModelError', () => {
    const random = seeded(2024);
    for (let round = 0; round < 2000; round++) {
      const bytes = Uint8Array.from({ length: Math.floor(random() * 300) }, () => random() * 256);
      assert.equal(readUntrusted(bytes), 'MalformedModelError');
    }
  });

  it('that are a model with bytes changed never give anything but a result or a named error', () => {
    const random = seeded(99);
    for (let round = 0; round < 3000; round++) {
      const bytes = SMALL.slice();
      for (let change = 0; change <= round % 4; change++)
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      readUntrusted(bytes);
    }
  });

  it('that are a model with numbers replaced by absurd ones give a result or a named error', () => {
    const random = seeded(5);
    const integers = [-1, 0, 1, 3, 65536, 2 ** 31 - 1, 2 ** 40, -(2 ** 62)];
    const fractions = [NaN, -Infinity, 1e30, -0.5];
    for (let round = 0; round < 500; round++) {
      const message = ModelProto.toObject(ModelProto.decode(SMALL), { longs: Number }) as Record<string, unknown>;
      const places: [Record<string, unknown>, string][] = [];
      const visit = (node: Record<string, unknown>) => {
        for (const [key, value] of Object.entries(node)) {
          if (typeof value === 'number') places.push([node, key]);
          else if (value !== null && typeof value === 'object' && !(value instanceof Uint8Array))
            visit(value as Record<string, unknown>);
        }
      };
      visit(message.graph as Record<string, unknown>);
      for (let change = 0; change <= round % 3; change++) {
        const [node, key] = places[Math.floor(random() * places.length)];
        const absurd = Number.isInteger(node[key]) ? integers : fractions;
        node[key] = absurd[Math.floor(random() * absurd.length)];
      }
      readUntrusted(ModelProto.encode(ModelProto.fromObject(message)).finish());
    }
  });

  it('nested without end give MalformedModelError', () => {
    // Field 7 (graph) of field 1 (node) of field 5 (attribute) of field 5 (tensor), over and over, then groups within
    // groups.
    assert.equal(readUntrusted(new Uint8Array(200_000).fill(0x0b)), 'MalformedModelError');
    assert.equal(readUntrusted(new Uint8Array(200_000).fill(0x3a)), 'MalformedModelError');
  });
});
