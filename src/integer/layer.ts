/** What is common to all kinds of integer ops: the op itself, and its row. */
import type { Shape } from '../network/graph.js';
import type { Intervals } from '../tensor/intervals.js';

/**
 * A tensor of an integer model: a number that the quantizer gave out, inputs first. Names of the ONNX file are no
 * identity, since the quantizer makes tensors of its own, whose names a file could hold too.
 */
export type TensorId = number;

export interface OpBase {
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

/** What the specification says of one kind. */
export interface IntegerLayer<Op> {
  evaluate(op: Op, inputs: readonly Float64Array[]): Float64Array;
  bound(op: Op, inputs: readonly Intervals[]): Intervals;
  /**
   * Largest sum of magnitudes of any element's terms, from the magnitudes of its inputs: no partial sum, in whatever
   * order, exceeds it.
   */
  reach(op: Op, magnitudes: readonly Float64Array[]): number;
}
