/**
 * Division by a power of two with rounding and saturation: the cheapest gadget that the accumulator's worst-case
 * interval allows, or none where the interval already says the result.
 */
import {
  constraintsOf,
  multiplyAdd,
  requantize,
  requantizeClamp,
  requantizeMin,
  requantizeRelu,
  type GadgetSpec,
} from '../../gadgets/index.js';
import type { IntegerRequantize } from '../../integer/integer-model.js';
import { bitsOf } from '../../integer/intervals.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Emitter } from '../emitter.js';
import type { LinearRows } from '../linear-rows.js';
import { makeDigits } from './digits.js';
import { compileThresholds, type ThresholdTest } from './thresholds.js';

export function compileRequantize(op: IntegerRequantize, at: Emitter): void {
  if (at.isReadByDigits(op.output)) compileToDigits(op, at);
  else compileToValues(op, at);
}

function compileToValues(op: IntegerRequantize, at: Emitter): void {
  const [x] = at.inputs(op);
  const top = 2 ** op.bits - 1;
  // t = x + half - low * 2^shift, so that the result is low + clamp(floor(t / 2^shift), 0, top).
  const offset = offsetOf(op);
  const shifted = at.shifted(x, offset);
  const clamp = (t: number): number => Math.min(Math.max(Math.floor(t / 2 ** op.shift), 0), top);
  const ends = (i: number): [number, number] => {
    const [low, high] = at.interval(op.inputs[0], i);
    return [low + offset, high + offset];
  };
  const together = op.bits === 1 ? answerTogether(op, shifted, ends, at) : undefined;
  const result = at.elementwise(sizeOf(op.shape), (i) => {
    const value = together?.get(i);
    if (value !== undefined) return { value, constant: op.low };
    const [low, high] = ends(i);
    if (clamp(low) === clamp(high)) return { constant: op.low + clamp(low) };
    if (op.shift === 0 && low >= 0 && high <= top) return { rows: x, row: i, constant: 0 };
    const spec = requantizeGadget(low, high, op.shift, op.bits);
    return { value: at.netlist.instance(spec, [{ rows: shifted, row: i }], clamp(low), clamp(high)), constant: op.low };
  });
  at.set(op.output, result);
}

/** The bits of comparisons that cost less together, by element. */
function answerTogether(
  { shift, bits, shape }: IntegerRequantize,
  shifted: LinearRows,
  ends: (i: number) => [number, number],
  at: Emitter,
): ReadonlyMap<number, number> {
  const least = 2 ** shift;
  const questions: ThresholdTest[] = [];
  for (let i = 0; i < sizeOf(shape); i += 1) {
    const interval = ends(i);
    if (interval[0] >= least || interval[1] < least) continue;
    questions.push({ i, least, interval, cost: constraintsOf(requantizeGadget(...interval, shift, bits)) });
  }
  return compileThresholds(questions, shifted, at);
}

/** What is added before the division: half a step for rounding, and the low end, so that results start at 0. */
function offsetOf({ shift, low }: IntegerRequantize): number {
  return (shift === 0 ? 0 : 2 ** (shift - 1)) - low * 2 ** shift;
}

/** Digits for tables; the value too, where something else reads it. */
function compileToDigits(op: IntegerRequantize, at: Emitter): void {
  const [x] = at.inputs(op);
  const size = sizeOf(op.shape);
  const offset = offsetOf(op);
  const digits = makeDigits(
    at.shifted(x, offset),
    size,
    (i) => at.interval(op.inputs[0], i).map((bound) => bound + offset),
    op.shift,
    op.bits,
    at,
  );
  at.setDigits(op.output, op.low, digits);
  if (!at.isReadByValue(op.output)) return;
  const top = 2 ** op.bits - 1;
  // The sum of the digits; where it may be outside the range, inside * (sum - top) + top * nonNegative.
  const sums = at.writer();
  for (let i = 0; i < size; i += 1) {
    const saturates = digits.inside[i] >= 0;
    for (let k = 0; k < op.bits; k += 1) sums.addRow(digits.rows, i * op.bits + k, 2 ** k);
    sums.addConstant(saturates ? -top : 0);
    sums.endRow();
    if (saturates) sums.addTerm(digits.inside[i], 1);
    sums.endRow();
    if (saturates) sums.addTerm(digits.nonNegative[i], top);
    sums.endRow();
  }
  const rows = sums.finish();
  const result = at.elementwise(size, (i) => {
    const [low, high] = at.bounds(op.output, i).map((bound) => bound - op.low);
    if (low === high) return { constant: low + op.low };
    const [sum, inside, above] = [0, 1, 2].map((k) => ({ rows, row: 3 * i + k }));
    const value =
      digits.inside[i] < 0
        ? at.netlist.wire(sum, low, high)
        : at.netlist.instance(multiplyAdd.with({}), [inside, sum, above], low, high);
    return { value, constant: op.low };
  });
  at.set(op.output, result);
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
