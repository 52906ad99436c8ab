/**
 * What an integer op means, asked of its kind's row: its result on values, and bounds of its result from bounds of its
 * inputs.
 * The trap: a bound must hold for every input inside the bounds, for it decides bit-widths on which a proof's existence
 * rests.
 */
import type { Intervals } from '../tensor/intervals.js';
import type { IntegerLayer } from './layer.js';
import { INTEGER_LAYERS, type IntegerOp } from './layers/index.js';

/** Evaluates one op on the values of its inputs. */
export function evaluateOp(op: IntegerOp, inputs: readonly Float64Array[]): Float64Array {
  return layerOf(op).evaluate(op, inputs);
}

/** Bounds of one op's result from bounds of its inputs. */
export function boundOp(op: IntegerOp, inputs: readonly Intervals[]): Intervals {
  return layerOf(op).bound(op, inputs);
}

/** Largest sum of magnitudes of any element's terms, from bounds of the op's inputs. */
export function reachOp(op: IntegerOp, inputs: readonly Intervals[]): number {
  return layerOf(op).reach(
    op,
    inputs.map(({ low, high }) => low.map((value, i) => Math.max(Math.abs(value), Math.abs(high[i])))),
  );
}

function layerOf(op: IntegerOp): IntegerLayer<IntegerOp> {
  return INTEGER_LAYERS[op.kind] as IntegerLayer<IntegerOp>;
}
