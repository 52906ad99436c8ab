/**
 * The witness plan of a linked circuit: for each step, in order, where its inputs come from and which wires it fills.
 * Small combinations are rows of typed arrays over wires; the few with large coefficients stand beside.
 */
import type { GadgetSignals } from '../gadgets/index.js';
import type { LinearOp } from './linear-layer.js';

export interface BigRow {
  readonly wires: readonly number[];
  readonly coefficients: readonly bigint[];
  readonly constant: bigint;
}

/**
 * A dense or convolution layer whose rows are not written out: the witness computes it as the integer model does, and
 * puts its result into places after all wires, which combinations may read as if they were wires.
 */
export interface LinearBlock {
  /** It is computed before this step. */
  readonly step: number;
  /** Position of its op in the integer model, which has the weights. */
  readonly position: number;
  readonly op: LinearOp;
  /** Its input's elements are these operands. */
  readonly firstOperand: number;
  readonly operandCount: number;
  /** Its result's elements go to the places `first` .. `first + count`. */
  readonly first: number;
  readonly count: number;
}

/** One circuit that stands in another many times. */
export interface PlanCopies {
  readonly count: number;
  /** Its public outputs are a copy's results, its private inputs the codes of one row. */
  readonly body: WitnessPlan;
}

export interface WitnessPlan {
  /** Wires of the whole circuit, those of copies among them. */
  readonly wireCount: number;
  /** Circuits inside this one, which are run first: where their wires lie is in `copies.ts`. */
  readonly copies?: PlanCopies;
  /** Places after the wires. */
  readonly slotCount: number;
  /** In order. */
  readonly linear: readonly LinearBlock[];
  readonly publicOutputCount: number;
  readonly publicInputCount: number;
  readonly privateInputCount: number;
  readonly gadgets: readonly GadgetSignals[];
  /** By step: its gadget, or -1 for a wire that is the combination itself. */
  readonly gadget: Int32Array;
  /** By step: the wire of its first output, 0 if it has none. Further outputs have the wires after it. */
  readonly outputWire: Uint32Array;
  /** By step: the first of its inner wires, which are consecutive. */
  readonly innerWire: Uint32Array;
  /** By step: its operands are operandOffsets[step] .. operandOffsets[step + 1]. */
  readonly operandOffsets: Uint32Array;
  /** By operand: its terms are termOffsets[operand] .. termOffsets[operand + 1]. */
  readonly termOffsets: Uint32Array;
  /** Of each term, the wire, or a place after the wires. */
  readonly wires: Uint32Array;
  readonly coefficients: Float64Array;
  /** By operand. */
  readonly constants: Float64Array;
  /** Operands whose coefficients are too large for floats; their small row is empty. */
  readonly big: ReadonlyMap<number, BigRow>;
  /**
   * By element of the model's outputs, all outputs one after the other: its terms are resultOffsets[i] ..
   * resultOffsets[i + 1].
   */
  readonly resultOffsets: Uint32Array;
  readonly resultWires: Uint32Array;
  readonly resultCoefficients: Float64Array;
  readonly resultConstants: Float64Array;
}
