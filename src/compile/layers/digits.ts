/**
 * A requantized tensor as binary digits: what a table takes as its index. The digits are those of floor(t / 2^shift),
 * of its lower part where it may lie outside [0, 2^bits - 1]; two flags then say on which side, and whoever reads the
 * digits saturates.
 */
import { requantizeClampDigits, requantizeDigits } from '../../gadgets/index.js';
import { bitsOf } from '../../integer/intervals.js';
import type { Emitter } from '../emitter.js';
import type { LinearRows } from '../linear-rows.js';

/** Digits of every element of a tensor. */
export interface Digits {
  readonly bits: number;
  /** `bits` rows an element, least significant first: a value each, or a constant. */
  readonly rows: LinearRows;
  /** By element: 1 where nothing saturates; -1 in place of both where that is known. */
  readonly inside: Int32Array;
  /** By element: 0 where it lies below the range. */
  readonly nonNegative: Int32Array;
}

/** Digits of clamp(floor(t / 2^shift), 0, 2^bits - 1) with t the rows and [low, high] = interval(i). */
export function makeDigits(
  rows: LinearRows,
  count: number,
  interval: (i: number) => readonly number[],
  shift: number,
  bits: number,
  at: Emitter,
): Digits {
  const ceiling = 2 ** (shift + bits);
  const [inside, nonNegative] = [new Int32Array(count).fill(-1), new Int32Array(count).fill(-1)];
  const made = Array.from({ length: count }, (_, i) => {
    const [low, high] = interval(i);
    const [least, most] = [low, high].map((t) => Math.min(Math.max(Math.floor(t / 2 ** shift), 0), 2 ** bits - 1));
    if (least === most) return { constant: least };
    const operand = { rows, row: i };
    if (low >= 0 && high < ceiling) {
      const width = Math.max(2, shift + 1, bitsOf(high));
      const digits = width - shift;
      const first = at.netlist.instanceOfMany(
        requantizeDigits.with({ bits: width, shift }),
        [operand],
        new Array(digits).fill([0, 1]),
      );
      return { first, digits };
    }
    const width = Math.max(bitsOf(-low - 1), bitsOf(high - ceiling), shift + bits + 1);
    const spec = requantizeClampDigits.with({ bits: width, shift, outBits: bits });
    const first = at.netlist.instanceOfMany(spec, [operand], new Array(bits + 2).fill([0, 1]));
    [nonNegative[i], inside[i]] = [first + bits, first + bits + 1];
    return { first, digits: bits };
  });
  const writer = at.writer();
  for (const element of made) {
    for (let k = 0; k < bits; k += 1) {
      if (element.constant !== undefined) writer.addConstant(Math.floor(element.constant / 2 ** k) % 2);
      // Digits that the interval rules out are 0.
      else if (k < element.digits) writer.addTerm(element.first + k, 1);
      writer.endRow();
    }
  }
  return { bits, rows: writer.finish(), inside, nonNegative };
}
