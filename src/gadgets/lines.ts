/**
 * Wires of `circuits/Lines.circom`: products that make a one-hot vector of the index's upper digits, and the output.
 */
import { defineGadget, Wires } from './gadget.js';
import { oneHotProducts, writeOneHot } from './table.js';

/** Most upper digits that a function by lines takes: beyond, a table of all entries is as cheap. */
export const MOST_UPPER_DIGITS = 6;

export const lines = defineGadget({
  template: 'Lines',
  parameters: { lower: 'integer', upper: 'integer', base: 'integers', slope: 'integers' },
  simplification: 1,
  outputs: () => 1,
  constraints: ({ upper }) => oneHotProducts(upper) + 1,
  inputRange: () => ({ low: 0n, high: 1n }),
  prepare({ lower, upper, base, slope }, object) {
    const wires = new Wires(object);
    const digit = wires.many('digit', lower + upper);
    const output = wires.one('out');
    const rowProduct = wires.many('rowProduct', oneHotProducts(upper));
    return {
      field: false,
      run(inputs, out) {
        out[0] = 1;
        let [low, row] = [0, 0];
        for (let i = 0; i < digit.length; i += 1) {
          out[digit[i]] = inputs[i];
          if (i < lower) low += inputs[i] * 2 ** i;
          else row += inputs[i] * 2 ** (i - lower);
        }
        writeOneHot(row, rowProduct, upper, out);
        out[output] = base[row] + slope[row] * low;
      },
    };
  },
});

/** A table's entries as straight lines: the first entry of each, and how much each rises from one entry to the next. */
export interface EntryLines {
  readonly lower: number;
  readonly upper: number;
  readonly base: readonly number[];
  readonly slope: readonly number[];
}

/** The fewest lines that 2^bits entries are; undefined where they are all one line, or more than 2^6. */
export function linesOf(bits: number, entries: readonly number[]): EntryLines | undefined {
  for (let upper = 1; upper <= Math.min(MOST_UPPER_DIGITS, bits - 1); upper += 1) {
    const lower = bits - upper;
    const base = Array.from({ length: 2 ** upper }, (_, row) => entries[row * 2 ** lower]);
    const slope = base.map((first, row) => entries[row * 2 ** lower + 1] - first);
    if (
      !entries.every(
        (value, k) => value === base[Math.floor(k / 2 ** lower)] + slope[Math.floor(k / 2 ** lower)] * (k % 2 ** lower),
      )
    )
      continue;
    return slope.every((rise) => rise === slope[0]) ? undefined : { lower, upper, base, slope };
  }
  return undefined;
}
