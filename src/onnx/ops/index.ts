/**
 * The operator table: one row per ONNX operator of the default domain. To add an operator, write its file and its row.
 */
import { foldAdd, foldDiv, foldMul, foldSub, lowerAdd, lowerDiv, lowerMean, lowerMul, lowerNeg, lowerSub, lowerSum } from './arithmetic.js';
import { lowerArgMax, lowerArgMin } from './arg-max.js';
import { lowerAttention, lowerRotaryEmbedding } from './attention.js';
import { lowerBatchNormalization } from './batch-normalization.js';
import { foldCast, lowerCast } from './cast.js';
import { lowerAnd, lowerEqual, lowerGreater, lowerGreaterOrEqual, lowerLess, lowerLessOrEqual, lowerNot, lowerOr, lowerXor } from './comparison.js';
import { lowerConcat } from './concat.js';
import { CONSTANT_ARITHMETIC, foldWhere } from './constant-arithmetic.js';
import { lowerIf } from './conditional.js';
import { foldConstant, foldConstantOfShape, foldRange, lowerShape, lowerSize } from './constants.js';
import type { Operator } from './context.js';
import { lowerConv } from './conv.js';
import { lowerConvTranspose } from './conv-transpose.js';
import { lowerCumSum } from './cumulative.js';
import { foldDequantizeLinear, lowerDequantizeLinear } from './dequantize.js';
import { lowerEinsum } from './einsum.js';
import { lowerExpand, lowerTile } from './expand.js';
import { lowerMax, lowerMin } from './extremum.js';
import { FUNCTION_OPERATORS } from './functions.js';
import { lowerGather, lowerGatherElements } from './gather.js';
import { lowerHardmax } from './hardmax.js';
import { lowerDropout, lowerIdentity } from './identity.js';
import { lowerLinearAttention } from './linear-attention.js';
import { lowerGemm, lowerMatMul } from './matmul.js';
import { lowerLoop, lowerScan } from './loops.js';
import { lowerInstanceNormalization, lowerLayerNormalization } from './normalization.js';
import { lowerPad } from './pad.js';
import { lowerAveragePool, lowerGlobalAveragePool, lowerGlobalMaxPool, lowerMaxPool } from './pooling.js';
import { foldPow, lowerPow } from './power.js';
import { lowerAbs, lowerClip, lowerHardSigmoid, lowerHardSwish, lowerLeakyRelu, lowerPRelu, lowerRelu, lowerThresholdedRelu } from './rectifiers.js';
import {
  lowerReduceL1, lowerReduceL2, lowerReduceLogSum, lowerReduceLogSumExp, lowerReduceMax, lowerReduceMean, lowerReduceMin, lowerReduceSum,
  lowerReduceProd, lowerReduceSumSquare,
} from './reduce.js';
import { lowerGru, lowerLstm, lowerRnn } from './recurrent.js';
import { lowerFlatten, lowerReshape, lowerSqueeze, lowerUnsqueeze } from './reshaping.js';
import { lowerResize } from './resize.js';
import { lowerTrilu, lowerWhere } from './select.js';
import { lowerSlice, lowerSplit } from './slice.js';
import { lowerLogSoftmax, lowerSoftmax } from './softmax.js';
import { lowerDepthToSpace, lowerSpaceToDepth, lowerTranspose } from './transpose.js';

export const OPERATORS: Readonly<Record<string, Operator>> = {
  ...CONSTANT_ARITHMETIC,
  ...FUNCTION_OPERATORS,
  Abs: { lower: lowerAbs },
  Add: { lower: lowerAdd, fold: foldAdd },
  And: { ...CONSTANT_ARITHMETIC.And, lower: lowerAnd },
  ArgMax: { lower: lowerArgMax, afterSoftmax: 'ends' },
  ArgMin: { lower: lowerArgMin },
  Attention: { lower: lowerAttention },
  AveragePool: { lower: lowerAveragePool },
  BatchNormalization: { lower: lowerBatchNormalization },
  Cast: { lower: lowerCast, fold: foldCast, afterSoftmax: 'carries' },
  CastLike: { lower: lowerCast, fold: foldCast, afterSoftmax: 'carries' },
  Clip: { lower: lowerClip },
  Concat: { lower: lowerConcat },
  Constant: { fold: foldConstant },
  ConstantOfShape: { fold: foldConstantOfShape },
  Conv: { lower: lowerConv },
  ConvTranspose: { lower: lowerConvTranspose },
  CumSum: { lower: lowerCumSum },
  DepthToSpace: { lower: lowerDepthToSpace },
  DequantizeLinear: { lower: lowerDequantizeLinear, fold: foldDequantizeLinear },
  Div: { lower: lowerDiv, fold: foldDiv },
  Dropout: { lower: lowerDropout, fold: lowerDropout, afterSoftmax: 'carries' },
  Einsum: { lower: lowerEinsum },
  Equal: { ...CONSTANT_ARITHMETIC.Equal, lower: lowerEqual },
  Expand: { lower: lowerExpand },
  Flatten: { lower: lowerFlatten, afterSoftmax: 'carries' },
  Gather: { lower: lowerGather },
  GatherElements: { lower: lowerGatherElements },
  Gemm: { lower: lowerGemm },
  GlobalAveragePool: { lower: lowerGlobalAveragePool },
  GlobalMaxPool: { lower: lowerGlobalMaxPool },
  GRU: { lower: lowerGru, fold: lowerGru },
  Greater: { ...CONSTANT_ARITHMETIC.Greater, lower: lowerGreater },
  GreaterOrEqual: { ...CONSTANT_ARITHMETIC.GreaterOrEqual, lower: lowerGreaterOrEqual },
  Hardmax: { lower: lowerHardmax },
  HardSigmoid: { lower: lowerHardSigmoid },
  HardSwish: { lower: lowerHardSwish },
  Identity: { lower: lowerIdentity, fold: lowerIdentity, afterSoftmax: 'carries' },
  If: { lower: lowerIf, fold: lowerIf },
  InstanceNormalization: { lower: lowerInstanceNormalization },
  LayerNormalization: { lower: lowerLayerNormalization },
  LeakyRelu: { lower: lowerLeakyRelu },
  Less: { ...CONSTANT_ARITHMETIC.Less, lower: lowerLess },
  LessOrEqual: { ...CONSTANT_ARITHMETIC.LessOrEqual, lower: lowerLessOrEqual },
  Loop: { lower: lowerLoop, fold: lowerLoop },
  LSTM: { lower: lowerLstm, fold: lowerLstm },
  LinearAttention: { lower: lowerLinearAttention },
  LogSoftmax: { lower: lowerLogSoftmax },
  MatMul: { lower: lowerMatMul },
  Max: { lower: lowerMax },
  MaxPool: { lower: lowerMaxPool },
  Mean: { lower: lowerMean },
  Min: { lower: lowerMin },
  Mul: { lower: lowerMul, fold: foldMul },
  Neg: { lower: lowerNeg },
  Not: { ...CONSTANT_ARITHMETIC.Not, lower: lowerNot },
  Or: { ...CONSTANT_ARITHMETIC.Or, lower: lowerOr },
  Pad: { lower: lowerPad },
  Pow: { lower: lowerPow, fold: foldPow },
  PRelu: { lower: lowerPRelu },
  Range: { fold: foldRange },
  ReduceL1: { lower: lowerReduceL1 },
  ReduceL2: { lower: lowerReduceL2 },
  ReduceLogSum: { lower: lowerReduceLogSum },
  ReduceLogSumExp: { lower: lowerReduceLogSumExp },
  ReduceMax: { lower: lowerReduceMax },
  ReduceMean: { lower: lowerReduceMean },
  ReduceMin: { lower: lowerReduceMin },
  ReduceProd: { ...CONSTANT_ARITHMETIC.ReduceProd, lower: lowerReduceProd },
  ReduceSum: { lower: lowerReduceSum },
  ReduceSumSquare: { lower: lowerReduceSumSquare },
  Relu: { lower: lowerRelu },
  RNN: { lower: lowerRnn, fold: lowerRnn },
  Scan: { lower: lowerScan, fold: lowerScan },
  Reshape: { lower: lowerReshape, afterSoftmax: 'carries' },
  Resize: { lower: lowerResize },
  RotaryEmbedding: { lower: lowerRotaryEmbedding },
  Shape: { lower: lowerShape, fold: lowerShape, afterSoftmax: 'ends' },
  Size: { lower: lowerSize, fold: lowerSize, afterSoftmax: 'ends' },
  Slice: { lower: lowerSlice },
  Softmax: { lower: lowerSoftmax },
  SpaceToDepth: { lower: lowerSpaceToDepth },
  Split: { lower: lowerSplit },
  Squeeze: { lower: lowerSqueeze, afterSoftmax: 'carries' },
  Sub: { lower: lowerSub, fold: foldSub },
  Sum: { lower: lowerSum },
  ThresholdedRelu: { lower: lowerThresholdedRelu },
  Tile: { lower: lowerTile },
  Transpose: { lower: lowerTranspose, afterSoftmax: 'carries' },
  Trilu: { lower: lowerTrilu },
  Unsqueeze: { lower: lowerUnsqueeze, afterSoftmax: 'carries' },
  Upsample: { lower: lowerResize },
  Where: { lower: lowerWhere, fold: foldWhere },
  Xor: { ...CONSTANT_ARITHMETIC.Xor, lower: lowerXor },
};

/** Operators that may compute on activations, alphabetically. */
export function supportedOps(): string[] {
  return Object.keys(OPERATORS)
    .filter((op) => OPERATORS[op].lower !== undefined)
    .sort();
}

/** Operators that are computed where all their inputs are constants, and only there, alphabetically. */
export function constantOps(): string[] {
  return Object.keys(OPERATORS)
    .filter((op) => OPERATORS[op].lower === undefined)
    .sort();
}
