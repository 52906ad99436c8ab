/**
 * The integer program that quantization makes of a float network: the specification that the interpreter runs and the
 * circuit proves (Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
 * Inference", CVPR 2018, with zero points replaced by signed ranges). Semantics are exact: every value is an integer of
 * magnitude below 2^53, held in a Float64Array, row-major; real value = scale * integer.
 *
 * The trap: floats that hold integers are exact only below 2^53, so `intervals.ts` proves that bound for every
 * accumulator before the quantizer gives a model away.
 */
import type { Shape } from '../network/graph.js';
import type { TensorId } from './layer.js';
import type { IntegerOp } from './layers/index.js';

export type { TensorId } from './layer.js';
export type * from './layers/index.js';

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
  /**
   * Rows that one run takes, each through the same ops: inputs and outputs of a run then hold this many rows, one after
   * the other, while the shapes here are those of one row. Absent: a run is one row. See `batch.ts`.
   */
  readonly batch?: number;
  /** Of a batch: its outputs are the sums of its rows' outputs, element by element, in the shape of one row's. */
  readonly summed?: true;
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
