/**
 * The operator table of the domain com.microsoft, as far as onnxruntime's quantizer and its optimizer write it: one row
 * an operator, as in ops/index.ts. Each of the quantizer's is the operator of its name between its inputs as reals and
 * its result as codes (see ops/quantized.ts); the optimizer's are in fused.ts.
 */
import { identityView, transposeView } from '../../tensor/views.js';
import { lowerAdd, lowerMul } from '../ops/arithmetic.js';
import { lowerConcat } from '../ops/concat.js';
import { lowerWhere } from '../ops/select.js';
import { constant, type Lowering, type NodeContext, type OnnxOperator } from '../ops/context.js';
import { FUNCTION_OPERATORS } from '../ops/functions.js';
import { lowerGemm, lowerMatMul } from '../ops/matmul.js';
import { moveOne } from '../ops/moving.js';
import { lowerAveragePool, lowerGlobalAveragePool } from '../ops/pooling.js';
import {
  dequantized,
  dequantizedBias,
  gridAt,
  lowerDequantizeLinear,
  lowerQLinearConv,
  lowerQuantizeLinear,
  reals,
  requantized,
  sideGrid,
} from '../ops/quantized.js';
import { lowerLeakyRelu } from '../ops/rectifiers.js';
import { lowerLstm } from '../ops/recurrent.js';
import { lowerReduceMean } from '../ops/reduce.js';
import { lowerSoftmax } from '../ops/softmax.js';
import type { Activation, Value } from '../values.js';
import { FUSED_OPERATORS } from './fused.js';

/** x, x scale, x zero point, y scale, y zero point */
const unary =
  (op: string, lowering: Lowering): Lowering =>
  (context) => [
    requantized(
      context,
      op,
      lowering,
      [dequantized(context, context.input(0), gridAt(context, 1, 2), 'x')],
      gridAt(context, 3, 4),
    ),
  ];

/** a, a scale, a zero point, b, b scale, b zero point, y scale, y zero point */
const binary =
  (op: string, lowering: Lowering): Lowering =>
  (context) => {
    const [a, b] = [
      dequantized(context, context.input(0), gridAt(context, 1, 2), 'a'),
      dequantized(context, context.input(3), gridAt(context, 4, 5), 'b'),
    ];
    return [requantized(context, op, lowering, [a, b], { ...gridAt(context, 6, 7), evenCodes: true })];
  };

/** A pool of [N, channels, ...], or of [N, ..., channels] where `channels_last` says so. */
const pool =
  (op: string, lowering: Lowering, rounding: { readonly evenCodes?: true } = {}): Lowering =>
  (context) => {
    const x = dequantized(context, context.input(0), gridAt(context, 1, 2), 'x');
    const y = { ...gridAt(context, 3, 4), ...rounding };
    if (!context.flag('channels_last', false) || x.kind === 'constant')
      return [requantized(context, op, lowering, [x], y)];
    const rank = x.shape.length;
    const axes = Array.from({ length: rank }, (_, axis) => axis);
    const [first, last] = [
      moveAxes(context, x, [0, rank - 1, ...axes.slice(1, -1)], 'channelsFirst'),
      [0, ...axes.slice(2), 1],
    ];
    return [moveAxes(context, requantized(context, op, lowering, [first], y), last, 'channelsLast')];
  };

const moveAxes = (context: NodeContext, x: Activation, axes: readonly number[], step: string): Activation =>
  moveOne(context, x, transposeView(identityView(x.shape), axes), { step });

/** y scale, y zero point, then tensor, scale and zero point of each part */
const lowerQLinearConcat: Lowering = (context) => {
  const parts = Array.from({ length: Math.floor((context.inputs.length - 2) / 3) }, (_, k) =>
    dequantized(context, context.input(3 * k + 2), gridAt(context, 3 * k + 3, 3 * k + 4), `x${k}`),
  );
  return [requantized(context, 'Concat', lowerConcat, parts, gridAt(context, 0, 1))];
};

/** condition, x, x scale, x zero point, y, y scale, y zero point, z scale, z zero point */
const lowerQLinearWhere: Lowering = (context) => {
  const [x, y] = [1, 4].map((first) =>
    dequantized(context, context.input(first), gridAt(context, first + 1, first + 2), `x${first}`),
  );
  return [requantized(context, 'Where', lowerWhere, [context.input(0), x, y], gridAt(context, 7, 8))];
};

/** a, a scale, a zero point, b, b scale, b zero point, c; y scale and y zero point where the result is codes */
const lowerQGemm: Lowering = (context) => {
  const weight = context.input(3);
  const transposed = context.flag('transB', false);
  const grids = [gridAt(context, 1, 2), gridAt(context, 4, 5, transposed ? 0 : 1)];
  const [a, b] = [dequantized(context, context.input(0), grids[0], 'a'), dequantized(context, weight, grids[1], 'b')];
  const columns = weight.shape[transposed ? 0 : 1];
  const c = dequantizedBias(
    context,
    context.inputs[6],
    grids[0],
    gridAt(context, 4, 5, 0),
    columns,
    context.float('alpha', 1),
  );
  if (context.inputs[7] === undefined) return lowerGemm(context.as('Gemm', [a, b, c], 'real'));
  return [requantized(context, 'Gemm', lowerGemm, [a, b, c], gridAt(context, 7, 8))];
};

/** a matrix product of reals and, where there is one, a bias */
function productOf(context: NodeContext, a: Value, b: Value, bias: Value | undefined): readonly Value[] {
  const product = lowerMatMul(context.as('MatMul', [a, b], 'product'));
  return bias === undefined ? product : lowerAdd(context.as('Add', [product[0], bias], 'biased'));
}

/** a, b, a scale, b scale, a zero point, b zero point, bias */
const lowerMatMulIntegerToFloat: Lowering = (context) => {
  const side = (position: 0 | 1): Value =>
    reals(
      context,
      context.input(position),
      sideGrid(context, context.input(position + 2), context.inputs[position + 4], position === 0 ? -2 : -1),
      'ab'[position],
    );
  return productOf(context, side(0), side(1), context.inputs[6]);
};

/** a, b, b scale, b zero point, bias; a's own scale, of each input anew, is left out as by DynamicQuantizeLinear */
const lowerDynamicQuantizeMatMul: Lowering = (context) => {
  const b = dequantized(context, context.input(1), sideGrid(context, context.input(2), context.inputs[3], -1), 'b');
  context.note(
    `${context.node.name}: the scale that ${context.node.op} would choose for each input anew is left out; the circuit rounds to a grid of its own, of the calibrated range.`,
  );
  return productOf(context, context.activation(0), b, context.inputs[4]);
};

/**
 * x, weights, recurrent weights, bias, lengths, both states, peepholes, then scale and zero point of either weights, which
 * are [directions, inputs, gates] with a scale for each gate's row or one for all. x's own scale is left out as above.
 */
const lowerDynamicQuantizeLstm: Lowering = (context) => {
  const weights = (position: 1 | 2): Value => {
    const codes = context.constant(position);
    const [directions, , columns] = codes.shape;
    const [scale, zero] = [0, 1].map((k) => context.optionalConstant(2 * position + 6 + k));
    if (codes.shape.length !== 3 || scale === undefined)
      throw context.shapeError('weights should be [directions, inputs, gates], with a scale');
    const perColumn = scale.data.length === directions * columns && columns > 1;
    if (!perColumn && scale.data.length !== directions && scale.data.length !== 1)
      throw context.shapeError('there should be a scale for each direction, or for each column of it');
    const { shape, index } = transposeView(identityView(codes.shape), [0, 2, 1]);
    const data = Float64Array.from(index, (at, i) => {
      const row = Math.floor(i / shape[2]);
      const place = perColumn ? row : scale.data.length === 1 ? 0 : Math.floor(row / columns);
      return (codes.data[at] - (zero?.data[zero.data.length === 1 ? 0 : place] ?? 0)) * scale.data[place];
    });
    return constant('float', shape, data);
  };
  context.note(
    `${context.node.name}: the scale that ${context.node.op} would choose for each input anew is left out; the circuit rounds to a grid of its own, of the calibrated range.`,
  );
  return lowerLstm(
    context.as('LSTM', [context.input(0), weights(1), weights(2), ...context.inputs.slice(3, 8)], 'real', 14),
  );
};

/** Of the version that its attribute names. */
const lowerQLinearSoftmax: Lowering = (context) => {
  const x = dequantized(context, context.input(0), gridAt(context, 1, 2), 'x');
  return [requantized(context, 'Softmax', lowerSoftmax, [x], gridAt(context, 3, 4), context.int('opset', 13))];
};

export const MICROSOFT_OPERATORS: Readonly<Record<string, OnnxOperator>> = {
  ...FUSED_OPERATORS,
  DequantizeLinear: { lower: lowerDequantizeLinear, fold: lowerDequantizeLinear, ofUnrounded: 'reads' },
  DynamicQuantizeLSTM: { lower: lowerDynamicQuantizeLstm, fold: lowerDynamicQuantizeLstm },
  DynamicQuantizeMatMul: { lower: lowerDynamicQuantizeMatMul },
  MatMulIntegerToFloat: { lower: lowerMatMulIntegerToFloat, ofUnrounded: 'reads' },
  QGemm: { lower: lowerQGemm },
  QLinearAdd: { lower: binary('Add', lowerAdd) },
  QLinearAveragePool: { lower: pool('AveragePool', lowerAveragePool, { evenCodes: true }) },
  QLinearConcat: { lower: lowerQLinearConcat, dataAt: 2 },
  QLinearConv: { lower: lowerQLinearConv },
  QLinearGlobalAveragePool: { lower: pool('GlobalAveragePool', lowerGlobalAveragePool) },
  QLinearLeakyRelu: { lower: unary('LeakyRelu', lowerLeakyRelu) },
  QLinearMul: { lower: binary('Mul', lowerMul) },
  QLinearReduceMean: { lower: unary('ReduceMean', lowerReduceMean) },
  QLinearSigmoid: { lower: unary('Sigmoid', FUNCTION_OPERATORS.Sigmoid.lower as Lowering) },
  QLinearSoftmax: { lower: lowerQLinearSoftmax },
  QLinearWhere: { lower: lowerQLinearWhere },
  QuantizeLinear: { lower: lowerQuantizeLinear },
};
