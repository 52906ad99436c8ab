/**
 * Wires of `circuits/Table.circom`: products that make one-hot vectors of the index's lower and upper digits, and one
 * product for each shape of row but the first.
 */
import { defineGadget, Wires } from './gadget.js';

/** Digits of an index at least: with fewer, some may stand in no constraint. */
export const LEAST_TABLE_BITS = 4;
/** At most: beyond, a table is larger than what it replaces. */
export const MOST_TABLE_BITS = 12;

export const oneHotProducts = (bits: number): number => 2 ** bits - 1 - bits;

export const table = defineGadget({
  template: 'Table',
  parameters: { bits: 'integer', entries: 'integers' },
  simplification: 1,
  outputs: () => 1,
  constraints({ bits, entries }) {
    const { upper, lower } = halves(bits);
    return oneHotProducts(upper) + oneHotProducts(lower) + Math.max(1, shapesOf(bits, entries).length - 1);
  },
  inputRange: () => ({ low: 0n, high: 1n }),
  prepare({ bits, entries }, object) {
    const wires = new Wires(object);
    const { upper, lower } = halves(bits);
    const columns = 2 ** lower;
    const digit = wires.many('digit', bits);
    const output = wires.one('out');
    const columnProduct = wires.many('columnProduct', oneHotProducts(lower));
    const rowProduct = wires.many('rowProduct', oneHotProducts(upper));
    const [, ...further] = shapesOf(bits, entries);
    const product = wires.many('product', Math.max(0, further.length - 1));
    const shapeOfRow = new Int32Array(2 ** upper).fill(-1);
    further.forEach((rows, shape) => rows.forEach((row) => (shapeOfRow[row] = shape)));
    return {
      field: false,
      run(inputs, out) {
        out[0] = 1;
        let [column, row] = [0, 0];
        for (let i = 0; i < bits; i += 1) {
          out[digit[i]] = inputs[i];
          if (i < lower) column += inputs[i] * 2 ** i;
          else row += inputs[i] * 2 ** (i - lower);
        }
        writeOneHot(column, columnProduct, lower, out);
        writeOneHot(row, rowProduct, upper, out);
        for (const wire of product) out[wire] = 0;
        const shape = shapeOfRow[row];
        const at = row * columns;
        // The last shape's product is part of the row that defines the output.
        if (shape >= 0 && shape < product.length) {
          out[product[shape]] = entries[at + column] - entries[at] - entries[column] + entries[0];
        }
        out[output] = entries[at + column];
      },
    };
  },
});

function halves(bits: number): { readonly upper: number; readonly lower: number } {
  const upper = Math.floor(bits / 2);
  return { upper, lower: bits - upper };
}

/** Rows that are alike but for a constant, listed together, in the order of their first. */
export function shapesOf(bits: number, entries: readonly number[]): number[][] {
  const { upper, lower } = halves(bits);
  const columns = 2 ** lower;
  const shapes = new Map<string, number[]>();
  for (let row = 0; row < 2 ** upper; row += 1) {
    const first = entries[row * columns];
    const key = entries
      .slice(row * columns, (row + 1) * columns)
      .map((value) => value - first)
      .join();
    const known = shapes.get(key);
    if (known === undefined) shapes.set(key, [row]);
    else known.push(row);
  }
  return [...shapes.values()];
}

/**
 * The products of each level: column[j] * digit for j from 1, which is 1 where the digits so far are j and the digit is
 * 1.
 */
export function writeOneHot(index: number, wires: Int32Array, bits: number, out: Float64Array): void {
  let next = 0;
  for (let k = 0; k < bits; k += 1) {
    const size = 2 ** k;
    const set = Math.floor(index / size) % 2 === 1;
    for (let j = 1; j < size; j += 1) {
      out[wires[next]] = set && index % size === j ? 1 : 0;
      next += 1;
    }
  }
}
