import assert from 'node:assert/strict';
import {
  buildGraph,
  decodeModel,
  DynamicShapeError,
  MalformedModelError,
  ModelTooLargeError,
  ShapeError,
  UnsupportedAttributeError,
  UnsupportedOpError,
  UnsupportedTensorError,
  type Graph,
} from '../../src/onnx/index.js';
import type { ZkinferError } from '../../src/errors.js';
import { evaluator } from '../../src/network/evaluate.js';
import { dequantize, encodeInputs } from '../../src/integer/encode.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { quantize } from '../../src/quantize/quantize.js';
import { codesOf, ready } from '../compile/support/run.js';
import { agrees } from './support/compare.js';
import {
  float,
  floatList,
  floats,
  int64s,
  makeModel,
  node,
  tensor,
  type ModelSpec,
  type NodeSpec,
} from './support/make-model.js';

const build = (spec: ModelSpec): Graph => buildGraph(decodeModel(makeModel(spec)));

const refuse = (what: string, spec: ModelSpec, kind: new (message: string) => ZkinferError, message: RegExp) =>
  it(`refuses ${what}`, () => {
    assert.throws(
      () => build(spec),
      (error) => {
        assert.ok(error instanceof kind, String(error));
        assert.match(error.message, message);
        return true;
      },
    );
  });

describe('buildGraph', () => {
  it('sets a dynamic batch dimension to 1 and says so', () => {
    for (const batch of ['batch', undefined, 0, -1]) {
      const graph = build({ inputs: { x: [batch, 3] }, outputs: ['y'], nodes: [node('Relu', ['x'], ['y'])] });
      assert.deepEqual(graph.inputs, [{ name: 'x', shape: [1, 3] }]);
      assert.match(graph.notes.join(), /Dimension 0.*of input x is dynamic and was set to 1/);
    }
  });

  it('sets the batch to 1 wherever its name stands', () => {
    const graph = build({
      inputs: { x: ['batch', 3], state: [2, 'batch', 3] },
      outputs: ['y'],
      nodes: [node('Add', ['x', 'state'], ['y'])],
    });
    assert.deepEqual(graph.inputs[1].shape, [2, 1, 3]);
  });

  refuse(
    'another dynamic dimension',
    { inputs: { x: ['batch', 'length', 3] }, outputs: ['y'], nodes: [node('Relu', ['x'], ['y'])] },
    DynamicShapeError,
    /Dimension 1 \(length\) of graph input x.*dynamic_axes/,
  );
  refuse(
    'weights that are NaN',
    {
      inputs: { x: [1, 1] },
      outputs: ['y'],
      constants: { w: floats([1, 1], [NaN]) },
      nodes: [node('MatMul', ['x', 'w'], ['y'], {}, 'fc')],
    },
    UnsupportedOpError,
    /Node fc \(MatMul\).*NaN or infinite/,
  );
  refuse(
    'an unknown operator',
    { opset: 13, inputs: { x: [2] }, outputs: ['y'], nodes: [node('Shuffle', ['x'], ['y'], {}, 'set')] },
    UnsupportedOpError,
    /Node set \(Shuffle\), opset 13.*Supported are Abs, Acos.*Conv/,
  );
  refuse(
    'an operator named like a property of every object',
    { inputs: { x: [2] }, outputs: ['y'], nodes: [node('constructor', ['x'], ['y'])] },
    UnsupportedOpError,
    /\(constructor\)/,
  );
  refuse(
    'an operator of another domain',
    { inputs: { x: [2] }, outputs: ['y'], nodes: [{ ...node('Relu', ['x'], ['y']), domain: 'com.example' }] },
    UnsupportedOpError,
    /com\.example\.Relu/,
  );
  refuse(
    'a sub-graph operator',
    { inputs: { x: [2] }, outputs: ['y'], nodes: [node('Loop', ['x'], ['y'], { body: { type: 5, g: {} } }, 'loop')] },
    UnsupportedOpError,
    /Node loop \(Loop\)/,
  );
  refuse(
    'an attribute that the operator does not know',
    { inputs: { x: [2] }, outputs: ['y'], nodes: [node('Relu', ['x'], ['y'], { turbo: 3 }, 'act')] },
    UnsupportedAttributeError,
    /Node act \(Relu\).*turbo = 3/,
  );
  refuse(
    'an attribute of the wrong type',
    { inputs: { x: [2, 2] }, outputs: ['y'], nodes: [node('Transpose', ['x'], ['y'], { perm: 'back' })] },
    MalformedModelError,
    /perm should be of type ints, not string/,
  );
  refuse(
    'a missing input',
    { inputs: { x: [2] }, outputs: ['y'], nodes: [node('Add', ['x'], ['y'], {}, 'plus')] },
    MalformedModelError,
    /plus \(Add\) lacks its input number 1/,
  );
  refuse(
    'a tensor that nothing makes',
    { inputs: { x: [2] }, outputs: ['y'], nodes: [node('Add', ['x', 'ghost'], ['y'])] },
    MalformedModelError,
    /reads ghost/,
  );
  refuse(
    'nodes out of order',
    { inputs: { x: [2] }, outputs: ['y'], nodes: [node('Relu', ['z'], ['y']), node('Relu', ['x'], ['z'])] },
    MalformedModelError,
    /reads z/,
  );
  refuse(
    'a tensor made twice',
    {
      inputs: { x: [2] },
      outputs: ['y'],
      nodes: [node('Relu', ['x'], ['z']), node('Abs', ['x'], ['z']), node('Neg', ['z'], ['y'])],
    },
    MalformedModelError,
    /makes z, which exists already/,
  );
  refuse(
    'an output that nothing makes',
    { inputs: { x: [2] }, outputs: ['y'], nodes: [] },
    MalformedModelError,
    /output y is made by no node/,
  );
  refuse(
    'an input of strings',
    { inputs: { x: { dims: [2], type: 'string' } }, outputs: ['y'], nodes: [node('Identity', ['x'], ['y'])] },
    UnsupportedTensorError,
    /input x is no tensor of numbers/,
  );
  for (const to of [2, 3, 12]) {
    refuse(
      `cutting an int64 activation down to element type ${to}`,
      {
        inputs: { x: { dims: [2], type: 'int64' } },
        outputs: ['y'],
        nodes: [node('Cast', ['x'], ['b'], { to }, 'cut'), node('Cast', ['b'], ['y'], { to: 1 })],
      },
      UnsupportedAttributeError,
      /Node cut \(Cast\).*int64 can only become/,
    );
  }
  refuse(
    'an input of absurd size',
    { inputs: { x: [100000, 100000] }, outputs: ['y'], nodes: [node('Relu', ['x'], ['y'])] },
    ModelTooLargeError,
    /Graph input x/,
  );
  refuse(
    'a layer of absurd size',
    {
      inputs: { x: [1, 1] },
      outputs: ['y'],
      constants: { s: int64s([100000, 100000]) },
      nodes: [node('Expand', ['x', 's'], ['y'], {}, 'blow')],
    },
    ModelTooLargeError,
    /Node blow \(Expand\)/,
  );
  refuse(
    'a constant of absurd size',
    {
      inputs: { x: [1, 1] },
      outputs: ['y'],
      constants: { s: int64s([100000, 100000]) },
      nodes: [node('ConstantOfShape', ['s'], ['c']), node('Add', ['x', 'c'], ['y'])],
    },
    ModelTooLargeError,
    /ConstantOfShape/,
  );
  refuse(
    'a range without end',
    {
      inputs: { x: [1] },
      outputs: ['y'],
      constants: { a: floats([], [0]), b: floats([], [1]), d: floats([], [0]) },
      nodes: [node('Range', ['a', 'b', 'd'], ['c']), node('Add', ['x', 'c'], ['y'])],
    },
    ShapeError,
    /does not end/,
  );

  it('drops nodes that no output depends on, even unsupported ones', () => {
    const graph = build({
      inputs: { x: [2] },
      outputs: ['y'],
      nodes: [node('Erf', ['x'], ['unused']), node('Relu', ['x'], ['y'])],
    });
    assert.deepEqual(
      graph.nodes.map(({ source }) => source),
      ['Relu'],
    );
  });

  it('drops nodes whose shape alone was used', () => {
    const graph = build({
      inputs: { x: [2, 3] },
      outputs: ['y'],
      nodes: [node('Relu', ['x'], ['r']), node('Shape', ['r'], ['s']), node('Reshape', ['x', 's'], ['y'])],
    });
    assert.deepEqual(
      graph.nodes.map(({ source }) => source),
      ['Reshape'],
    );
  });

  it('gives every node and tensor a name of its own', () => {
    const graph = build({
      inputs: { x: [3] },
      outputs: ['y'],
      nodes: [
        node('Relu', ['x'], ['a'], {}, 'same'),
        node('Neg', ['a'], ['b'], {}, 'same'),
        node('ReduceMin', ['b'], ['y'], {}, 'same'),
      ],
    });
    const names = graph.nodes.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    assert.equal(new Set(graph.nodes.map(({ output }) => output)).size, names.length);
    assert.equal(graph.outputs[0].tensor, 'y');
  });

  it('lets an output be an input, or the same tensor as another output', () => {
    const graph = build({
      inputs: { x: [2] },
      outputs: ['x2', 'r', 's'],
      nodes: [node('Identity', ['x'], ['x2']), node('Relu', ['x'], ['r']), node('Dropout', ['r'], ['s'])],
    });
    assert.deepEqual(
      graph.outputs.map(({ tensor: name }) => name),
      ['x', 'r', 'r'],
    );
  });
});

describe('constant folding', () => {
  it('resolves the chain that PyTorch writes for x.view(x.size(0), -1)', async () => {
    const graph = await agrees({
      inputs: { x: ['batch', 3, 4] },
      outputs: ['y'],
      constants: { zero: int64s([0], []), rest: int64s([-1]), axis: int64s([0]) },
      nodes: [
        node('Shape', ['x'], ['s']),
        node('Gather', ['s', 'zero'], ['n'], { axis: 0 }),
        node('Unsqueeze', ['n', 'axis'], ['u']),
        node('Concat', ['u', 'rest'], ['t'], { axis: 0 }),
        node('Reshape', ['x', 't'], ['y']),
      ],
    });
    assert.deepEqual(
      graph.nodes.map(({ op }) => op),
      ['move'],
    );
    assert.deepEqual(graph.outputs[0].shape, [1, 12]);
  });

  it('resolves the chain that PyTorch writes for expand(-1, n)', async () => {
    const one: NodeSpec[] = [
      node('Shape', ['x'], ['s'], { start: 0, end: 2 }),
      node('ConstantOfShape', ['two'], ['ones'], { value: tensor(int64s([1])) }),
      node('Constant', [], ['minus'], { value: tensor(int64s([-1, 5])) }),
      node('Equal', ['minus', 'negatives'], ['same']),
      node('Where', ['same', 'ones', 'minus'], ['target']),
      node('Expand', ['x', 'target'], ['y']),
    ];
    const graph = await agrees({
      inputs: { x: [3, 1] },
      outputs: ['y'],
      constants: { two: int64s([2]), negatives: int64s([-1, -1]) },
      nodes: one,
    });
    assert.deepEqual(graph.outputs[0].shape, [3, 5]);
  });

  const scalar = (value: number) => floats([], [value]);
  /** The constants go through `nodes` into `c`, which is added to x; onnxruntime must agree. */
  const folds = (what: string, constants: ModelSpec['constants'], nodes: NodeSpec[], type?: number, opset = 17) =>
    it(`computes ${what} as onnxruntime does`, async () => {
      const graph = await agrees({
        opset,
        inputs: { x: [1, 1] },
        outputs: ['y'],
        constants,
        nodes: [
          ...nodes,
          ...(type === undefined ? [] : [node('Cast', ['raw'], ['c'], { to: type })]),
          node('Add', ['x', 'c'], ['y']),
        ],
      });
      assert.ok(graph.nodes.every(({ op }) => op === 'affine' || op === 'move'));
    });

  const numbers = floats([2, 3], [0.5, 1.5, 2.5, 3, 4.25, 9]);
  const signed = floats([2, 3], [-0.5, 1.5, -2.5, 0, 4.25, -9]);
  for (const op of ['Sqrt', 'Exp', 'Log', 'Reciprocal']) folds(op, { a: numbers }, [node(op, ['a'], ['c'])]);
  for (const op of ['Floor', 'Ceil', 'Round', 'Sign', 'Abs', 'Neg', 'Relu'])
    folds(op, { a: signed }, [node(op, ['a'], ['c'])]);
  for (const op of ['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Min', 'Max'])
    folds(`${op} of floats`, { a: numbers, b: floats([3], [2, -1, 0.5]) }, [node(op, ['a', 'b'], ['c'])]);
  for (const op of ['Add', 'Sub', 'Mul', 'Div', 'Mod'])
    folds(`${op} of integers`, { a: int64s([7, -7, 9]), b: int64s([2, 2, -4]) }, [node(op, ['a', 'b'], ['raw'])], 1);
  folds('Mod with fmod', { a: signed, b: scalar(2) }, [node('Mod', ['a', 'b'], ['c'], { fmod: 1 })]);
  for (const op of ['Equal', 'Less', 'Greater', 'LessOrEqual', 'GreaterOrEqual'])
    folds(op, { a: numbers, b: scalar(2.5) }, [node(op, ['a', 'b'], ['raw'])], 1);
  for (const op of ['And', 'Or', 'Xor']) {
    const bools = (data: number[]) => ({ dims: [4], dataType: 9, int32Data: data });
    folds(op, { a: bools([0, 0, 1, 1]), b: bools([0, 1, 0, 1]) }, [node(op, ['a', 'b'], ['raw'])], 1);
  }
  folds('Not', { a: { dims: [2], dataType: 9, int32Data: [0, 1] } }, [node('Not', ['a'], ['raw'])], 1);
  folds(
    'Range of integers',
    { a: int64s([2], []), b: int64s([12], []), d: int64s([3], []) },
    [node('Range', ['a', 'b', 'd'], ['raw'])],
    1,
  );
  folds('Range downwards', { a: scalar(2), b: scalar(-1), d: scalar(-0.5) }, [node('Range', ['a', 'b', 'd'], ['c'])]);
  folds('ReduceProd', { a: numbers }, [node('ReduceProd', ['a'], ['c'], { axes: [1], keepdims: 1 })]);
  folds(
    'ReduceProd with axes as an input',
    { a: numbers, i: int64s([0]) },
    [node('ReduceProd', ['a', 'i'], ['c'], { keepdims: 0 })],
    undefined,
    18,
  );
  folds('ReduceSum', { a: numbers, i: int64s([0]) }, [node('ReduceSum', ['a', 'i'], ['c'])]);
  folds('ArgMax', { a: numbers }, [node('ArgMax', ['a'], ['raw'], { axis: 1 })], 1);
  folds('Cast to an integer and back', { a: signed }, [
    node('Cast', ['a'], ['i'], { to: 7 }),
    node('Cast', ['i'], ['c'], { to: 1 }),
  ]);
  folds('Cast to bool and back', { a: signed }, [
    node('Cast', ['a'], ['i'], { to: 9 }),
    node('Cast', ['i'], ['c'], { to: 1 }),
  ]);
  folds('Where', { a: numbers, b: scalar(1), k: { dims: [3], dataType: 9, int32Data: [1, 0, 1] } }, [
    node('Where', ['k', 'a', 'b'], ['c']),
  ]);
  folds('Transpose, Slice and Concat', { a: numbers, s: int64s([0]), e: int64s([2]) }, [
    node('Transpose', ['a'], ['t']),
    node('Slice', ['t', 's', 'e'], ['p']),
    node('Concat', ['p', 't'], ['c'], { axis: 0 }),
  ]);
  folds('Gemm and MatMul', { a: numbers, b: floats([3, 2], [1, 2, 3, 4, 5, 6]) }, [
    node('MatMul', ['a', 'b'], ['m']),
    node('Gemm', ['m', 'm'], ['c'], { alpha: float(0.5) }),
  ]);
  folds('Size', { a: numbers }, [node('Size', ['a'], ['raw'])], 1);
  folds('CastLike', { a: int64s([3, 4]), b: scalar(1) }, [node('CastLike', ['a', 'b'], ['c'])]);
  for (const [attribute, value] of [
    ['value_float', float(2.5)],
    ['value_floats', floatList([1, 2.5])],
  ] as const) {
    folds(`Constant of ${attribute}`, {}, [node('Constant', [], ['c'], { [attribute]: value })]);
  }
  for (const [attribute, value] of [
    ['value_int', 3],
    ['value_ints', [4, 5]],
  ] as const) {
    folds(`Constant of ${attribute}`, {}, [node('Constant', [], ['raw'], { [attribute]: value })], 1);
  }

  refuse(
    'integer division by zero among constants',
    {
      inputs: { x: [1] },
      outputs: ['y'],
      constants: { a: int64s([1]), b: int64s([0]) },
      nodes: [node('Div', ['a', 'b'], ['r']), node('Cast', ['r'], ['c'], { to: 1 }), node('Add', ['x', 'c'], ['y'])],
    },
    UnsupportedOpError,
    /integer by zero/,
  );
  refuse(
    'computing on activations what is computed on constants only',
    { inputs: { x: [2] }, outputs: ['y'], nodes: [node('Range', ['x', 'x', 'x'], ['y'], {}, 'all')] },
    UnsupportedOpError,
    /Node all \(Range\), opset 17: it is supported on constants only, and x is computed/,
  );
});

describe('Dropout', () => {
  const ratio = floats([], [0.5]);
  const cases: [number, ModelSpec['constants']][] = [
    [7, {}],
    [12, { ratio }],
    [13, { ratio, training: { dims: [], dataType: 9, int32Data: [0] } }],
  ];
  for (const [opset, constants] of cases) {
    const optional = Object.keys(constants ?? {});
    it(`of opset ${opset} does nothing`, async () => {
      const graph = await agrees({
        opset,
        inputs: { x: [2] },
        outputs: ['y'],
        constants,
        nodes: [
          node('Relu', ['x'], ['r']),
          node('Dropout', ['r', ...optional], ['d'], opset < 12 ? { ratio: float(0.5) } : {}),
          node('Neg', ['d'], ['y']),
        ],
      });
      assert.deepEqual(
        graph.nodes.map(({ op }) => op),
        ['prelu', 'affine'],
      );
    });
  }
  refuse(
    'training',
    {
      inputs: { x: [2] },
      outputs: ['y'],
      constants: { r: floats([], [0.5]), t: { dims: [], dataType: 9, int32Data: [1] } },
      nodes: [node('Dropout', ['x', 'r', 't'], ['y'], {}, 'drop')],
    },
    UnsupportedOpError,
    /Node drop \(Dropout\).*training_mode/,
  );
});

describe('outputs that no input changes', () => {
  const constants = { c: floats([2, 2], [0.1, -7, 3, 0]) };

  it('are constants beside computed ones, and the notes say so', async () => {
    const graph = await agrees({
      inputs: { x: [3] },
      outputs: ['y', 'z'],
      constants,
      nodes: [node('Neg', ['x'], ['y']), node('Neg', ['c'], ['z'])],
    });
    assert.match(graph.notes.join(), /Output z depends on no graph input/);
  });
});

describe('Cast of activations', () => {
  for (const type of ['double', 'int64', 'int32', 'uint8', 'int8', 'bool'] as const) {
    it(`from ${type} to float agrees with onnxruntime`, async () => {
      const spec: ModelSpec = {
        inputs: { x: { dims: [2, 3], type } },
        outputs: ['y'],
        nodes: [node('Cast', ['x'], ['y'], { to: 1 })],
      };
      if (type === 'double' || type === 'int64' || type === 'int32' || type === 'int8')
        await agrees(spec, { whole: true });
      else assert.deepEqual(build(spec).nodes, []);
    });
  }
  it('from positions to a narrower integer is free', async () => {
    await agrees({
      inputs: { x: [2, 3] },
      outputs: { y: 'int32' },
      nodes: [node('ArgMax', ['x'], ['i'], { axis: 1 }), node('Cast', ['i'], ['y'], { to: 6 })],
    });
  });
});

describe('an output that is the same for every input', () => {
  const spec = {
    inputs: { x: [2] },
    outputs: { y: 'float', c: 'float', n: 'int64' },
    constants: { a: floats([3], [0.5, -1.25, 7]), k: int64s([3, -40]) },
    nodes: [node('Relu', ['x'], ['y']), node('Neg', ['a'], ['c']), node('Identity', ['k'], ['n'])],
  } as const;
  it('is proved as a constant, with a note', async () => {
    const graph = await agrees(spec);
    assert.ok(graph.notes.some((note) => /Output c depends on no graph input/.test(note)));
    const model = quantize(graph, { activationBits: 8, samples: [[Float64Array.of(-1, 1)]], evaluator });
    const { generator, checker } = await ready(model);
    const inputs = encodeInputs(model.inputs, [Float64Array.of(0.5, -0.25)]);
    const witness = generator.generate({ publicInputs: [7n], privateInputs: [...codesOf(model, inputs), 1] });
    assert.ok(checker.isSatisfied(witness));
    const [, c, n] = runIntegerModel(model, inputs).map((values, k) =>
      Array.from(dequantize(values, model.outputs[k].scale)),
    );
    assert.deepEqual(n, [3, -40]);
    [-0.5, 1.25, -7].forEach((value, i) => assert.ok(Math.abs(c[i] - value) < 8.25 / 1000));
  });
  it('is refused where it is no number', () => {
    assert.throws(
      () => build({ ...spec, constants: { ...spec.constants, a: floats([1], [NaN]) } }),
      UnsupportedOpError,
    );
  });
});
