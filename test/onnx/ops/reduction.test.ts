import assert from 'node:assert/strict';
import {
  buildGraph,
  decodeModel,
  evaluate,
  evaluator,
  surveyModel,
  UnsupportedOpError,
} from '../../../src/onnx/index.js';
import { dequantize, encodeInputs } from '../../../src/integer/encode.js';
import { runIntegerModel } from '../../../src/integer/interpreter.js';
import { quantize } from '../../../src/quantize/quantize.js';
import { agrees } from '../support/compare.js';
import { floats, int64s, makeModel, node, type AttributeSpec, type ModelSpec } from '../support/make-model.js';

describe('reductions', () => {
  for (const op of [
    'ReduceSum',
    'ReduceMean',
    'ReduceMax',
    'ReduceMin',
    'ReduceL1',
    'ReduceL2',
    'ReduceLogSumExp',
    'ReduceSumSquare',
  ]) {
    const attributes = (more: Record<string, AttributeSpec>, opset = 12): ModelSpec => ({
      opset,
      inputs: { x: [2, 3, 4] },
      outputs: ['y'],
      nodes: [node(op, ['x'], ['y'], more)],
    });
    it(`${op} over all elements agrees with onnxruntime`, async () => {
      await agrees(attributes({ keepdims: 0 }));
    });
    it(`${op} over axes given as an attribute agrees with onnxruntime`, async () => {
      await agrees(attributes({ axes: [0, -1] }));
      await agrees(attributes({ axes: [1], keepdims: 0 }));
    });
    it(`${op} over axes given as an input agrees with onnxruntime`, async () => {
      for (const keepdims of [0, 1]) {
        await agrees({
          opset: 18,
          inputs: { x: [2, 3, 4] },
          outputs: ['y'],
          constants: { a: int64s([-2]) },
          nodes: [node(op, ['x', 'a'], ['y'], { keepdims })],
        });
      }
    });
    it(`${op} with noop_with_empty_axes and no axes reduces nothing away`, async () => {
      const graph = await agrees(attributes({ noop_with_empty_axes: 1 }, 18));
      assert.deepEqual(graph.outputs[0].shape, [2, 3, 4]);
    });
  }
});

describe('ReduceLogSum', () => {
  it('agrees with onnxruntime on positive sums', async () => {
    await agrees({
      opset: 13,
      inputs: { x: [2, 3, 4] },
      outputs: ['y'],
      nodes: [node('Exp', ['x'], ['e']), node('ReduceLogSum', ['e'], ['y'], { axes: [1] })],
    });
  });
});

describe('the logarithm of sums of exponentials', () => {
  const logSums = (sum: ModelSpec['nodes'][number]): ModelSpec => ({
    inputs: { x: [2, 6] },
    outputs: ['y'],
    constants: { axis: int64s([1]), both: int64s([0, 1]) },
    nodes: [node('Exp', ['x'], ['e']), sum, node('Log', ['s'], ['y'])],
  });
  it('is a ReduceLogSumExp where the sums share no elements', async () => {
    for (const axes of ['axis', 'both']) {
      const graph = await agrees(logSums(node('ReduceSum', ['e', axes], ['s'])));
      assert.ok(graph.nodes.some(({ op }) => op === 'max'));
    }
  });
  it('agrees with onnxruntime where they do', async () => {
    const graph = await agrees(logSums(node('CumSum', ['e', 'axis'], ['s'])));
    assert.ok(graph.nodes.every(({ op }) => op !== 'max'));
  });
});

describe('ArgMax and ArgMin', () => {
  for (const op of ['ArgMax', 'ArgMin']) {
    for (const axis of [0, 1, -1]) {
      it(`${op} along axis ${axis} agrees with onnxruntime`, async () => {
        for (const keepdims of [0, 1]) {
          await agrees({
            inputs: { x: [2, 3, 4] },
            outputs: { y: 'int64' },
            nodes: [node(op, ['x'], ['y'], { axis, keepdims })],
          });
        }
      });
    }
    for (const last of [0, 1]) {
      it(`${op} with select_last_index ${last} breaks ties as onnxruntime does`, async () => {
        await agrees(
          {
            inputs: { x: [6, 16] },
            outputs: { y: 'int64' },
            nodes: [node(op, ['x'], ['y'], { axis: 1, select_last_index: last })],
          },
          { whole: true },
        );
      });
    }
    it(`${op} of opset 11 agrees with onnxruntime`, async () => {
      await agrees({
        opset: 11,
        inputs: { x: [2, 3] },
        outputs: { y: 'int64' },
        nodes: [node(op, ['x'], ['y'], { axis: 1 })],
      });
    });
  }
});

describe('a softmax at the end', () => {
  const softmax = (
    op: string,
    x: number[],
    attributes: Record<string, AttributeSpec>,
    opset: number,
    after: ModelSpec['nodes'] = [],
  ): ModelSpec => ({
    opset,
    inputs: { x },
    outputs: ['y'],
    nodes: [
      node('Relu', ['x'], ['scores']),
      node(op, ['scores'], [after.length > 0 ? 'p' : 'y'], attributes, 'soft'),
      ...after,
    ],
  });

  for (const op of ['Softmax', 'LogSoftmax']) {
    it(`${op} is left out, said so in a note, and named by the output`, async () => {
      const graph = await agrees(softmax(op, [1, 5], {}, 13));
      assert.deepEqual(
        graph.nodes.map(({ op: kind }) => kind),
        ['prelu'],
      );
      assert.deepEqual(graph.outputs[0].omitted, { op, axes: [1] });
      assert.match(graph.notes.join(), new RegExp(`${op} \\(soft\\)`));
    });
    it(`${op} of opset 13 runs along one axis`, async () => {
      const graph = await agrees(softmax(op, [2, 3, 4], { axis: 1 }, 13));
      assert.deepEqual(graph.outputs[0].omitted, { op, axes: [1] });
    });
    it(`${op} of opset 12 runs from axis 1 by default`, async () => {
      const graph = await agrees(softmax(op, [2, 5], {}, 12));
      assert.deepEqual(graph.outputs[0].omitted, { op, axes: [1] });
      await agrees(softmax(op, [2, 5, 1, 1], {}, 12));
    });
  }

  it('of opset 12 runs over several dimensions at once', async () => {
    const graph = await agrees(softmax('Softmax', [2, 3, 4], { axis: 1 }, 12));
    assert.deepEqual(graph.outputs[0].omitted, { op: 'Softmax', axes: [1, 2] });
    const flat = await agrees({
      ...softmax('LogSoftmax', [2, 3, 4], { axis: 1 }, 12, [node('Flatten', ['p'], ['y'])]),
    });
    assert.deepEqual(flat.outputs[0].omitted, { op: 'LogSoftmax', axes: [1] });
  });

  it('is still left out where only the shape changes after it', async () => {
    const graph = await agrees({
      ...softmax('Softmax', [1, 5, 1], { axis: 1 }, 13, [
        node('Squeeze', ['p', 'axes'], ['q']),
        node('Identity', ['q'], ['r']),
        node('Cast', ['r'], ['s'], { to: 1 }),
        node('Reshape', ['s', 'shape'], ['y']),
      ]),
      constants: { axes: int64s([2]), shape: int64s([5]) },
    });
    assert.deepEqual(graph.outputs[0].omitted, { op: 'Softmax', axes: [0] });
    assert.deepEqual(graph.outputs[0].shape, [5]);
  });

  it('is still left out where its dimension is moved after it, as exporters did before opset 13', async () => {
    const graph = await agrees({
      inputs: { x: [1, 3, 2, 4] },
      outputs: ['y'],
      opset: 11,
      nodes: [
        node('Transpose', ['x'], ['t'], { perm: [0, 3, 2, 1] }),
        node('Softmax', ['t'], ['p'], { axis: 3 }),
        node('Transpose', ['p'], ['y'], { perm: [0, 3, 2, 1] }),
      ],
    });
    assert.deepEqual(graph.outputs[0].omitted, { op: 'Softmax', axes: [1] });
    const turned = await agrees(softmax('LogSoftmax', [2, 3, 4], { axis: 0 }, 13, [node('Transpose', ['p'], ['y'])]));
    assert.deepEqual(turned.outputs[0].omitted, { op: 'LogSoftmax', axes: [2] });
  });

  it('before ArgMax along the same axis is left out without a trace in the output', async () => {
    const graph = await agrees({
      ...softmax('Softmax', [3, 5], { axis: 1 }, 13, [node('ArgMax', ['p'], ['y'], { axis: 1 })]),
      outputs: { y: 'int64' },
    });
    assert.deepEqual(
      graph.nodes.map(({ op }) => op),
      ['prelu', 'argMax'],
    );
    assert.equal(graph.outputs[0].omitted, undefined);
    assert.match(graph.notes.join(), /Softmax soft is left out/);
  });

  it('before ArgMax along another axis is computed', async () => {
    const graph = await agrees({
      ...softmax('Softmax', [3, 5], { axis: 1 }, 13, [node('ArgMax', ['p'], ['y'], { axis: 0 }, 'top')]),
      outputs: { y: 'int64' },
    });
    assert.deepEqual(
      graph.nodes.map(({ op }) => op),
      ['prelu', 'softmax', 'argMax'],
    );
  });

  it('whose axis a reshape breaks up is computed, even where another dimension has its size', async () => {
    const flat = await agrees(
      softmax('Softmax', [2, 3, 2], { axis: 2 }, 13, [node('Flatten', ['p'], ['y'], {}, 'flat')]),
    );
    assert.equal(flat.outputs[0].omitted, undefined);
    const spec = softmax('Softmax', [1, 6], { axis: 1 }, 13, [node('Reshape', ['p', 'shape'], ['y'], {}, 'split')]);
    await agrees({ ...spec, constants: { shape: int64s([2, 3]) } });
  });
});

describe('a softmax that a node computes with', () => {
  for (const [op, opset, attributes] of [
    ['Softmax', 13, { axis: 1 }],
    ['Softmax', 11, { axis: 1 }],
    ['LogSoftmax', 13, {}],
    ['LogSoftmax', 11, { axis: 0 }],
  ] as const) {
    it(`${op} of opset ${opset} is computed once, however many nodes read it`, async () => {
      const graph = await agrees({
        opset,
        inputs: { x: [2, 3, 4] },
        outputs: ['y', 'z', 'p'],
        nodes: [node(op, ['x'], ['p'], attributes), node('Mul', ['p', 'x'], ['y']), node('Abs', ['p'], ['z'])],
      });
      assert.equal(graph.nodes.filter(({ op: kind }) => kind === 'softmax').length, 1);
      assert.equal(graph.outputs[2].omitted?.op, op);
    });
  }

  it('of constants is folded', async () => {
    await agrees({
      inputs: { x: [2, 3] },
      outputs: ['y'],
      constants: { c: floats([2, 3], [1, 2, 3, 0, 0, -5]) },
      nodes: [node('Softmax', ['c'], ['p']), node('Mul', ['x', 'p'], ['y'])],
    });
  });

  const MINUS_INFINITY = floats([2, 3], [0, -Infinity, 0, -1e9, 0, -Infinity]);

  it('gives no weight where minus infinity, or a number as far down, is added or chosen before it', async () => {
    const shared = {
      inputs: { x: [2, 3] },
      outputs: ['y'],
      constants: { mask: MINUS_INFINITY, far: floats([], [-Infinity]), keep: floats([2, 3], [1, 0, 1, 1, 1, 0]) },
    };
    const after = node('Mul', ['p', 'x'], ['y']);
    const added = await agrees({
      ...shared,
      nodes: [node('Add', ['x', 'mask'], ['s']), node('Softmax', ['s'], ['p']), after],
    });
    const chosen = await agrees({
      ...shared,
      nodes: [
        node('Cast', ['keep'], ['k'], { to: 9 }),
        node('Mul', ['x', 'x'], ['s']),
        node('Where', ['k', 's', 'far'], ['m']),
        node('Unsqueeze', ['m', 'first'], ['n']),
        node('Softmax', ['n'], ['q']),
        node('Squeeze', ['q', 'first'], ['p']),
        after,
      ],
      constants: { ...shared.constants, first: int64s([0]) },
    });
    for (const { nodes } of [added, chosen]) {
      for (const made of nodes)
        for (const field of Object.values(made))
          if (field instanceof Float64Array) assert.ok(field.every((value: number) => value > -1e3));
    }
  });

  it('and masks its scores at the end of the network is proved, for masked scores are no numbers', async () => {
    const graph = await agrees({
      inputs: { x: [2, 3] },
      outputs: ['y'],
      constants: { mask: MINUS_INFINITY },
      nodes: [node('Add', ['x', 'mask'], ['s']), node('Softmax', ['s'], ['y'])],
    });
    assert.equal(graph.outputs[0].omitted, undefined);
  });

  it('may be the only reader of minus infinity', () => {
    const spec = {
      inputs: { x: [2, 3] },
      outputs: ['y'],
      constants: { mask: MINUS_INFINITY },
      nodes: [node('Add', ['x', 'mask'], ['y'], {}, 'plus')],
    };
    assert.throws(
      () => buildGraph(decodeModel(makeModel(spec))),
      (error) => error instanceof UnsupportedOpError && /plus \(Add\).*minus infinity/.test(error.message),
    );
    assert.match(surveyModel(decodeModel(makeModel(spec))).unsupported.join(), /minus infinity/);
  });
});

describe('a reduction of nothing', () => {
  for (const [op, start] of [
    ['ReduceSum', 0],
    ['ReduceL1', 0],
    ['ReduceL2', 0],
    ['ReduceSumSquare', 0],
    ['ReduceProd', 1],
  ] as const) {
    it(`by ${op} is ${start}, also as integers of an input without elements`, () => {
      const graph = buildGraph(
        decodeModel(
          makeModel({
            opset: 20,
            inputs: { x: [2, 0, 3] },
            outputs: ['y'],
            constants: { axes: int64s([1]) },
            nodes: [node(op, ['x', 'axes'], ['y'])],
          }),
        ),
      );
      const none = [new Float64Array()];
      const model = quantize(graph, { activationBits: 8, samples: [none], evaluator });
      for (const made of [
        evaluate(graph, none).get(graph.outputs[0].tensor) as Float64Array,
        dequantize(runIntegerModel(model, encodeInputs(model.inputs, none))[0], model.outputs[0].scale),
      ])
        assert.ok(made.length === 6 && made.every((value) => Math.abs(value - start) < 1e-6), made.join());
    });
  }
  it('by ReduceMax has no result', () => {
    const spec: ModelSpec = { inputs: { x: [2, 0, 3] }, outputs: ['y'], nodes: [node('ReduceMax', ['x'], ['y'])] };
    assert.throws(() => buildGraph(decodeModel(makeModel(spec))), /nothing to reduce/);
  });
});
