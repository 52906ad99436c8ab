/**
 * A function of one quantized value, looked up by its digits: those that the requantization before it has made, or ones
 * made here of a value that has none. Entries that are a few straight lines take one product for them all. Where the
 * index saturates, one product more replaces what the digits say by the entry at the end of the range.
 */
import { lines, linesOf, multiplyAdd, shapesOf, table, type GadgetSpec } from '../../gadgets/index.js';
import type { IntegerOp, IntegerTable } from '../../integer/integer-model.js';
import { leastOf, mostOf } from '../../tensor/extremes.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Emitter } from '../emitter.js';
import { makeDigits } from './digits.js';

/** Whether the digits that `producer` makes of its result are the table's index. */
export function readsDigits(op: IntegerTable, producer: IntegerOp | undefined): boolean {
  return producer?.kind === 'requantize' && producer.low === op.low && producer.bits === op.bits;
}

/** By straight lines, where the entries are few enough of them to cost less than a table. */
function cheapest(bits: number, entries: readonly number[]): GadgetSpec {
  const whole = table.with({ bits, entries });
  const few = linesOf(bits, entries);
  if (few === undefined) return whole;
  const straight = lines.with(few);
  return lines.constraints(straight) < table.constraints(whole) ? straight : whole;
}

export function compileTable(op: IntegerTable, at: Emitter): void {
  const [input] = op.inputs;
  const size = sizeOf(op.shape);
  const last = op.entries.length - 1;
  const indexRange = (i: number): [number, number] => {
    const [low, high] = at.bounds(input, i);
    return [low - op.low, high - op.low];
  };
  const digits =
    at.digits(input, op.low, op.bits) ??
    makeDigits(at.shifted(at.rows(input), -op.low), size, indexRange, 0, op.bits, at);

  // circom gives an output that always equals one input digit no wire of its own. Such a function is moved to be 1
  // where all digits are 0, which no digit is.
  const straightRows = shapesOf(op.bits, Array.from(op.entries)).length === 1;
  const offset = straightRows ? 1 - op.entries[0] : 0;
  const entries = Array.from(op.entries, (value) => value + offset);
  const spec = cheapest(op.bits, entries);
  const [leastEntry, mostEntry] = [leastOf(entries), mostOf(entries)];

  const looked = Array.from({ length: size }, (_, i) => {
    const [low, high] = at.bounds(op.output, i);
    if (low === high) return { constant: low };
    const operands = Array.from({ length: op.bits }, (__, k) => ({ rows: digits.rows, row: i * op.bits + k }));
    const saturates = digits.inside[i] >= 0;
    const range: [number, number] = saturates ? [leastEntry, mostEntry] : [low + offset, high + offset];
    return { value: at.netlist.instance(spec, operands, ...range), saturates };
  });

  // inside * (f(digits) - f(M)) + f(0) + (f(M) - f(0)) * nonNegative
  const factors = at.writer();
  looked.forEach(({ value, saturates }, i) => {
    if (saturates !== true) return;
    factors.addTerm(digits.inside[i], 1);
    factors.endRow();
    factors.addTerm(value, 1);
    factors.addConstant(-entries[last]);
    factors.endRow();
    factors.addTerm(digits.nonNegative[i], entries[last] - entries[0]);
    factors.addConstant(entries[0]);
    factors.endRow();
  });
  const rows = factors.finish();
  let next = 0;
  const result = at.elementwise(size, (i) => {
    const { constant, value, saturates } = looked[i];
    if (constant !== undefined) return { constant };
    if (saturates !== true) return { value, constant: -offset };
    const operands = [next, next + 1, next + 2].map((row) => ({ rows, row }));
    next += 3;
    const [low, high] = at.bounds(op.output, i);
    return {
      value: at.netlist.instance(multiplyAdd.with({}), operands, low + offset, high + offset),
      constant: -offset,
    };
  });
  at.set(op.output, result);
}
