/**
 * Division by a power of two with rounding and saturation: the cheapest gadget that the accumulator's worst-case interval
 * allows, or none where the interval already says the result.
 */
import { requantize, requantizeClamp, requantizeMin, requantizeRelu, type GadgetSpec } from '../../gadgets/index.js';
import type { IntegerRequantize } from '../../quantize/integer-model.js';
import { bitsOf } from '../../quantize/intervals.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Emitter } from '../emitter.js';
import type { LinearRows } from '../linear-rows.js';

export function compileRequantize(op: IntegerRequantize, at: Emitter): void {
  const [x] = at.inputs(op);
  const top = 2 ** op.bits - 1;
  // t = x + half - low * 2^shift, so that the result is low + clamp(floor(t / 2^shift), 0, top).
  const offset = (op.shift === 0 ? 0 : 2 ** (op.shift - 1)) - op.low * 2 ** op.shift;
  const shifted = shiftRows(x, offset);
  const result = at.elementwise(sizeOf(op.shape), (i) => {
    const [low, high] = at.interval(op.inputs[0], i).map((bound) => bound + offset);
    const clamp = (t: number): number => Math.min(Math.max(Math.floor(t / 2 ** op.shift), 0), top);
    if (clamp(low) === clamp(high)) return { constant: op.low + clamp(low) };
    if (op.shift === 0 && low >= 0 && high <= top) return { rows: x, row: i, constant: 0 };
    const spec = requantizeGadget(low, high, op.shift, op.bits);
    return { value: at.netlist.instance(spec, [{ rows: shifted, row: i }], clamp(low), clamp(high)), constant: op.low };
  });
  at.set(op.output, result);
}

function shiftRows(rows: LinearRows, offset: number): LinearRows {
  return { ...rows, constants: rows.constants.map((constant) => constant + offset) };
}

/** The gadget for clamp(floor(t / 2^shift), 0, 2^outBits - 1) with t in [low, high]; contracts in `circuits/`. */
export function requantizeGadget(low: number, high: number, shift: number, outBits: number): GadgetSpec {
  const ceiling = 2 ** (shift + outBits);
  if (low >= 0) {
    if (high < ceiling) return requantize.with({ bits: Math.max(bitsOf(high), shift + 1), shift });
    const top = 2 ** outBits - 1;
    const bits = shift + Math.max(outBits, bitsOf(Math.floor(high / 2 ** shift) - top));
    return requantizeMin.with({ bits, shift, max: top });
  }
  if (high < ceiling) {
    const bits = Math.max(bitsOf(high), bitsOf(2 ** shift - low - 1), shift + 1);
    return requantizeRelu.with({ bits, shift });
  }
  const bits = Math.max(bitsOf(-low - 1), bitsOf(high - ceiling), shift + outBits + 1);
  return requantizeClamp.with({ bits, shift, outBits });
}
