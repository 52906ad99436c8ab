/**
 * What docs/operators.md says of each operator beside its measured cost: what it becomes, its limits, and a small
 * example of it. One row an operator of the table in `src/onnx/ops`; an operator without a row keeps the page from
 * being written, and a test from passing.
 */
import { ELEMENT_TYPES } from '../onnx/model.js';
import { ModelProto, type AttributeMessage, type TensorMessage } from '../onnx/schema.js';

export interface OperatorNote {
  /** Layers of the float network that it becomes, in words. */
  readonly becomes: string;
  /** What of the ONNX operator is not supported; absent: nothing is left out. */
  readonly limits?: string;
  /** Absent where one node alone shows nothing. */
  readonly example?: Example;
}

/** One node, its inputs in order: a shape is an activation's, a tensor is a constant. */
interface Example {
  readonly inputs: readonly (readonly number[] | TensorMessage)[];
  readonly attributes?: readonly AttributeMessage[];
  readonly outputs?: number;
  readonly opset?: number;
  /** Of the activations; float unless given. */
  readonly type?: 'bool' | 'int8' | 'uint8' | 'int32';
  /** What the activations lie in; [-1, 1] unless given. */
  readonly range?: readonly [number, number];
}

const VECTOR = [1, 8];
const IMAGE = [1, 2, 4, 4];

const sizeOf = (dims: readonly number[]): number => dims.reduce((product, size) => product * size, 1);
const code = (type: 'float' | 'int64' | 'int8' | 'uint8' | 'int32' | 'bool'): number => ELEMENT_TYPES.indexOf(type);
/** Weights that are neither equal nor whole. */
const weights = (...dims: number[]): TensorMessage => ({
  dims,
  dataType: code('float'),
  floatData: Array.from({ length: sizeOf(dims) }, (_, i) => ((i * 7) % 11) / 11 - 0.37),
});
const positive = (...dims: number[]): TensorMessage => ({
  dims,
  dataType: code('float'),
  floatData: Array.from({ length: sizeOf(dims) }, (_, i) => 0.5 + ((i * 7) % 11) / 11),
});
const scalar = (value: number): TensorMessage => ({ dims: [], dataType: code('float'), floatData: [value] });
const floats = (...data: number[]): TensorMessage => ({
  dims: [data.length],
  dataType: code('float'),
  floatData: data,
});
const bytes = (...data: number[]): TensorMessage => ({
  dims: [1, data.length],
  dataType: code('int8'),
  int32Data: data,
});
const integers = (...data: number[]): TensorMessage => ({
  dims: [data.length],
  dataType: code('int64'),
  int64Data: data,
});
const int = (name: string, i: number): AttributeMessage => ({ name, type: 2, i });
const ints = (name: string, ...values: number[]): AttributeMessage => ({ name, type: 7, ints: values });
const text = (name: string, value: string): AttributeMessage => ({ name, type: 3, s: new TextEncoder().encode(value) });

const one: Example = { inputs: [VECTOR] };
const two: Example = { inputs: [VECTOR, VECTOR] };
const image: Example = { inputs: [IMAGE] };
const pool: Example = { inputs: [IMAGE], attributes: [ints('kernel_shape', 2, 2), ints('strides', 2, 2)] };
const alongAxis: Example = { inputs: [VECTOR], attributes: [ints('axes', 1)] };
const MOVES = 'moves elements';
const AVERAGES = 'sums of groups with a factor';
const CONSTANT_WEIGHTS = 'weights and bias are constants';
const CONSTANT_SHAPE = 'the shape is a constant';
const FLOATS = 'integers are to be cast to float before';
const STEP = 'a step, exact on the quantized values';
const FLOATS_ONLY = 'floats';
const BITS = 'integers; constants are below 2^53';
const CONSTANT_GRID = 'scales of results and zero points are constants; codes of 8 and 16 bits';
const GRID: readonly TensorMessage[] = [
  { dims: [], dataType: 1, floatData: [0.0079] },
  { dims: [], dataType: 2, int32Data: [127] },
];
const codes = (...dims: number[]): TensorMessage => ({
  dims,
  dataType: 3,
  int32Data: Array.from({ length: sizeOf(dims) }, (_, i) => ((i * 71) % 255) - 127),
});
const byteGrid = [
  { dims: [], dataType: 1, floatData: [0.0071] },
  { dims: [], dataType: 3, int32Data: [0] },
] as const satisfies readonly TensorMessage[];

/** A function of one value. */
const table = (limits = FLOATS_ONLY, { opset, range }: Pick<Example, 'opset' | 'range'> = {}): OperatorNote => ({
  becomes: 'table',
  limits,
  example: { ...one, ...(opset && { opset }), ...(range && { range }) },
});
/** Two booleans, or one. */
const logic = (...inputs: (readonly number[])[]): OperatorNote => ({
  becomes: 'sums and products of zeros and ones',
  example: { inputs, type: 'bool' },
});
const comparison: OperatorNote = { becomes: STEP, example: two };
/** Operators whose output is boolean. */
const BOOLEANS = new Set(['And', 'Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'Not', 'Or', 'Xor']);

const RECURRENT = 'sequence lengths are constants';
/** Two steps of one element in, two states out. */
const recurrent = (gates: number, { limits }: Pick<OperatorNote, 'limits'>): OperatorNote => ({
  becomes: 'its steps: dense layers, tables and products of each gate',
  limits,
  example: {
    inputs: [[2, 1, 4], weights(1, gates * 2, 4), weights(1, gates * 2, 2)],
    attributes: [int('hidden_size', 2)],
  },
});

export const OPERATOR_NOTES: Readonly<Record<string, OperatorNote>> = {
  Abs: { becomes: 'rectifier with slope −1', example: one },
  Acos: table('floats; [-1, 1]'),
  Acosh: table('floats; from 1', { range: [1, 3] }),
  Add: { becomes: 'sum; with a constant, an affine map', example: two },
  AffineGrid: {
    becomes: 'weighted sums of elements',
    limits: 'the size is a constant',
    example: { inputs: [[1, 2, 3], integers(1, 1, 2, 3)], opset: 20 },
  },
  And: logic(VECTOR, VECTOR),
  ArgMax: { becomes: 'index of the largest', example: { inputs: [VECTOR], attributes: [int('axis', 1)] } },
  ArgMin: {
    becomes: 'index of the largest of the negated',
    example: { inputs: [VECTOR], attributes: [int('axis', 1)] },
  },
  Asin: table('floats; [-1, 1]'),
  Asinh: table(),
  Atan: table(),
  Atanh: table('floats; (-1, 1)', { range: [-0.9, 0.9] }),
  Attention: {
    becomes: 'products of matrices around a softmax',
    limits: '`nonpad_kv_seqlen` is a constant; no masked scores as an output',
    example: {
      inputs: [
        [1, 1, 3, 4],
        [1, 1, 3, 4],
        [1, 1, 3, 4],
      ],
      opset: 24,
    },
  },
  AveragePool: { becomes: AVERAGES, limits: `pads are not negative; ${FLOATS}`, example: pool },
  BatchNormalization: {
    becomes: 'affine map, folded into the layer beside it',
    limits: 'parameters are constants; in training form as InstanceNormalization, over the batch too',
    example: { inputs: [IMAGE, positive(2), weights(2), weights(2), positive(2)] },
  },
  BitCast: {
    becomes: 'a step, and a sum',
    limits: 'between integers of one width, 32 bits at most',
    example: { inputs: [VECTOR], attributes: [int('to', 2)], type: 'int8', opset: 26 },
  },
  BitShift: {
    becomes: 'exact divisions by powers of two, or an affine map',
    limits: 'the shift is a constant',
    example: {
      inputs: [VECTOR, bytes(1, 2, 3, 1, 2, 3, 1, 2)],
      attributes: [text('direction', 'RIGHT')],
      type: 'int8',
      opset: 26,
    },
  },
  BitwiseAnd: {
    becomes: 'exact divisions by powers of two; of two activations, a product a bit',
    limits: BITS,
    example: { inputs: [VECTOR, bytes(12, 12, 12, 12, 12, 12, 12, 12)], type: 'int8', opset: 18 },
  },
  BitwiseNot: {
    becomes: 'affine map',
    limits: 'unsigned integers have 32 bits at most',
    example: { inputs: [VECTOR], type: 'int8', opset: 18 },
  },
  BitwiseOr: {
    becomes: 'as BitwiseAnd',
    limits: BITS,
    example: { inputs: [VECTOR, bytes(12, 12, 12, 12, 12, 12, 12, 12)], type: 'int8', opset: 18 },
  },
  BitwiseXor: {
    becomes: 'as BitwiseAnd',
    limits: BITS,
    example: { inputs: [VECTOR, bytes(12, 12, 12, 12, 12, 12, 12, 12)], type: 'int8', opset: 18 },
  },
  Bucketize: {
    becomes: 'steps, and their sum',
    limits: "TensorFlow's, which ONNX has not",
    example: { inputs: [VECTOR], attributes: [{ name: 'boundaries', type: 6, floats: [-0.5, 0, 0.5] }] },
  },
  Cast: {
    becomes: 'nothing; to booleans, two steps; of reals to integers, a table',
    limits: 'to a narrower integer where it is known to be whole and small',
    example: { inputs: [VECTOR], attributes: [int('to', 1)] },
  },
  CastLike: { becomes: 'nothing', limits: 'as Cast', example: { inputs: [VECTOR, scalar(1)] } },
  CausalConvWithState: {
    becomes: 'convolution of state and input joined',
    limits: CONSTANT_WEIGHTS,
    example: { inputs: [[1, 2, 4], weights(2, 1, 3)], opset: 27 },
  },
  Ceil: table(),
  Celu: table('floats; alpha is not 0'),
  CenterCropPad: { becomes: MOVES, limits: CONSTANT_SHAPE, example: { inputs: [VECTOR, integers(1, 6)], opset: 18 } },
  Clip: {
    becomes: 'clip; with lower bound 0 alone, a ReLU',
    limits: 'bounds are constants',
    example: { inputs: [VECTOR, scalar(-0.5), scalar(0.5)] },
  },
  Col2Im: {
    becomes: 'sums of groups',
    limits: 'shapes are constants',
    example: { inputs: [[1, 4, 4], integers(3, 3), integers(2, 2)], opset: 18 },
  },
  Compress: {
    becomes: MOVES,
    limits: 'the condition is a constant',
    example: {
      inputs: [VECTOR, { dims: [3], dataType: code('bool'), int32Data: [1, 0, 1] }],
      attributes: [int('axis', 1)],
    },
  },
  Concat: { becomes: MOVES, example: { inputs: [VECTOR, VECTOR], attributes: [int('axis', 1)] } },
  Conv: {
    becomes: 'convolution of 1, 2, 3 or more dimensions',
    limits: `${CONSTANT_WEIGHTS}; pads are not negative`,
    example: { inputs: [IMAGE, weights(3, 2, 3, 3), weights(3)] },
  },
  ConvInteger: {
    becomes: 'convolution of integers, exact',
    limits: 'weights and zero points are constants',
    example: { inputs: [IMAGE, codes(3, 2, 3, 3)], type: 'uint8', range: [0, 255] },
  },
  ConvTranspose: {
    becomes: 'zeros between elements, then a convolution',
    limits: CONSTANT_WEIGHTS,
    example: { inputs: [IMAGE, weights(2, 3, 2, 2)], attributes: [ints('strides', 2, 2)] },
  },
  Cos: table(),
  Cosh: table(),
  CumProd: {
    becomes: 'products',
    limits: 'the axis is a constant',
    example: { inputs: [VECTOR, integers(1)], opset: 26 },
  },
  CumSum: { becomes: 'sums of groups', limits: 'the axis is a constant', example: { inputs: [VECTOR, integers(1)] } },
  DeformConv: {
    becomes: 'weighted sums of elements',
    limits: 'weights, offsets and mask are constants; two spatial dimensions',
    example: { inputs: [[1, 1, 3, 3], weights(1, 1, 2, 2), weights(1, 8, 2, 2)], opset: 19 },
  },
  DepthToSpace: { becomes: MOVES, example: { inputs: [[1, 4, 2, 2]], attributes: [int('blocksize', 2)] } },
  DequantizeLinear: {
    becomes: 'affine map; before layers that end in codes, nothing',
    limits: 'zero points are constants; integers',
    example: { inputs: [VECTOR, ...GRID], type: 'uint8', range: [0, 255] },
  },
  Det: { becomes: 'products', limits: 'up to 8 rows', example: { inputs: [[1, 3, 3]] } },
  DFT: {
    becomes: 'weighted sums of elements',
    limits: 'length and axis are constants',
    example: { inputs: [[1, 8, 1]], attributes: [int('axis', 1)] },
  },
  Div: {
    becomes: 'affine map; by an activation, a product with its reciprocal, which is a table',
    limits: 'of integers the divisor is a constant, and the division exact; a constant divisor has no zeros',
    example: { inputs: [VECTOR, positive(8)] },
  },
  Dropout: { becomes: 'nothing', limits: 'inference only (`training_mode` false)', example: one },
  DynamicQuantizeLinear: {
    becomes:
      'nothing: the circuit rounds to a grid of its own, of the calibrated range; its function body where a result is an output',
    limits: 'read by MatMulInteger, ConvInteger and DequantizeLinear, or an output of the model',
  },
  Elu: table(),
  Einsum: {
    becomes: 'moves, sums and products of matrices',
    example: {
      inputs: [
        [2, 3],
        [3, 2],
      ],
      attributes: [text('equation', 'ij,jk->ik')],
    },
  },
  Equal: { becomes: 'two steps', example: two },
  Erf: table(),
  Erfc: table("floats; TensorFlow's, which ONNX has not"),
  Exp: table(),
  Expand: { becomes: MOVES, limits: CONSTANT_SHAPE, example: { inputs: [VECTOR, integers(2, 8)] } },
  Expm1: table("floats; TensorFlow's, which ONNX has not"),
  EyeLike: { becomes: 'a constant', example: { inputs: [[3, 3]] } },
  Flatten: { becomes: MOVES, example: image },
  Floor: table(),
  Gather: {
    becomes: `${MOVES}; by computed indices, a step for each position an index can be at`,
    limits: 'a computed index outside the dimension names its nearest end',
    example: { inputs: [VECTOR, integers(3, 1)], attributes: [int('axis', 1)] },
  },
  GatherElements: {
    becomes: `${MOVES}; by computed indices, products with the steps of Gather`,
    limits: 'as Gather',
    example: {
      inputs: [VECTOR, { dims: [1, 2], dataType: code('int64'), int64Data: [3, 1] }],
      attributes: [int('axis', 1)],
    },
  },
  GatherND: {
    becomes: MOVES,
    limits: 'indices are constants',
    example: { inputs: [VECTOR, { dims: [2, 2], dataType: code('int64'), int64Data: [0, 3, 0, 1] }] },
  },
  Gelu: table(FLOATS_ONLY, { opset: 20 }),
  Gemm: {
    becomes: 'dense layer; of two activations, products summed',
    limits: 'where C is an activation, A or B is one too',
    example: { inputs: [VECTOR, weights(8, 4), weights(4)] },
  },
  GRU: recurrent(3, { limits: `${RECURRENT}; each activation and clip, both forms of reset` }),
  GlobalAveragePool: { becomes: AVERAGES, limits: FLOATS, example: image },
  GlobalLpPool: { becomes: 'powers, sums of groups, then a table', limits: FLOATS, example: image },
  GlobalMaxPool: { becomes: 'maximum of groups', example: image },
  Greater: comparison,
  GreaterOrEqual: comparison,
  GridSample: {
    becomes: 'weighted sums of elements',
    limits: 'the grid is a constant',
    example: { inputs: [IMAGE, weights(1, 2, 2, 2)] },
  },
  GroupNormalization: {
    becomes: 'means, products and a table for each group',
    limits: 'scale and shift are constants',
    example: { inputs: [IMAGE, positive(2), weights(2)], attributes: [int('num_groups', 1)], opset: 21 },
  },
  Hardmax: { becomes: 'the position of the largest, and steps', example: one },
  HardSigmoid: { becomes: 'affine map, then a clip', example: one },
  HardSwish: { becomes: 'affine map, clip and product, fused into a table', example: one },
  Identity: { becomes: 'nothing', example: one },
  If: {
    becomes: 'one branch, or each element of both chosen by a product',
    limits: 'under a computed condition both branches have the same shapes',
  },
  InstanceNormalization: {
    becomes: 'means, products and a table for each channel',
    limits: 'scale and shift are constants',
    example: { inputs: [IMAGE, positive(2), weights(2)] },
  },
  IsInf: { becomes: 'a constant', limits: 'false: what is proved is finite', example: one },
  IsNaN: { becomes: 'a constant', limits: 'false: what is proved is finite', example: one },
  LSTM: recurrent(4, { limits: `${RECURRENT}; each activation and clip, peepholes, coupled gates` }),
  LayerNormalization: {
    becomes: 'means, products and a table for each group',
    limits: 'scale and shift are constants',
    example: { inputs: [VECTOR, positive(8), weights(8)] },
  },
  LeakyRelu: { becomes: 'rectifier with a slope', example: one },
  Less: comparison,
  LessOrEqual: comparison,
  Log: table('floats; above 0', { range: [0.1, 2] }),
  LinearAttention: {
    becomes: 'for each token, products with the state; a table where it decays',
    limits: 'the sequence is unrolled',
    example: {
      inputs: [
        [1, 1, 2],
        [1, 1, 2],
        [1, 1, 2],
      ],
      attributes: [int('q_num_heads', 1), int('kv_num_heads', 1), text('update_rule', 'linear')],
      opset: 27,
    },
  },
  LogSoftmax: {
    becomes:
      'nothing at the end of the network, where the scores are proved; else distances to the largest, and two tables',
    example: one,
  },
  Loop: {
    becomes: 'its rounds, one after another',
    limits:
      'at most 16,384 rounds; under a computed condition the greatest number of rounds is a constant, and nothing is collected',
  },
  LpNormalization: {
    becomes: 'products and a table for each group',
    limits: FLOATS_ONLY,
    example: { inputs: [VECTOR], range: [0.1, 1] },
  },
  LpPool: {
    becomes: 'powers, sums of groups, then a table',
    limits: `pads are not negative; ${FLOATS}`,
    example: pool,
  },
  LRN: {
    becomes: 'products, sums of groups and a table for each element',
    limits: FLOATS_ONLY,
    example: { inputs: [IMAGE], attributes: [int('size', 3)] },
  },
  MatMul: {
    becomes: 'dense layer; of two activations, a product of matrices',
    example: { inputs: [VECTOR, weights(8, 4)] },
  },
  MatMulInteger: {
    becomes: 'dense layer of integers, exact; of two activations, products summed',
    limits: 'zero points are constants',
    example: { inputs: [VECTOR, codes(8, 4)], type: 'uint8', range: [0, 255] },
  },
  Max: { becomes: 'maximum of groups; against one number, a clip', example: two },
  MaxPool: {
    becomes: 'maximum of groups; positions, the index of the largest in a table',
    limits: 'pads are not negative',
    example: pool,
  },
  MaxUnpool: {
    becomes: MOVES,
    limits: 'indices are constants, each another',
    example: {
      inputs: [[1, 1, 2, 2], { dims: [1, 1, 2, 2], dataType: code('int64'), int64Data: [5, 7, 13, 15] }],
      attributes: [ints('kernel_shape', 2, 2), ints('strides', 2, 2)],
    },
  },
  Mean: { becomes: 'sum with a factor', limits: FLOATS, example: two },
  MeanVarianceNormalization: {
    becomes: 'means, products and a table for each group',
    limits: FLOATS_ONLY,
    example: image,
  },
  Min: { becomes: 'maximum of the negated, negated; against one number, a clip', example: two },
  Mish: table(FLOATS_ONLY, { opset: 18 }),
  Mod: {
    becomes: 'exact divisions of integers; a table of floats',
    limits: 'the divisor is a constant without zeros',
    example: { inputs: [VECTOR, bytes(3, 3, 3, 3, 5, 5, 5, 5)], type: 'int8' },
  },
  Mul: { becomes: 'product; with a constant, an affine map', example: two },
  Neg: { becomes: 'affine map', example: one },
  NegativeLogLikelihoodLoss: {
    becomes: 'weighted sums of elements',
    limits: 'targets and weights are constants',
    example: { inputs: [[2, 4], integers(1, 3)] },
  },
  Not: logic(VECTOR),
  OneHot: {
    becomes: 'steps; by constant indices, a movement',
    limits: 'the depth is a constant, and indices or values are',
    example: { inputs: [[2], integers(3), floats(0, 1)], type: 'int8' },
  },
  Or: logic(VECTOR, VECTOR),
  PRelu: {
    becomes: 'rectifier with slopes',
    limits: 'slopes are constants',
    example: { inputs: [VECTOR, positive(8)] },
  },
  Pad: { becomes: MOVES, limits: 'pads are constants', example: { inputs: [VECTOR, integers(0, 1, 0, 1)] } },
  Pow: {
    becomes: 'products, or a table',
    limits: 'the exponents are constants; or the base is one, and a float',
    example: { inputs: [VECTOR, scalar(3)] },
  },
  RNN: recurrent(1, { limits: `${RECURRENT}; each activation and clip` }),
  Reciprocal: table('floats; at 0 the end of the range on the right', { range: [0.5, 2] }),
  QLinearConv: {
    becomes: 'convolution of integers and a requantization, exact, halves to even',
    limits: `${CONSTANT_WEIGHTS}; ${CONSTANT_GRID}`,
    example: { inputs: [IMAGE, ...GRID, codes(3, 2, 3, 3), ...byteGrid, ...GRID], type: 'uint8', range: [0, 255] },
  },
  QLinearMatMul: {
    becomes: 'dense layer of integers and a requantization, exact, halves to even',
    limits: CONSTANT_GRID,
    example: { inputs: [VECTOR, ...GRID, codes(8, 4), ...byteGrid, ...GRID], type: 'uint8', range: [0, 255] },
  },
  QuantizeLinear: {
    becomes:
      "requantization to the author's grid; of a graph input, nothing: the input has the grid; of a computed grid, a division and a rounding",
    limits: 'codes of 8 and 16 bits',
    example: { inputs: [VECTOR, ...GRID] },
  },
  ReduceL1: { becomes: 'rectifier, then sums of groups', example: alongAxis },
  ReduceL2: { becomes: 'products, sums of groups, then a table', limits: FLOATS_ONLY, example: alongAxis },
  ReduceLogSum: {
    becomes: 'sums of groups, then a table',
    limits: FLOATS_ONLY,
    example: { ...alongAxis, range: [0.1, 1] },
  },
  ReduceLogSumExp: { becomes: 'maximum of groups and tables', limits: FLOATS_ONLY, example: alongAxis },
  ReduceMax: { becomes: 'maximum of groups', example: alongAxis },
  ReduceMean: { becomes: AVERAGES, limits: FLOATS, example: alongAxis },
  ReduceMin: { becomes: 'maximum of the negated groups, negated', example: alongAxis },
  ReduceProd: { becomes: 'products', example: alongAxis },
  ReduceSum: { becomes: 'sums of groups', example: { inputs: [VECTOR, integers(1)] } },
  ReduceSumSquare: { becomes: 'products, then sums of groups', example: alongAxis },
  Relu: { becomes: 'rectifier with slope 0', example: one },
  Reshape: { becomes: MOVES, limits: CONSTANT_SHAPE, example: { inputs: [VECTOR, integers(2, 4)] } },
  Resize: {
    becomes: `${MOVES}; between elements, weighted sums of them`,
    limits: 'sizes or scales are constants',
    example: {
      inputs: [IMAGE, { dims: [0], dataType: code('float'), floatData: [] }, floats(1, 1, 2, 2)],
      attributes: [
        text('mode', 'nearest'),
        text('coordinate_transformation_mode', 'asymmetric'),
        text('nearest_mode', 'floor'),
      ],
    },
  },
  RMSNormalization: {
    becomes: 'products and a table for each group',
    limits: 'the scale is a constant',
    example: { inputs: [VECTOR, positive(8)], opset: 23 },
  },
  RoiAlign: {
    becomes: 'weighted sums of elements, or their maximum',
    limits: 'regions are constants',
    example: {
      inputs: [IMAGE, { dims: [1, 4], dataType: code('float'), floatData: [0, 0, 3, 3] }, integers(0)],
      attributes: [int('output_height', 2), int('output_width', 2)],
    },
  },
  Round: table(),
  Scan: {
    becomes: 'its rounds, one after another',
    limits: 'at most 16,384 rounds; sequence lengths of opset 8 are constants',
  },
  Scatter: {
    becomes: 'as ScatterElements',
    limits: 'indices are constants',
    example: {
      inputs: [VECTOR, { dims: [1, 2], dataType: code('int64'), int64Data: [3, 1] }, weights(1, 2)],
      attributes: [int('axis', 1)],
      opset: 10,
    },
  },
  ScatterElements: {
    becomes: `${MOVES}; reduced, sums, products or maxima of groups`,
    limits: 'indices are constants',
    example: {
      inputs: [VECTOR, { dims: [1, 2], dataType: code('int64'), int64Data: [3, 1] }, weights(1, 2)],
      attributes: [int('axis', 1)],
    },
  },
  ScatterND: {
    becomes: 'as ScatterElements',
    limits: 'indices are constants',
    example: { inputs: [VECTOR, { dims: [2, 2], dataType: code('int64'), int64Data: [0, 3, 0, 1] }, weights(2)] },
  },
  Selu: table(),
  ReverseSequence: {
    becomes: MOVES,
    limits: 'lengths are constants',
    example: { inputs: [[4, 2], integers(3, 4)] },
  },
  RotaryEmbedding: {
    becomes: 'an affine map of each pair; products where the angles are computed',
    limits: '`position_ids` are constants',
    example: { inputs: [[1, 1, 2, 4], weights(1, 2, 2), weights(1, 2, 2)], opset: 23 },
  },
  Shape: { becomes: 'a constant', example: one },
  Shrink: table(),
  Sigmoid: table(),
  Sign: { becomes: 'table', example: one },
  SimplifiedLayerNormalization: {
    becomes: 'products and a table for each group',
    limits: "onnxruntime's name of RMSNormalization; the scale is a constant",
    example: { inputs: [VECTOR, positive(8)], opset: 17 },
  },
  Sin: table(),
  Sinh: table(),
  Size: { becomes: 'a constant', example: one },
  Slice: {
    becomes: MOVES,
    limits: 'starts, ends, axes and steps are constants',
    example: { inputs: [VECTOR, integers(1), integers(5), integers(1)] },
  },
  Softmax: {
    becomes:
      'nothing at the end of the network, where the scores are proved; else exponentials from a table, times the reciprocal of their sum',
    example: one,
  },
  SoftmaxCrossEntropyLoss: {
    becomes: 'maximum of groups and tables, then weighted sums',
    limits: 'targets and weights are constants',
    example: { inputs: [[2, 4], integers(1, 3)] },
  },
  Softplus: table(),
  Softsign: table(),
  SpaceToDepth: { becomes: MOVES, example: { inputs: [IMAGE], attributes: [int('blocksize', 2)] } },
  Split: {
    becomes: MOVES,
    limits: 'sizes are constants',
    example: { inputs: [VECTOR], attributes: [int('axis', 1)], outputs: 2 },
  },
  Sqrt: table('floats; from 0', { range: [0, 2] }),
  Squeeze: { becomes: MOVES, limits: 'axes are constants', example: { inputs: [[1, 8, 1], integers(2)] } },
  STFT: {
    becomes: 'weighted sums of elements',
    limits: 'window, step and length are constants',
    example: { inputs: [[1, 8, 1], integers(4), floats(0.5, 1, 1, 0.5)] },
  },
  Sub: { becomes: 'sum; with a constant, an affine map', example: two },
  Sum: { becomes: 'sum', example: two },
  SwiGLU: { becomes: 'a table and a product', limits: FLOATS_ONLY, example: { inputs: [VECTOR, VECTOR], opset: 28 } },
  Swish: table(FLOATS_ONLY, { opset: 24 }),
  Tan: table(),
  Tanh: table(),
  TensorScatter: {
    becomes: MOVES,
    limits: 'indices are constants',
    example: { inputs: [[1, 4, 2], weights(1, 1, 2), integers(1)], opset: 24 },
  },
  TfIdfVectorizer: {
    becomes: 'a comparison for each token of the list and place, products of them, their sums',
    limits: 'of int32 and int64 tokens',
    example: {
      inputs: [VECTOR],
      attributes: [
        text('mode', 'TF'),
        int('min_gram_length', 1),
        int('max_gram_length', 2),
        int('max_skip_count', 0),
        ints('ngram_counts', 0, 1),
        ints('ngram_indexes', 0, 1),
        ints('pool_int64s', 3, 3, 5),
      ],
      type: 'int32',
      range: [0, 7],
    },
  },
  ThresholdedRelu: { becomes: 'product with a step, exact', limits: FLOATS_ONLY, example: one },
  Tile: { becomes: MOVES, limits: 'repeats are constants', example: { inputs: [VECTOR, integers(1, 2)] } },
  TopK: {
    becomes: 'a step for each pair of elements, then products',
    limits: '`k` is a constant',
    example: { inputs: [VECTOR, integers(2)], outputs: 2 },
  },
  Transpose: { becomes: MOVES, example: { inputs: [IMAGE], attributes: [ints('perm', 0, 2, 3, 1)] } },
  Trilu: { becomes: MOVES, limits: '`k` is a constant', example: { inputs: [[4, 4]] } },
  Unsqueeze: { becomes: MOVES, limits: 'axes are constants', example: { inputs: [VECTOR, integers(0)] } },
  Upsample: {
    becomes: 'as Resize',
    limits: 'scales are constants',
    example: { inputs: [IMAGE, floats(1, 1, 2, 2)], opset: 9, attributes: [text('mode', 'nearest')] },
  },
  Where: {
    becomes: `${MOVES}; under a computed condition, each element chosen by a product`,
    example: {
      inputs: [{ dims: [1, 8], dataType: code('bool'), int32Data: [1, 0, 1, 0, 1, 0, 1, 0] }, VECTOR, VECTOR],
    },
  },
  Xor: logic(VECTOR, VECTOR),
};

const resultOf = (op: string): 'bool' | 'float' | 'uint8' | 'int32' =>
  BOOLEANS.has(op) ? 'bool' : /^QLinear|^Quantize/.test(op) ? 'uint8' : op.endsWith('Integer') ? 'int32' : 'float';

/** The ONNX file of an operator's example; its activations are the graph's inputs. */
export function exampleModel(
  op: string,
  { inputs, attributes = [], outputs = 1, opset = 17, type }: Example,
): Uint8Array {
  const ofType = (elementType: 'float' | 'int8' | 'uint8' | 'int32' | 'bool', dims?: readonly number[]) => ({
    tensorType: {
      elemType: code(elementType),
      ...(dims && { shape: { dim: dims.map((dimValue) => ({ dimValue })) } }),
    },
  });
  const isShape = (input: readonly number[] | TensorMessage): input is readonly number[] => Array.isArray(input);
  const names = inputs.map((_, i) => `x${i}`);
  const made = Array.from({ length: outputs }, (_, i) => `y${i}`);
  const message = {
    irVersion: 8,
    producerName: 'zkinfer',
    opsetImport: [{ domain: '', version: opset }],
    graph: {
      name: op,
      node: [{ opType: op, input: names, output: made, name: op, domain: '', attribute: [...attributes] }],
      initializer: inputs.flatMap((input, i) => (isShape(input) ? [] : [{ ...input, name: names[i] }])),
      input: inputs.flatMap((input, i) =>
        isShape(input) ? [{ name: names[i], type: ofType(type ?? 'float', input) }] : [],
      ),
      output: made.map((name) => ({ name, type: ofType(resultOf(op)) })),
    },
  };
  return ModelProto.encode(ModelProto.fromObject(message)).finish();
}
