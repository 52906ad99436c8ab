/**
 * Some digits of a requantized tensor, or of an input, as a number: a combination of the digits that its cut has made.
 * Where the cut saturates, one product puts the digits of the saturated result in their place.
 */
import { multiplyAdd } from '../../gadgets/index.js';
import type { IntegerOp, IntegerPart } from '../../integer/integer-model.js';
import { bitsOf } from '../../integer/intervals.js';
import { leastOf, mostOf } from '../../tensor/extremes.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Emitter } from '../emitter.js';
import { makeDigits, type Digits } from './digits.js';

/** Whether the digits that `producer` makes of its result, or the check of a graph input, are those of the part. */
export function readsPart(op: IntegerPart, producer: IntegerOp | undefined): boolean {
  if (producer === undefined) return true;
  return producer.kind === 'requantize' && producer.low === op.low && producer.bits >= op.first + op.count;
}

export function compilePart(op: IntegerPart, at: Emitter): void {
  const size = sizeOf(op.shape);
  const [input] = op.inputs;
  const digits = at.digits(input, op.low) ?? ownDigits(op, size, at);
  const { bits, rows, inside, nonNegative } = digits;
  const used = Math.min(op.count, bits - op.first);
  const top = 2 ** used - 1;
  // The digits' sum; where the cut may saturate, inside * (sum - top) + top * nonNegative.
  const sums = at.writer();
  for (let i = 0; i < size; i += 1) {
    const saturates = inside[i] >= 0;
    for (let k = 0; k < used; k += 1) sums.addRow(rows, i * bits + op.first + k, 2 ** k);
    sums.addConstant(saturates ? -top : 0);
    sums.endRow();
    if (saturates) sums.addTerm(inside[i], 1);
    sums.endRow();
    if (saturates) sums.addTerm(nonNegative[i], top);
    sums.endRow();
  }
  const parts = sums.finish();
  const result = at.elementwise(size, (i) => {
    const [low, high] = at.bounds(op.output, i);
    const [sum, flag, above] = [0, 1, 2].map((k) => ({ rows: parts, row: 3 * i + k }));
    if (inside[i] >= 0)
      return { value: at.netlist.instance(multiplyAdd.with({}), [flag, sum, above], low, high), constant: 0 };
    // One digit is a value already, and so is a constant.
    if (at.netlist.termCount(parts, 3 * i) <= 1) return { ...sum, constant: 0 };
    return { value: at.netlist.wire(sum, low, high), constant: 0 };
  });
  at.set(op.output, result);
}

/** Digits of a value that was not cut to any, raised by a multiple of what these digits repeat after. */
function ownDigits({ inputs: [input], low, first, count }: IntegerPart, size: number, at: Emitter): Digits {
  const interval = (i: number, offset: number): number[] => at.bounds(input, i).map((bound) => bound + offset);
  const ends = (offset: number): number[] => Array.from({ length: size }, (_, i) => interval(i, offset)).flat();
  const raised = Math.ceil(Math.max(0, -leastOf(ends(-low))) / 2 ** (first + count)) * 2 ** (first + count) - low;
  const bits = Math.max(first + count, bitsOf(mostOf(ends(raised))));
  return makeDigits(at.shifted(at.rows(input), raised), size, (i) => interval(i, raised), 0, bits, at);
}
