/**
 * Operators by the dozen, each in the forms that its attributes give it, against onnxruntime; where it has none,
 * against stated values.
 */
import assert from 'node:assert/strict';
import { buildGraph, decodeModel, evaluate, UnsupportedOpError } from '../../../src/onnx/index.js';
import type { ElementType } from '../../../src/onnx/model.js';
import { agrees } from '../support/compare.js';
import {
  float,
  floats,
  int64s,
  makeModel,
  node,
  typeCode,
  type ModelSpec,
  type NodeSpec,
} from '../support/make-model.js';

type Attributes = NodeSpec['attributes'];
type Constants = NonNullable<ModelSpec['constants']>;

const weights = (...dims: number[]) =>
  floats(
    dims,
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 7) % 11) / 11 - 0.37),
  );
const bools = (...data: number[]) => ({ dims: [data.length], dataType: typeCode('bool'), int32Data: data });

/** One node in several forms, as many outputs of one model: x and the constants are its inputs. */
function forms(
  op: string,
  dims: readonly number[],
  constants: Constants,
  list: readonly (readonly [Attributes, (readonly string[])?, number?])[],
  opset = 18,
  type?: ElementType,
): ModelSpec {
  const nodes = list.map(([attributes = {}, inputs = Object.keys(constants), outputs = 1], k) =>
    node(
      op,
      ['x', ...inputs],
      Array.from({ length: outputs }, (_, i) => `y${k}_${i}`),
      attributes,
    ),
  );
  const made = nodes.flatMap(({ outputs }) => outputs);
  return {
    opset,
    constants,
    nodes,
    inputs: { x: type === undefined ? dims : { dims, type } },
    outputs: type === undefined ? made : Object.fromEntries(made.map((name) => [name, type])),
  };
}

const empty = floats([0], []);
const resize = (
  attributes: Attributes,
  target: 'scales' | 'sizes' = 'scales',
): readonly [Attributes, readonly string[]] => [
  attributes,
  target === 'scales' ? ['roi', 'scales'] : ['roi', '', 'sizes'],
];

const ROWS: readonly (readonly [string, ModelSpec])[] = [
  [
    'Resize, nearest',
    forms(
      'Resize',
      [1, 2, 5, 4],
      { roi: empty, scales: floats([4], [1, 1, 1.7, 0.6]), sizes: int64s([1, 2, 7, 3]) },
      ['half_pixel', 'asymmetric', 'pytorch_half_pixel', 'half_pixel_symmetric'].flatMap((mode) =>
        ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'].map((rounding) =>
          resize({ mode: 'nearest', coordinate_transformation_mode: mode, nearest_mode: rounding }, 'sizes'),
        ),
      ),
      19,
    ),
  ],
  [
    'Resize, linear and cubic',
    forms(
      'Resize',
      [1, 2, 5, 4],
      { roi: empty, scales: floats([4], [1, 1, 1.6, 0.5]), sizes: int64s([1, 2, 7, 9]), plane: int64s([7, 9]) },
      [
        ...['half_pixel', 'asymmetric', 'pytorch_half_pixel', 'align_corners'].flatMap((mode) =>
          ['linear', 'cubic'].map((of) => resize({ mode: of, coordinate_transformation_mode: mode })),
        ),
        ...['linear', 'cubic'].map((mode) =>
          resize({ mode, coordinate_transformation_mode: 'half_pixel_symmetric' }, 'sizes'),
        ),
        resize({ mode: 'cubic', cubic_coeff_a: float(-0.5), exclude_outside: 1 }),
        ...['not_larger', 'not_smaller'].map(
          (policy) => [{ mode: 'linear', keep_aspect_ratio_policy: policy, axes: [2, 3] }, ['', '', 'plane']] as const,
        ),
        resize({ mode: 'linear', antialias: 1 }),
        resize({ mode: 'cubic', antialias: 1 }),
      ],
      19,
    ),
  ],
  [
    'Resize of a region',
    forms(
      'Resize',
      [1, 1, 5, 4],
      { roi: floats([8], [0, 0, 0.2, 0.3, 1, 1, 0.8, 1.4]), scales: empty, sizes: int64s([1, 1, 3, 5]) },
      [
        resize(
          { mode: 'linear', coordinate_transformation_mode: 'tf_crop_and_resize', extrapolation_value: float(9) },
          'sizes',
        ),
      ],
      13,
    ),
  ],
  [
    'Upsample, linear',
    forms('Upsample', [1, 1, 3, 4], { scales: floats([4], [1, 1, 2, 3]) }, [[{ mode: 'linear' }]], 9),
  ],
  [
    'GridSample',
    forms(
      'GridSample',
      [2, 2, 4, 5],
      {
        grid: floats(
          [2, 3, 3, 2],
          Array.from({ length: 36 }, (_, i) => ((i * 13) % 29) / 10 - 1.45),
        ),
      },
      ['nearest', 'bilinear', 'bicubic'].flatMap((mode) =>
        ['zeros', 'border', 'reflection'].flatMap((padding) =>
          [0, 1].map((align) => [{ mode, padding_mode: padding, align_corners: align }] as const),
        ),
      ),
      16,
    ),
  ],
  [
    'AffineGrid',
    forms(
      'AffineGrid',
      [2, 2, 3],
      { size: int64s([2, 1, 3, 4]) },
      [[{ align_corners: 0 }], [{ align_corners: 1 }]],
      20,
    ),
  ],
  [
    'RoiAlign',
    forms(
      'RoiAlign',
      [2, 2, 8, 7],
      { rois: floats([3, 4], [0, 0, 5, 6, 1.5, 2, 4, 7.5, 3, 1, 6.5, 4]), images: int64s([0, 1, 1]) },
      [
        [{ output_height: 2, output_width: 3, sampling_ratio: 2, spatial_scale: float(0.8) }],
        [{ output_height: 2, output_width: 2, coordinate_transformation_mode: 'output_half_pixel' }],
        [{ output_height: 2, output_width: 2, sampling_ratio: 2, mode: 'max' }],
      ],
      16,
    ),
  ],
  [
    'DeformConv',
    forms(
      'DeformConv',
      [2, 4, 5, 5],
      { w: weights(2, 2, 2, 2), offset: weights(2, 16, 4, 4), b: weights(2), mask: weights(2, 8, 4, 4) },
      [[{ group: 2, offset_group: 2 }], [{ group: 2, offset_group: 2 }, ['w', 'offset']]],
      19,
    ),
  ],
  ['Col2Im', forms('Col2Im', [2, 8, 4], { image: int64s([3, 4]), block: int64s([2, 2]) }, [[{ strides: [1, 2] }]], 18)],
  [
    'LpPool',
    forms(
      'LpPool',
      [1, 2, 6, 5],
      {},
      [
        [{ kernel_shape: [3, 2], p: 1 }],
        [{ kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1] }],
        [{ kernel_shape: [2, 2], p: 3, auto_pad: 'SAME_UPPER' }],
      ],
      18,
    ),
  ],
  ['GlobalLpPool', forms('GlobalLpPool', [1, 2, 6, 5], {}, [[{}], [{ p: 1 }]], 13)],
  [
    'MaxPool with positions',
    {
      ...forms(
        'MaxPool',
        [2, 2, 6, 5],
        {},
        [
          [{ kernel_shape: [3, 2], pads: [1, 0, 1, 1] }, [], 2],
          [{ kernel_shape: [2, 2], strides: [2, 2], storage_order: 1 }, [], 2],
        ],
        12,
      ),
      outputs: { y0_0: 'float', y0_1: 'int64', y1_0: 'float', y1_1: 'int64' },
    },
  ],
  [
    'MaxUnpool',
    forms(
      'MaxUnpool',
      [1, 1, 2, 2],
      { i: int64s([0, 7, 13, 10], [1, 1, 2, 2]) },
      [[{ kernel_shape: [2, 2], strides: [2, 2] }]],
      11,
    ),
  ],
  [
    'LRN',
    forms(
      'LRN',
      [2, 5, 2, 3],
      {},
      [[{ size: 3 }], [{ size: 5, alpha: float(0.5), beta: float(1.25), bias: float(2) }]],
      13,
    ),
  ],
  ['LpNormalization', forms('LpNormalization', [2, 3, 4], {}, [[{}], [{ p: 1, axis: 1 }], [{ p: 2, axis: 0 }]], 18)],
  ['MeanVarianceNormalization', forms('MeanVarianceNormalization', [2, 3, 2, 4], {}, [[{}], [{ axes: [1, 3] }]], 13)],
  [
    'GroupNormalization',
    forms(
      'GroupNormalization',
      [2, 6, 3],
      { s: weights(6), b: weights(6) },
      [[{ num_groups: 2 }], [{ num_groups: 3, epsilon: float(0.1) }]],
      21,
    ),
  ],
  [
    'RMSNormalization',
    forms('RMSNormalization', [2, 3, 4], { s: weights(4) }, [[{}], [{ axis: 2, epsilon: float(0.1) }]], 23),
  ],
  [
    'LayerNormalization with mean and deviation',
    forms('LayerNormalization', [2, 3, 4], { s: weights(4), b: weights(4) }, [[{ axis: -1 }, ['s', 'b'], 3]], 17),
  ],
  [
    'BatchNormalization in training form',
    forms(
      'BatchNormalization',
      [3, 2, 4],
      { s: weights(2), b: weights(2), m: weights(2), v: floats([2], [0.5, 2]) },
      [[{ training_mode: 1, momentum: float(0.7) }, undefined, 3]],
      15,
    ),
  ],
  [
    'DFT',
    forms(
      'DFT',
      [2, 5, 1],
      { n: int64s([8], []) },
      [
        [{ axis: 1 }, []],
        [{ axis: 1, onesided: 1 }, []],
        [{ axis: 1 }, ['n']],
      ],
      17,
    ),
  ],
  ['DFT of complex numbers', forms('DFT', [2, 6, 2], {}, [[{ axis: 1 }], [{ axis: 1, inverse: 1 }]], 17)],
  [
    'STFT',
    forms(
      'STFT',
      [2, 20, 1],
      { step: int64s([3], []), w: floats([8], [0.1, 0.4, 0.8, 1, 1, 0.8, 0.4, 0.1]), n: int64s([8], []) },
      [
        [{}, ['step', 'w', 'n']],
        [{ onesided: 0 }, ['step', '', 'n']],
      ],
      17,
    ),
  ],
  [
    'ScatterElements',
    forms(
      'ScatterElements',
      [3, 4],
      { i: int64s([0, 2, 1, 0, -1, 1], [2, 3]), u: weights(2, 3) },
      [[{}], [{ axis: 1 }], ...['add', 'mul', 'max', 'min'].map((reduction) => [{ reduction }] as const)],
      18,
    ),
  ],
  [
    'ScatterND',
    forms(
      'ScatterND',
      [3, 4],
      { i: int64s([2, 0, 2], [3, 1]), u: weights(3, 4) },
      ['add', 'mul', 'max', 'min'].map((reduction) => [{ reduction }] as const),
      18,
    ),
  ],
  [
    'GatherND',
    forms(
      'GatherND',
      [2, 3, 4],
      { i: int64s([0, 2, 1, -1], [2, 2]), j: int64s([1, 2], [2, 1]) },
      [
        [{}, ['i']],
        [{ batch_dims: 1 }, ['j']],
      ],
      13,
    ),
  ],
  ['Compress', forms('Compress', [3, 4], { c: bools(1, 0, 1) }, [[{ axis: 0 }], [{}]], 11)],
  ['CenterCropPad', forms('CenterCropPad', [4, 7], { n: int64s([7, 4]) }, [[{}]], 18)],
  ['Det', forms('Det', [2, 4, 4], {}, [[{}]], 11)],
  [
    'NegativeLogLikelihoodLoss',
    forms(
      'NegativeLogLikelihoodLoss',
      [2, 3, 4],
      { t: int64s([0, 2, 1, 1, 2, 0, 0, 1], [2, 4]), w: floats([3], [0.5, 1, 2]) },
      ['none', 'mean', 'sum'].flatMap(
        (reduction) => [[{ reduction, ignore_index: 1 }], [{ reduction }, ['t']]] as const,
      ),
      13,
    ),
  ],
  [
    'SoftmaxCrossEntropyLoss',
    forms(
      'SoftmaxCrossEntropyLoss',
      [3, 4],
      { t: int64s([0, 2, 1]), w: floats([4], [0.5, 1, 2, 3]) },
      [
        [{ reduction: 'mean' }, undefined, 2],
        [{ reduction: 'none', ignore_index: 2 }, ['t']],
        [{ reduction: 'sum' }, ['t']],
      ],
      13,
    ),
  ],
  ['Pow by exponents that differ', forms('Pow', [2, 3], { e: floats([3], [2, 0, 3]) }, [[{}]], 15)],
  ['Mod of reals', forms('Mod', [2, 3], { d: floats([3], [0.3, -0.7, 2]) }, [[{ fmod: 1 }]], 13)],
  [
    'ConvTranspose to a larger shape',
    forms(
      'ConvTranspose',
      [1, 1, 3, 3],
      { w: weights(1, 2, 3, 3) },
      [[{ strides: [3, 2], output_shape: [10, 8] }]],
      11,
    ),
  ],
];

describe('operators in all their forms', () => {
  for (const [name, spec] of ROWS) {
    it(`${name} agrees with onnxruntime`, async () => {
      await agrees(spec);
    });
  }
  it('TopK of any axis and either order agrees with onnxruntime, equal elements by their positions', async () => {
    const spec = forms(
      'TopK',
      [2, 4, 3],
      { k: int64s([3]) },
      [
        [{}, ['k'], 2],
        [{ axis: 1, largest: 0 }, ['k'], 2],
        [{ axis: -2 }, ['k'], 2],
      ],
      11,
    );
    await agrees(
      {
        ...spec,
        outputs: Object.fromEntries(
          [0, 1, 2].flatMap((k) => [
            [`y${k}_0`, 'float'],
            [`y${k}_1`, 'int64'],
          ]),
        ),
      },
      { whole: true },
    );
  });
  it('OneHot of computed indices agrees with onnxruntime', async () => {
    await agrees(
      {
        ...forms(
          'OneHot',
          [2, 3],
          { depth: int64s([3], []), v: floats([2], [-1, 5]) },
          [[{}], [{ axis: 0 }]],
          11,
          'int64',
        ),
        outputs: ['y0_0', 'y1_0'],
      },
      { whole: true },
    );
  });
});

/** The values of a model's first output on one input. */
function valuesOf(spec: ModelSpec, x: readonly number[]): number[] {
  const graph = buildGraph(decodeModel(makeModel(spec)));
  return Array.from(
    evaluate(graph, [Float64Array.from(x)]).get(graph.outputs[0].tensor) as Float64Array,
    (value) => Math.round(value * 1e6) / 1e6 + 0,
  );
}

describe('operators that onnxruntime has not', () => {
  const cases: readonly (readonly [string, ModelSpec, readonly number[], readonly number[]])[] = [
    [
      'TensorScatter around the end',
      forms('TensorScatter', [1, 3, 1], { u: floats([1, 2, 1], [8, 9]), i: int64s([2]) }, [[{ mode: 'circular' }]], 24),
      [1, 2, 3],
      [9, 2, 8],
    ],
    ['SwiGLU', forms('SwiGLU', [2], { b: floats([2], [2, 3]) }, [[{}]], 28), [0, 1], [0, 2.193176]],
    [
      'CausalConvWithState',
      forms(
        'CausalConvWithState',
        [1, 1, 3],
        { w: floats([1, 1, 2], [10, 1]), b: floats([1], [0.5]), s: floats([1, 1, 1], [7]) },
        [[{}]],
        27,
      ),
      [1, 2, 3],
      [71.5, 12.5, 23.5],
    ],
    [
      'CumProd, exclusive and reversed',
      forms('CumProd', [3], { axis: int64s([0], []) }, [[{ exclusive: 1, reverse: 1 }]], 26),
      [2, 3, 5],
      [15, 5, 1],
    ],
    [
      'MaxUnpool into a larger shape',
      forms(
        'MaxUnpool',
        [1, 1, 2, 2],
        { i: int64s([5, 7, 13, 15], [1, 1, 2, 2]), n: int64s([1, 1, 4, 5]) },
        [[{ kernel_shape: [2, 2], strides: [2, 2] }]],
        11,
      ),
      [1, 2, 3, 4],
      [0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 4, 0],
    ],
    [
      'SpaceToDepth with the block after the channels',
      forms('SpaceToDepth', [1, 1, 2, 4], {}, [[{ blocksize: 2, mode: 'CRD' }]], 28),
      [1, 2, 3, 4, 5, 6, 7, 8],
      [1, 3, 2, 4, 5, 7, 6, 8],
    ],
    [
      'DFT of half a spectrum back to reals',
      forms('DFT', [1, 3, 2], { axis: int64s([1], []) }, [[{ inverse: 1, onesided: 1 }, ['', 'axis']]], 20),
      [10, 0, -2, 2, -2, 0],
      [1, 2, 3, 4],
    ],
    [
      "Mod of reals by the divisor's sign",
      forms('Mod', [4], { d: floats([4], [2, -2, 2, -2]) }, [[{}]], 26),
      [3, 3, -3, -3],
      [1, -1, 1, -1],
    ],
    ['LpNormalization of zeros', forms('LpNormalization', [2, 2], {}, [[{}]], 22), [0, 0, 3, 4], [0, 0, 0.6, 0.8]],
    [
      'Cast of reals to integers',
      { ...forms('Cast', [4], {}, [[{ to: 7 }]]), outputs: { y0_0: 'int64' } },
      [1.7, -1.7, 0.2, -0.2],
      [1, -1, 0, 0],
    ],
    [
      'OneHot of computed values',
      {
        opset: 13,
        inputs: { x: [2] },
        outputs: ['y'],
        constants: { i: int64s([1, -1]), d: int64s([2], []) },
        nodes: [node('OneHot', ['i', 'd', 'x'], ['y'])],
      },
      [3, 4],
      [3, 4, 3, 4],
    ],
    [
      'an output that is a constant',
      { opset: 17, inputs: { x: [2, 3] }, outputs: { y: 'int64' }, nodes: [node('Shape', ['x'], ['y'])] },
      [1, 2, 3, 4, 5, 6],
      [2, 3],
    ],
    [
      'the mask of Dropout',
      { opset: 13, inputs: { x: [2] }, outputs: { y: 'bool' }, nodes: [node('Dropout', ['x'], ['z', 'y'])] },
      [1, 2],
      [1, 1],
    ],
    [
      'windows, NonZero and Unique of constants',
      {
        opset: 17,
        inputs: { x: [1] },
        outputs: ['y'],
        constants: { n: int64s([4], []), c: int64s([3, 0, 3, 1]) },
        nodes: [
          node('HannWindow', ['n'], ['h']),
          node('HammingWindow', ['n'], ['m'], { periodic: 0 }),
          node('BlackmanWindow', ['n'], ['b']),
          node('Unique', ['c'], ['u']),
          node('NonZero', ['c'], ['nz']),
          node('Cast', ['u'], ['uf'], { to: 1 }),
          node('Cast', ['nz'], ['nf'], { to: 1 }),
          node('Reshape', ['nf', 'flat'], ['nr']),
          node('Concat', ['x', 'h', 'm', 'b', 'uf', 'nr'], ['y'], { axis: 0 }),
        ],
      },
      [7],
      [7, 0, 0.5, 1, 0.5, 0.086957, 0.771739, 0.771739, 0.086957, 0, 0.34, 1, 0.34, 0, 1, 3, 0, 2, 3],
    ],
  ];
  for (const [name, spec, x, expected] of cases) {
    it(`${name} has the values that ONNX's page states`, () => {
      const constants = {
        ...spec.constants,
        ...(spec.nodes.some(({ op }) => op === 'NonZero') ? { flat: int64s([-1]) } : {}),
      };
      assert.deepEqual(valuesOf({ ...spec, constants }, x), expected);
    });
  }

  it('whose places or targets the network computes are refused by name', () => {
    const refused: readonly ModelSpec[] = [
      {
        opset: 16,
        inputs: { x: [1, 1, 2, 2], g: [1, 2, 2, 2] },
        outputs: ['y'],
        nodes: [node('GridSample', ['x', 'g'], ['y'], {}, 'sample')],
      },
      {
        opset: 18,
        inputs: { x: [3], i: { dims: [2], type: 'int64' } },
        outputs: ['y'],
        constants: { u: weights(2) },
        nodes: [node('ScatterElements', ['x', 'i', 'u'], ['y'], {}, 'sample')],
      },
      {
        opset: 13,
        inputs: { x: [2, 3], t: { dims: [2], type: 'int64' } },
        outputs: ['y'],
        nodes: [node('NegativeLogLikelihoodLoss', ['x', 't'], ['y'], {}, 'sample')],
      },
    ];
    for (const spec of refused)
      assert.throws(
        () => buildGraph(decodeModel(makeModel(spec))),
        (error) => error instanceof UnsupportedOpError && /Node sample/.test(error.message),
      );
  });
});
