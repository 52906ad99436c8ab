/**
 * The operator table: one row per ONNX operator of the default domain. To add an operator, write its file and its row.
 */
import {
  foldAdd,
  foldDiv,
  foldMul,
  foldSub,
  lowerAdd,
  lowerDiv,
  lowerMean,
  lowerMul,
  lowerNeg,
  lowerSub,
  lowerSum,
} from './arithmetic.js';
import { lowerArgMax, lowerArgMin } from './arg-max.js';
import { lowerAttention, lowerRotaryEmbedding } from './attention.js';
import { lowerBatchNormalization } from './batch-normalization.js';
import { foldCast, lowerCast } from './cast.js';
import {
  lowerAnd,
  lowerEqual,
  lowerGreater,
  lowerGreaterOrEqual,
  lowerLess,
  lowerLessOrEqual,
  lowerNot,
  lowerOr,
  lowerXor,
} from './comparison.js';
import { lowerConcat } from './concat.js';
import { CONSTANT_ARITHMETIC, foldWhere } from './constant-arithmetic.js';
import { lowerIf } from './conditional.js';
import { foldConstant, foldConstantOfShape, foldRange, lowerShape, lowerSize } from './constants.js';
import type { OnnxOperator } from './context.js';
import { lowerConv } from './conv.js';
import { lowerConvTranspose } from './conv-transpose.js';
import { lowerCumSum } from './cumulative.js';
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
import { lowerSwiGlu } from './gated.js';
import {
  lowerGroupNormalization,
  lowerInstanceNormalization,
  lowerLayerNormalization,
  lowerLpNormalization,
  lowerLrn,
  lowerMeanVarianceNormalization,
  lowerRmsNormalization,
} from './normalization.js';
import { foldNonMaxSuppression } from './non-max-suppression.js';
import { lowerPad } from './pad.js';
import {
  lowerAveragePool,
  lowerGlobalAveragePool,
  lowerGlobalLpPool,
  lowerGlobalMaxPool,
  lowerLpPool,
  lowerMaxPool,
  lowerMaxUnpool,
} from './pooling.js';
import { foldPow, lowerPow } from './power.js';
import {
  lowerConvInteger,
  lowerDequantizeLinear,
  lowerDynamicQuantizeLinear,
  lowerMatMulInteger,
  lowerQLinearConv,
  lowerQLinearMatMul,
  lowerQuantizeLinear,
} from './quantized.js';
import {
  lowerAbs,
  lowerClip,
  lowerHardSigmoid,
  lowerHardSwish,
  lowerLeakyRelu,
  lowerPRelu,
  lowerRelu,
  lowerThresholdedRelu,
} from './rectifiers.js';
import {
  lowerLog,
  lowerReduceL1,
  lowerReduceL2,
  lowerReduceLogSum,
  lowerReduceLogSumExp,
  lowerReduceMax,
  lowerReduceMean,
  lowerReduceMin,
  lowerReduceSum,
  lowerReduceProd,
  lowerReduceSumSquare,
} from './reduce.js';
import { lowerReverseSequence } from './reverse-sequence.js';
import { lowerTfIdfVectorizer } from './n-grams.js';
import { lowerGru, lowerLstm, lowerRnn } from './recurrent.js';
import { lowerFlatten, lowerReshape, lowerSqueeze, lowerUnsqueeze } from './reshaping.js';
import { lowerResize } from './resize.js';
import { lowerTrilu, lowerWhere } from './select.js';
import { lowerSlice, lowerSplit } from './slice.js';
import { lowerLogSoftmax, lowerSoftmax } from './softmax.js';
import { lowerDepthToSpace, lowerSpaceToDepth, lowerTranspose } from './transpose.js';
import { lowerAffineGrid, lowerDeformConv, lowerGridSample, lowerRoiAlign } from './sampling.js';
import {
  foldBits,
  foldBitwiseNot,
  lowerBitCast,
  lowerBitShift,
  lowerBitwiseAnd,
  lowerBitwiseNot,
  lowerBitwiseOr,
  lowerBitwiseXor,
  lowerCumProd,
  lowerMod,
} from './integers.js';
import { lowerNegativeLogLikelihoodLoss, lowerSoftmaxCrossEntropyLoss } from './losses.js';
import { lowerGatherNd, lowerOneHot, lowerScatterElements, lowerScatterNd, lowerTensorScatter } from './scatter.js';
import { lowerBucketize, lowerErfc, lowerExpm1 } from './tensorflow.js';
import { lowerTopK } from './top-k.js';
import {
  foldIsInf,
  foldIsNaN,
  foldNonZero,
  foldUnique,
  lowerCenterCropPad,
  lowerCol2Im,
  lowerCompress,
  lowerEyeLike,
  lowerNever,
} from './arrange.js';
import {
  foldBlackmanWindow,
  foldHammingWindow,
  foldHannWindow,
  foldMelWeightMatrix,
  lowerDft,
  lowerStft,
} from './spectral.js';
import { lowerCausalConvWithState } from './causal-conv.js';
import { lowerDet } from './determinant.js';

export const OPERATORS: Readonly<Record<string, OnnxOperator>> = {
  ...CONSTANT_ARITHMETIC,
  ...FUNCTION_OPERATORS,
  Abs: { lower: lowerAbs },
  Add: { lower: lowerAdd, fold: foldAdd },
  AffineGrid: { lower: lowerAffineGrid },
  And: { ...CONSTANT_ARITHMETIC.And, lower: lowerAnd },
  ArgMax: { lower: lowerArgMax, afterSoftmax: 'ends' },
  ArgMin: { lower: lowerArgMin },
  Attention: { lower: lowerAttention },
  AveragePool: { lower: lowerAveragePool },
  BatchNormalization: { lower: lowerBatchNormalization },
  BitCast: { lower: lowerBitCast },
  BitShift: { lower: lowerBitShift },
  BitwiseAnd: { lower: lowerBitwiseAnd, fold: foldBits((a, b) => a & b) },
  BitwiseNot: { lower: lowerBitwiseNot, fold: foldBitwiseNot },
  BitwiseOr: { lower: lowerBitwiseOr, fold: foldBits((a, b) => a | b) },
  BitwiseXor: { lower: lowerBitwiseXor, fold: foldBits((a, b) => a ^ b) },
  BlackmanWindow: { fold: foldBlackmanWindow },
  Cast: { lower: lowerCast, fold: foldCast, afterSoftmax: 'carries' },
  Bucketize: { lower: lowerBucketize, fold: lowerBucketize },
  CastLike: { lower: lowerCast, fold: foldCast, afterSoftmax: 'carries' },
  CausalConvWithState: { lower: lowerCausalConvWithState },
  CenterCropPad: { lower: lowerCenterCropPad },
  Clip: { lower: lowerClip },
  Col2Im: { lower: lowerCol2Im },
  Compress: { lower: lowerCompress },
  Concat: { lower: lowerConcat },
  Constant: { fold: foldConstant },
  ConstantOfShape: { fold: foldConstantOfShape },
  Conv: { lower: lowerConv },
  ConvInteger: { lower: lowerConvInteger, ofUnrounded: 'reads' },
  ConvTranspose: { lower: lowerConvTranspose },
  CumProd: { lower: lowerCumProd },
  CumSum: { lower: lowerCumSum },
  DeformConv: { lower: lowerDeformConv },
  DepthToSpace: { lower: lowerDepthToSpace },
  DequantizeLinear: { lower: lowerDequantizeLinear, fold: lowerDequantizeLinear, ofUnrounded: 'reads' },
  Det: { lower: lowerDet },
  DFT: { lower: lowerDft },
  Div: { lower: lowerDiv, fold: foldDiv },
  Dropout: { lower: lowerDropout, fold: lowerDropout, afterSoftmax: 'carries' },
  DynamicQuantizeLinear: { lower: lowerDynamicQuantizeLinear },
  Einsum: { lower: lowerEinsum },
  Equal: { ...CONSTANT_ARITHMETIC.Equal, lower: lowerEqual },
  Erfc: { lower: lowerErfc, fold: lowerErfc },
  Expand: { lower: lowerExpand },
  Expm1: { lower: lowerExpm1, fold: lowerExpm1 },
  EyeLike: { lower: lowerEyeLike, fold: lowerEyeLike },
  Flatten: { lower: lowerFlatten, afterSoftmax: 'carries', ofUnrounded: 'carries' },
  Gather: { lower: lowerGather },
  GatherElements: { lower: lowerGatherElements },
  GatherND: { lower: lowerGatherNd },
  Gemm: { lower: lowerGemm },
  GlobalAveragePool: { lower: lowerGlobalAveragePool },
  GlobalLpPool: { lower: lowerGlobalLpPool },
  GlobalMaxPool: { lower: lowerGlobalMaxPool },
  GRU: { lower: lowerGru, fold: lowerGru },
  Greater: { ...CONSTANT_ARITHMETIC.Greater, lower: lowerGreater },
  GreaterOrEqual: { ...CONSTANT_ARITHMETIC.GreaterOrEqual, lower: lowerGreaterOrEqual },
  Hardmax: { lower: lowerHardmax },
  GridSample: { lower: lowerGridSample },
  GroupNormalization: { lower: lowerGroupNormalization },
  HammingWindow: { fold: foldHammingWindow },
  HannWindow: { fold: foldHannWindow },
  HardSigmoid: { lower: lowerHardSigmoid },
  HardSwish: { lower: lowerHardSwish },
  Identity: { lower: lowerIdentity, fold: lowerIdentity, afterSoftmax: 'carries', ofUnrounded: 'carries' },
  If: { lower: lowerIf, fold: lowerIf },
  InstanceNormalization: { lower: lowerInstanceNormalization },
  IsInf: { lower: lowerNever, fold: foldIsInf },
  IsNaN: { lower: lowerNever, fold: foldIsNaN },
  LayerNormalization: { lower: lowerLayerNormalization },
  LeakyRelu: { lower: lowerLeakyRelu },
  Less: { ...CONSTANT_ARITHMETIC.Less, lower: lowerLess },
  LessOrEqual: { ...CONSTANT_ARITHMETIC.LessOrEqual, lower: lowerLessOrEqual },
  Log: { lower: lowerLog },
  Loop: { lower: lowerLoop, fold: lowerLoop },
  LSTM: { lower: lowerLstm, fold: lowerLstm },
  LinearAttention: { lower: lowerLinearAttention },
  LogSoftmax: { lower: lowerLogSoftmax },
  LpNormalization: { lower: lowerLpNormalization },
  LpPool: { lower: lowerLpPool },
  LRN: { lower: lowerLrn },
  MatMul: { lower: lowerMatMul },
  MatMulInteger: { lower: lowerMatMulInteger, ofUnrounded: 'reads' },
  Max: { lower: lowerMax },
  MaxPool: { lower: lowerMaxPool },
  MaxUnpool: { lower: lowerMaxUnpool },
  Mean: { lower: lowerMean },
  MelWeightMatrix: { fold: foldMelWeightMatrix },
  MeanVarianceNormalization: { lower: lowerMeanVarianceNormalization },
  Min: { lower: lowerMin },
  Mod: { ...CONSTANT_ARITHMETIC.Mod, lower: lowerMod },
  Mul: { lower: lowerMul, fold: foldMul },
  Neg: { lower: lowerNeg },
  NegativeLogLikelihoodLoss: { lower: lowerNegativeLogLikelihoodLoss },
  NonMaxSuppression: { fold: foldNonMaxSuppression },
  NonZero: { fold: foldNonZero },
  Not: { ...CONSTANT_ARITHMETIC.Not, lower: lowerNot },
  OneHot: { lower: lowerOneHot },
  Or: { ...CONSTANT_ARITHMETIC.Or, lower: lowerOr },
  Pad: { lower: lowerPad },
  Pow: { lower: lowerPow, fold: foldPow },
  PRelu: { lower: lowerPRelu },
  QLinearConv: { lower: lowerQLinearConv },
  QLinearMatMul: { lower: lowerQLinearMatMul },
  QuantizeLinear: { lower: lowerQuantizeLinear },
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
  Reshape: { lower: lowerReshape, afterSoftmax: 'carries', ofUnrounded: 'carries' },
  Resize: { lower: lowerResize },
  ReverseSequence: { lower: lowerReverseSequence },
  RotaryEmbedding: { lower: lowerRotaryEmbedding },
  RMSNormalization: { lower: lowerRmsNormalization },
  RoiAlign: { lower: lowerRoiAlign },
  Scatter: { lower: lowerScatterElements },
  ScatterElements: { lower: lowerScatterElements },
  ScatterND: { lower: lowerScatterNd },
  Shape: { lower: lowerShape, fold: lowerShape, afterSoftmax: 'ends' },
  SimplifiedLayerNormalization: { lower: lowerRmsNormalization },
  Size: { lower: lowerSize, fold: lowerSize, afterSoftmax: 'ends' },
  Slice: { lower: lowerSlice },
  Softmax: { lower: lowerSoftmax },
  SoftmaxCrossEntropyLoss: { lower: lowerSoftmaxCrossEntropyLoss },
  SpaceToDepth: { lower: lowerSpaceToDepth },
  Split: { lower: lowerSplit },
  Squeeze: { lower: lowerSqueeze, afterSoftmax: 'carries', ofUnrounded: 'carries' },
  STFT: { lower: lowerStft },
  Sub: { lower: lowerSub, fold: foldSub },
  Sum: { lower: lowerSum },
  SwiGLU: { lower: lowerSwiGlu },
  TensorScatter: { lower: lowerTensorScatter },
  TfIdfVectorizer: { lower: lowerTfIdfVectorizer },
  ThresholdedRelu: { lower: lowerThresholdedRelu },
  Tile: { lower: lowerTile },
  TopK: { lower: lowerTopK },
  Transpose: { lower: lowerTranspose, afterSoftmax: 'carries', ofUnrounded: 'carries' },
  Trilu: { lower: lowerTrilu },
  Unique: { fold: foldUnique },
  Unsqueeze: { lower: lowerUnsqueeze, afterSoftmax: 'carries', ofUnrounded: 'carries' },
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
