import assert from 'node:assert/strict';
import { buildGraph, decodeModel, ShapeError, UnsupportedAttributeError, type Shape } from '../../../src/onnx/index.js';
import { agrees } from '../support/compare.js';
import {
  float,
  floatList,
  floats,
  int64s,
  makeModel,
  node,
  type AttributeSpec,
  type ModelSpec,
} from '../support/make-model.js';

type Constants = ModelSpec['constants'];

/** A node with one activation `x`, the rest constants in the order given. */
function single(
  op: string,
  x: number[],
  constants: Constants = {},
  attributes: Record<string, AttributeSpec> = {},
  opset = 17,
): ModelSpec {
  return {
    opset,
    inputs: { x },
    outputs: ['y'],
    constants,
    nodes: [node(op, ['x', ...Object.keys(constants)], ['y'], attributes, 'moved')],
  };
}

function movesAs(what: string, spec: ModelSpec, shape?: Shape): void {
  it(`${what} agrees with onnxruntime`, async () => {
    const graph = await agrees(spec);
    assert.ok(graph.nodes.every(({ op }) => op === 'move'));
    if (shape !== undefined) assert.deepEqual(graph.outputs[0].shape, shape);
  });
}

const fails = (
  what: string,
  spec: ModelSpec,
  kind: typeof ShapeError | typeof UnsupportedAttributeError,
  message: RegExp,
) =>
  it(`${what} is an error naming the node`, () => {
    assert.throws(
      () => buildGraph(decodeModel(makeModel(spec))),
      (error) => error instanceof kind && /Node moved/.test(error.message) && message.test(error.message),
    );
  });

describe('shape changes', () => {
  for (const [axis, shape] of [
    [0, [1, 24]],
    [1, [2, 12]],
    [2, [6, 4]],
    [3, [24, 1]],
    [-1, [6, 4]],
  ] as const) {
    movesAs(`Flatten at axis ${axis}`, single('Flatten', [2, 3, 4], {}, { axis }), shape);
  }
  movesAs('Reshape', single('Reshape', [2, 3, 4], { s: int64s([4, 6]) }), [4, 6]);
  movesAs('Reshape with -1', single('Reshape', [2, 3, 4], { s: int64s([4, -1]) }), [4, 6]);
  movesAs('Reshape with a kept dimension', single('Reshape', [2, 3, 4], { s: int64s([0, -1]) }), [2, 12]);
  movesAs('Reshape of opset 7', single('Reshape', [2, 3, 4], { s: int64s([0, 12]) }, {}, 7), [2, 12]);
  movesAs('Reshape to a scalar', single('Reshape', [1, 1], { s: int64s([]) }), []);
  fails(
    'Reshape to another size',
    single('Reshape', [2, 3], { s: int64s([4, 2]) }),
    ShapeError,
    /cannot become \[4, 2\]/,
  );
  fails('Reshape to a fraction', single('Reshape', [2, 3], { s: int64s([4, -1]) }), ShapeError, /impossible shape/);
  fails(
    'Reshape to zero with allowzero',
    single('Reshape', [2, 3], { s: int64s([0, 3]) }, { allowzero: 1 }),
    ShapeError,
    /cannot become \[0, 3\]/,
  );

  movesAs('Squeeze of all', single('Squeeze', [1, 3, 1]), [3]);
  movesAs('Squeeze with axes as an input', single('Squeeze', [1, 3, 1], { a: int64s([-1]) }), [1, 3]);
  movesAs('Squeeze with axes as an attribute', single('Squeeze', [1, 3, 1], {}, { axes: [0] }, 11), [3, 1]);
  fails(
    'Squeeze of a dimension that is not 1',
    single('Squeeze', [1, 3], { a: int64s([1]) }),
    ShapeError,
    /not all of size 1/,
  );
  movesAs('Unsqueeze with axes as an input', single('Unsqueeze', [3, 2], { a: int64s([0, -1]) }), [1, 3, 2, 1]);
  movesAs('Unsqueeze with axes as an attribute', single('Unsqueeze', [3, 2], {}, { axes: [1, 3] }, 11), [3, 1, 2, 1]);
});

describe('permutations', () => {
  movesAs('Transpose without perm', single('Transpose', [2, 3, 4]), [4, 3, 2]);
  movesAs('Transpose with perm', single('Transpose', [2, 3, 4, 2], {}, { perm: [2, 0, 3, 1] }), [4, 2, 2, 3]);
  fails('Transpose with no permutation', single('Transpose', [2, 3], {}, { perm: [0, 0] }), ShapeError, /twice/);
  for (const mode of ['DCR', 'CRD'])
    movesAs(`DepthToSpace ${mode}`, single('DepthToSpace', [1, 8, 2, 3], {}, { blocksize: 2, mode }, 13), [1, 2, 4, 6]);
  movesAs('SpaceToDepth', single('SpaceToDepth', [1, 2, 4, 6], {}, { blocksize: 2 }), [1, 8, 2, 3]);
});

describe('Concat', () => {
  for (const axis of [0, 1, 2, -1]) {
    it(`of activations and constants along axis ${axis} agrees with onnxruntime`, async () => {
      const bigger = [2, 3, 2];
      bigger[axis < 0 ? axis + 3 : axis] += 1;
      const size = bigger.reduce((a, b) => a * b, 1);
      await agrees({
        inputs: { a: [2, 3, 2], b: bigger },
        outputs: ['y'],
        constants: {
          c: floats(
            bigger,
            Array.from({ length: size }, (_, i) => i),
          ),
        },
        nodes: [node('Concat', ['a', 'c', 'b', 'a'], ['y'], { axis })],
      });
    });
  }
  it('of shapes that do not fit is a shape error', () => {
    const bytes = makeModel({
      inputs: { a: [2, 3], b: [3, 2] },
      outputs: ['y'],
      nodes: [node('Concat', ['a', 'b'], ['y'], { axis: 0 })],
    });
    assert.throws(() => buildGraph(decodeModel(bytes)), ShapeError);
  });
});

describe('Slice', () => {
  const to = (starts: number[], ends: number[], axes?: number[], steps?: number[]): Constants => ({
    s: int64s(starts),
    e: int64s(ends),
    ...(axes ? { a: int64s(axes) } : {}),
    ...(steps ? { t: int64s(steps) } : {}),
  });
  const LAST = 2 ** 62;
  movesAs(
    'with attributes, before opset 10',
    single('Slice', [4, 5], {}, { starts: [1, -3], ends: [3, LAST], axes: [0, 1] }, 9),
    [2, 3],
  );
  movesAs('without axes', single('Slice', [4, 5], to([1, 2], [3, 4])), [2, 2]);
  movesAs('to the end', single('Slice', [4, 5], to([1], [LAST], [1])), [4, 4]);
  movesAs('with steps', single('Slice', [4, 5], to([0, 1], [4, 5], [0, 1], [2, 3])), [2, 2]);
  movesAs('backwards', single('Slice', [4, 5], to([-1, 3], [-LAST, 0], [0, 1], [-1, -2])), [4, 2]);
  movesAs('with bounds outside', single('Slice', [4, 5], to([-9], [9], [-1])), [4, 5]);
  movesAs('of opset 10', single('Slice', [4, 5], to([1], [2], [0], [1]), {}, 10), [1, 5]);
  fails('with a step of 0', single('Slice', [4, 5], to([0], [2], [0], [0])), ShapeError, /step is 0/);
});

describe('Split', () => {
  const split = (attributes: Record<string, AttributeSpec>, constants: Constants, opset: number): ModelSpec => ({
    opset,
    inputs: { x: [2, 6] },
    outputs: ['a', 'b', 'c'],
    constants,
    nodes: [node('Split', ['x', ...Object.keys(constants ?? {})], ['a', 'b', 'c'], attributes)],
  });
  movesAs('into equal parts', split({ axis: 1 }, {}, 11));
  movesAs('with sizes as an attribute', split({ axis: 1, split: [1, 2, 3] }, {}, 11));
  movesAs('with sizes as an input', split({ axis: -1 }, { s: int64s([3, 1, 2]) }, 13));
  movesAs('with num_outputs', split({ axis: 1, num_outputs: 3 }, {}, 18));
});

describe('Pad', () => {
  const around = int64s([1, 2, 2, 0]);
  movesAs(
    'with attributes, before opset 11',
    single('Pad', [3, 4], {}, { pads: [1, 0, 2, 3], value: float(1.5) }, 10),
    [6, 7],
  );
  movesAs('with inputs', single('Pad', [3, 4], { p: around, v: floats([], [2.5]) }), [6, 6]);
  movesAs('that crops', single('Pad', [3, 4], { p: int64s([-1, 1, 0, -2]) }), [2, 3]);
  for (const mode of ['reflect', 'edge'])
    movesAs(`of mode ${mode}`, single('Pad', [3, 4], { p: around }, { mode }), [6, 6]);
  movesAs('of mode wrap', single('Pad', [3, 4], { p: around }, { mode: 'wrap' }, 19), [6, 6]);
  movesAs(
    'with axes',
    single('Pad', [3, 4, 2], { p: int64s([1, 2]), v: floats([], [0]), a: int64s([1]) }, {}, 18),
    [3, 7, 2],
  );
  fails(
    'of an unknown mode',
    single('Pad', [3, 4], { p: around }, { mode: 'mirror' }),
    UnsupportedAttributeError,
    /mode = "mirror".*constant, edge/,
  );
});

describe('selection and repetition', () => {
  movesAs('Gather of a vector of indices', single('Gather', [4, 3], { i: int64s([2, 0, -1, 2]) }, { axis: 0 }), [4, 3]);
  movesAs(
    'Gather of a matrix of indices',
    single('Gather', [4, 3], { i: int64s([0, 1, 2, -3], [2, 2]) }, { axis: 1 }),
    [4, 2, 2],
  );
  movesAs('Gather of one index', single('Gather', [4, 3], { i: int64s([1], []) }, { axis: -1 }), [4]);
  fails('Gather outside', single('Gather', [4, 3], { i: int64s([4]) }), ShapeError, /index 4 is outside/);
  movesAs(
    'GatherElements',
    single('GatherElements', [3, 4], { i: int64s([2, 0, -1, 1, 1, 0], [2, 3]) }, { axis: 0 }),
    [2, 3],
  );
  movesAs('Expand', single('Expand', [3, 1], { s: int64s([2, 1, 4]) }), [2, 3, 4]);
  movesAs('Tile', single('Tile', [2, 3], { r: int64s([2, 3]) }), [4, 9]);
  movesAs('Trilu', single('Trilu', [2, 3, 4], { k: int64s([1], []) }), [2, 3, 4]);
  movesAs('Trilu of the lower triangle', single('Trilu', [3, 4], { k: int64s([-1], []) }, { upper: 0 }), [3, 4]);
  movesAs('Where with a constant condition', {
    inputs: { x: [2, 3], z: [3] },
    outputs: ['y'],
    constants: { c: { dims: [2, 1], dataType: 9, int32Data: [1, 0] } },
    nodes: [node('Where', ['c', 'x', 'z'], ['y'])],
  });
  movesAs('Where against a constant', {
    inputs: { x: [2, 3] },
    outputs: ['y'],
    constants: { c: { dims: [3], dataType: 9, int32Data: [1, 0, 1] }, z: floats([], [-7]) },
    nodes: [node('Where', ['c', 'x', 'z'], ['y'])],
  });
});

describe('Resize', () => {
  const scaled = (attributes: Record<string, AttributeSpec>, scales = [1, 1, 2, 3], opset = 13): ModelSpec => ({
    opset,
    inputs: { x: [1, 2, 3, 4] },
    outputs: ['y'],
    constants: { s: floats([4], scales) },
    nodes: [node('Resize', ['x', '', 's'], ['y'], { mode: 'nearest', ...attributes }, 'moved')],
  });
  movesAs(
    'by integer factors, as PyTorch exports it',
    scaled({ coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }),
  );
  for (const mode of ['half_pixel', 'asymmetric', 'align_corners', 'pytorch_half_pixel']) {
    for (const nearest of ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil']) {
      movesAs(
        `${mode}, ${nearest}`,
        scaled({ coordinate_transformation_mode: mode, nearest_mode: nearest }, [1, 1, 2, 2.5]),
      );
    }
  }
  movesAs('to sizes', {
    opset: 13,
    inputs: { x: [1, 1, 3, 4] },
    outputs: ['y'],
    constants: { s: int64s([1, 1, 5, 8]) },
    nodes: [node('Resize', ['x', '', '', 's'], ['y'], { mode: 'nearest', nearest_mode: 'floor' })],
  });
  movesAs('of opset 10', single('Resize', [1, 1, 2, 3], { s: floats([4], [1, 1, 2, 2]) }, { mode: 'nearest' }, 10));
  movesAs(
    'as Upsample of opset 7',
    single('Upsample', [1, 1, 2, 3], {}, { mode: 'nearest', scales: floatList([1, 1, 2, 2]) }, 7),
  );
  movesAs(
    'as Upsample of opset 9',
    single('Upsample', [1, 1, 2, 3], { s: floats([4], [1, 1, 2, 2]) }, { mode: 'nearest' }, 9),
  );
});
