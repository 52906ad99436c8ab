import assert from 'node:assert/strict';
import {
  buildGraph,
  decodeModel,
  ModelTooLargeError,
  ShapeError,
  UnsupportedOpError,
} from '../../../src/onnx/index.js';
import type { AttributeMessage, GraphMessage, TensorMessage } from '../../../src/onnx/schema.js';
import { agrees } from '../support/compare.js';
import { floats, int64s, makeModel, node, typeCode, type ModelSpec } from '../support/make-model.js';

const info = (name: string, type: 'float' | 'int64' | 'bool', dims?: readonly number[]) => ({
  name,
  type: {
    tensorType: {
      elemType: typeCode(type),
      ...(dims ? { shape: { dim: dims.map((dimValue) => ({ dimValue })) } } : {}),
    },
  },
});
type Info = ReturnType<typeof info>;
const call = (opType: string, input: string[], output: string[], attribute: AttributeMessage[] = []) => ({
  opType,
  input,
  output,
  attribute,
});

function body(
  input: readonly Info[],
  output: readonly Info[],
  nodes: NonNullable<GraphMessage['node']>,
  initializer: TensorMessage[] = [],
): AttributeMessage {
  return { type: 5, g: { name: 'body', input: [...input], output: [...output], node: nodes, initializer } };
}
const bool = (value: number): TensorMessage => ({ dims: [], dataType: typeCode('bool'), int32Data: [value] });

/** Each round: y = relu(y + scale * (round + 1)) of the graph around it; collected: y and the round's number. */
const rounds = (nodes: NonNullable<GraphMessage['node']> = [], condition = 'going'): AttributeMessage =>
  body(
    [info('round', 'int64', []), info('going', 'bool', []), info('y', 'float', [2, 3])],
    [info(condition, 'bool'), info('next', 'float'), info('kept', 'float'), info('number', 'int64')],
    [
      call('Cast', ['round'], ['real'], [{ name: 'to', type: 2, i: 1 }]),
      call('Add', ['real', 'one'], ['factor']),
      call('Mul', ['factor', 'scale'], ['step']),
      call('Add', ['y', 'step'], ['sum']),
      call('Relu', ['sum'], ['next']),
      call('Identity', ['next'], ['kept']),
      call('Identity', ['round'], ['number']),
      ...nodes,
    ],
    [{ ...floats([], [1]), name: 'one' }],
  );

const loop = (count: number | undefined, attribute: AttributeMessage, more: Partial<ModelSpec> = {}): ModelSpec => ({
  opset: 13,
  inputs: { x: [2, 3] },
  outputs: ['last', 'all'],
  constants: {
    scale: floats([3], [0.5, -0.25, 0.125]),
    ...(count === undefined ? {} : { count: int64s([count], []) }),
    yes: bool(1),
  },
  nodes: [
    node('Loop', [count === undefined ? '' : 'count', 'yes', 'x'], ['last', 'all', 'numbers'], { body: attribute }),
  ],
  ...more,
});

describe('Loop', () => {
  it('with a constant number of rounds is unrolled, and collects what each makes', async () => {
    const graph = await agrees(loop(4, rounds()));
    assert.deepEqual(
      graph.outputs.map(({ shape }) => shape),
      [
        [2, 3],
        [4, 2, 3],
      ],
    );
  });
  it('ends where its condition folds to false', async () => {
    const stops = rounds(
      [call('Cast', ['round'], ['same'], [{ name: 'to', type: 2, i: 1 }]), call('Less', ['same', 'one'], ['goes'])],
      'goes',
    );
    const graph = await agrees(loop(undefined, stops));
    assert.deepEqual(
      graph.outputs.map(({ shape }) => shape),
      [
        [2, 3],
        [2, 2, 3],
      ],
    );
  });
  it('of no rounds gives what it was given, and nothing collected', () => {
    const shaped = rounds();
    shaped.g!.output![2] = info('kept', 'float', [2, 3]);
    shaped.g!.output![3] = info('number', 'int64', []);
    const graph = buildGraph(decodeModel(makeModel(loop(0, shaped, { outputs: ['last'] }))));
    assert.equal(graph.nodes.length, 0);
  });
  it('under a computed condition keeps what it carries from the round in which that is false', async () => {
    const small = [
      call('ReduceSum', ['next'], ['total'], [{ name: 'keepdims', type: 2, i: 0 }]),
      call('Less', ['total', 'limit'], ['goes']),
    ];
    for (const limit of [-1, 4, 1e4]) {
      const spec = loop(5, rounds(small, 'goes'), { outputs: ['last'] });
      await agrees({ ...spec, constants: { ...spec.constants, limit: floats([], [limit]) } });
    }
    const collecting = loop(5, rounds(small, 'goes'));
    assert.throws(
      () =>
        buildGraph(
          decodeModel(makeModel({ ...collecting, constants: { ...collecting.constants, limit: floats([], [1]) } })),
        ),
      UnsupportedOpError,
    );
  });
  it('without an end is refused', () => {
    const idle = body(
      [info('round', 'int64', []), info('going', 'bool', []), info('y', 'float', [2, 3])],
      [info('going', 'bool'), info('y', 'float')],
      [],
    );
    for (const count of [undefined, 2 ** 40]) {
      const endless = {
        ...loop(count, idle, { outputs: ['last'] }),
        nodes: [node('Loop', [count === undefined ? '' : 'count', 'yes', 'x'], ['last'], { body: idle })],
      };
      assert.throws(() => buildGraph(decodeModel(makeModel(endless))), ModelTooLargeError);
    }
  });
});

/** sum = relu(sum - next); collected: sum * 2. */
const scanned = (): AttributeMessage =>
  body(
    [info('sum', 'float', [2]), info('next', 'float', [2])],
    [info('left', 'float', [2]), info('twice', 'float', [2])],
    [
      call('Sub', ['sum', 'next'], ['difference']),
      call('Relu', ['difference'], ['left']),
      call('Add', ['left', 'left'], ['twice']),
    ],
  );

describe('Scan', () => {
  const spec = (
    opset: number,
    dims: readonly number[],
    attributes: Readonly<Record<string, number | readonly number[]>>,
  ): ModelSpec => ({
    opset,
    inputs: { x: dims },
    outputs: ['last', 'all'],
    constants: { start: opset < 9 ? floats([dims[0], 2], [1, 2, 3, 4].slice(0, 2 * dims[0])) : floats([2], [1, 2]) },
    nodes: [
      node('Scan', [...(opset < 9 ? [''] : []), 'start', 'x'], ['last', 'all'], {
        num_scan_inputs: 1,
        body: scanned(),
        ...attributes,
      }),
    ],
  });
  it('takes each slice of its inputs, along each axis and in both directions', async () => {
    await agrees(spec(13, [4, 2], {}));
    await agrees(spec(13, [4, 2], { scan_input_directions: [1], scan_output_directions: [1] }));
    await agrees(spec(13, [2, 4], { scan_input_axes: [1], scan_output_axes: [-1] }));
  });
  it('of opset 8 runs once for each element of the batch', async () => {
    await agrees(spec(8, [2, 3, 2], {}));
    await agrees(spec(8, [2, 3, 2], { directions: [1] }));
  });
  it('refuses inputs of different lengths', () => {
    const two = spec(13, [4, 2], { num_scan_inputs: 2 });
    const bytes = makeModel({
      ...two,
      nodes: [node('Scan', ['x', 'start'], ['last', 'all'], { num_scan_inputs: 2, body: scanned() })],
    });
    assert.throws(() => buildGraph(decodeModel(bytes)), ShapeError);
  });
});
