/**
 * The integer program that quantization makes of a float network: the specification that the interpreter runs and the
 * circuit proves (Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
 * Inference", CVPR 2018, with zero points replaced by signed ranges). Semantics are exact: every value is an integer of
 * magnitude below 2^53, held in a Float64Array, row-major; real value = scale * integer.
 *
 * The trap: floats that hold integers are exact only below 2^53, so `intervals.ts` proves that bound for every
 * accumulator before a model leaves this folder.
 */
import type { Groups, Shape } from '../network/graph.js';
import type { ConvGeometry } from '../tensor/kernels.js';
import type { Intervals } from '../tensor/intervals.js';
import type { Weights } from '../tensor/weights.js';

/**
 * A tensor of an integer model: a number that the quantizer gave out, inputs first. Names of the ONNX file are no
 * identity, since the quantizer makes tensors of its own, whose names a file could hold too.
 */
export type TensorId = number;

interface OpBase {
  /** The tensor made; no other op or input makes it. */
  readonly output: TensorId;
  readonly inputs: readonly TensorId[];
  readonly shape: Shape;
  /** real = scale * integer, for the tensor made. */
  readonly scale: number;
  /** Name of the network's layer that this op implements. */
  readonly layer: string;
  /**
   * Worst-case interval of each element of the tensor made, as the quantizer found it when it made the op; absent in a
   * model read from a file, which does not hold it. Ask `boundModel`. An op that is changed is another op: leave its
   * bounds behind.
   */
  readonly bounds?: Intervals;
}

/** y[r, o] = bias[o] + sum_i weight[o, i] x[r, i] */
export interface IntegerDense extends OpBase {
  readonly kind: 'dense';
  readonly rows: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** Whole numbers; see `tensor/weights.ts`. */
  readonly weight: Weights;
  readonly bias: Float64Array;
}

/** Cross-correlation with zero padding; fields as in the graph's ConvNode. */
export interface IntegerConv extends OpBase, ConvGeometry {
  readonly kind: 'conv';
  readonly weight: Weights;
  readonly bias: Float64Array;
}

/** y[i] = factor[i] x[i] + shift[i] */
export interface IntegerAffine extends OpBase {
  readonly kind: 'affine';
  readonly factor: Float64Array;
  readonly shift: Float64Array;
}

/** y[i] = factor[i] * (sum of x over group i) */
export interface IntegerGroupSum extends OpBase {
  readonly kind: 'groupSum';
  readonly groups: Groups;
  readonly factor: Float64Array;
}

/** y[i] = maximum of x over group i */
export interface IntegerMax extends OpBase {
  readonly kind: 'max';
  readonly groups: Groups;
}

/** y[i] = z[index[i]], z being all inputs one after the other; constants[-1 - index[i]] where the index is negative. */
export interface IntegerMove extends OpBase {
  readonly kind: 'move';
  readonly index: Int32Array;
  readonly constants: Float64Array;
}

/** y[i] = sum_k coefficients[k] inputs[k][i] */
export interface IntegerSum extends OpBase {
  readonly kind: 'sum';
  readonly coefficients: readonly number[];
}

/** y[i] = inputs[0][i] inputs[1][i] */
export interface IntegerMultiply extends OpBase {
  readonly kind: 'multiply';
}

/** y[i] = position in group i of its largest element; ties to the first, or to the last where `selectLast`. */
export interface IntegerArgMax extends OpBase {
  readonly kind: 'argMax';
  readonly groups: Groups;
  readonly selectLast: boolean;
}

/**
 * y[i] = clamp(floor((x[i] + half) / 2^shift), low, low + 2^bits - 1), half = 2^(shift - 1), or 0 where shift is 0:
 * division by a power of two rounding half up, then saturation. ReLU is low = 0.
 */
export interface IntegerRequantize extends OpBase {
  readonly kind: 'requantize';
  readonly shift: number;
  readonly low: number;
  readonly bits: number;
}

/**
 * y[i] = floor((x[i] - low) / 2^first) mod 2^count: some consecutive binary digits of a quantized value, as a number.
 * count >= 1.
 */
export interface IntegerPart extends OpBase {
  readonly kind: 'part';
  readonly low: number;
  readonly first: number;
  readonly count: number;
}

/**
 * y[i] = entries[k], k = clamp(x[i] - low, 0, 2^bits - 1): any function of one quantized value. 4 <= bits <= 12, and
 * 2^bits entries.
 */
export interface IntegerTable extends OpBase {
  readonly kind: 'table';
  readonly low: number;
  readonly bits: number;
  readonly entries: Float64Array;
}

/**
 * Softmax, as y / numerator about. With M the largest x of i's group and gap[i] = M - x[i], less 1 for members before
 * the first largest, e[i] = entries[min(floor(gap[i] / 2^shift), entries.length - 1)] and y[i] = e[i] floor(numerator /
 * (sum of e over the group)). Each element is in one group; 2^4 to 2^12 entries, none negative, the first the largest
 * and not zero; shift >= 1.
 */
export interface IntegerSoftmax extends OpBase {
  readonly kind: 'softmax';
  readonly groups: Groups;
  readonly shift: number;
  readonly entries: Float64Array;
  readonly numerator: number;
}

/** y[b, i, j] = sum_k A[left[b], i, k] B[right[b], k, j]; fields as in the graph's MatMulNode. */
export interface IntegerMatMul extends OpBase {
  readonly kind: 'matmul';
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  readonly left: Int32Array;
  readonly right: Int32Array;
}

/** y[i] = floor(sqrt(x[i])), of numbers that are not negative and below 2^52. */
export interface IntegerSquareRoot extends OpBase {
  readonly kind: 'squareRoot';
}

export type IntegerOp =
  | IntegerDense
  | IntegerConv
  | IntegerAffine
  | IntegerGroupSum
  | IntegerMax
  | IntegerMove
  | IntegerSum
  | IntegerMultiply
  | IntegerArgMax
  | IntegerRequantize
  | IntegerPart
  | IntegerSquareRoot
  | IntegerTable
  | IntegerSoftmax
  | IntegerMatMul;

export type IntegerOpKind = IntegerOp['kind'];

/** A graph input: element i is an integer in [low[i], low[i] + 2^bits - 1], real = scale[i] * integer. */
export interface IntegerInput {
  /** What the ONNX file calls it. */
  readonly name: string;
  readonly tensor: TensorId;
  readonly shape: Shape;
  readonly bits: number;
  /** One entry for all elements, or one per element. */
  readonly scale: Float64Array;
  /** One entry for all elements, or one per element. */
  readonly low: Float64Array;
  /** The input takes integers, which stand for themselves; a fraction is refused, not rounded. */
  readonly exact?: true;
  /**
   * The model itself rounds the input to this grid, halves to even, and saturates: a real beyond an end is taken for
   * the end.
   */
  readonly saturates?: true;
  /**
   * Of integers: the declared range, where it is narrower than what `low` and `bits` hold. The circuit takes those,
   * `encodeInputs` these alone.
   */
  readonly declared?: readonly [number, number];
  /** The input was given as a constant: each element is `low`, and the circuit takes no other. Its one bit is 0. */
  readonly fixed?: true;
}

export interface IntegerOutput {
  /** What the ONNX file calls it. */
  readonly name: string;
  readonly tensor: TensorId;
  readonly shape: Shape;
  readonly scale: number;
  readonly omitted?: 'Softmax' | 'LogSoftmax' | 'Sigmoid';
}

/** A layer of the network, for reports: what the user called it and which operator it was. */
export interface LayerSource {
  readonly name: string;
  readonly op: string;
  readonly shape: Shape;
  /** Its author has it saturate at the ends of a grid. */
  readonly saturates?: true;
}

export interface IntegerModel {
  readonly activationBits: number;
  readonly inputs: readonly IntegerInput[];
  readonly ops: readonly IntegerOp[];
  readonly outputs: readonly IntegerOutput[];
  readonly layers: readonly LayerSource[];
  readonly notes: readonly string[];
}

/** Largest magnitude an accumulator may reach in the worst case; leaves head room below 2^53. */
export const ACCUMULATOR_LIMIT = 2 ** 50;
/**
 * Largest sum of the magnitudes of an accumulator's terms: no partial sum of it leaves exact arithmetic, in whatever
 * order it is taken.
 */
export const REACH_LIMIT = 2 ** 52;
