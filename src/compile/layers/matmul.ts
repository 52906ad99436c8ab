/**
 * Products of matrices of two activations. One constraint for each multiplication, the sums free; or, where sums are
 * long, packed: several columns of the right matrix in one field element, so that one constraint multiplies them all,
 * and the binary digits of each packed sum tell its columns apart (decision 13 in docs/architecture.md).
 */
import { LEAST_FIELD_DIGITS, multiply, multiplyField, requantizeDigits } from '../../gadgets/index.js';
import type { IntegerMatMul } from '../../integer/integer-model.js';
import { bitsOf } from '../../integer/intervals.js';
import type { Emitter } from '../emitter.js';
import type { LinearRows } from '../linear-rows.js';
import type { BigCombination } from '../steps.js';

/** Bits of a packed sum: what RequantizeDigits takes. */
const WORD_BITS = 250;

export function compileMatMul(op: IntegerMatMul, at: Emitter): void {
  const { rows, inner, columns, left } = op;
  const width = widestResult(op, at);
  const perWord = Math.min(Math.floor(WORD_BITS / width), columns);
  const words = Math.ceil(columns / perWord);
  // A matrix that several rows are multiplied with gets a wire for each of its packed words.
  const packed =
    left.length * (rows * words * (inner + 1) + rows * columns * width) +
    (rows > 1 ? new Set(op.right).size * inner * words : 0);
  if (perWord > 1 && packed < left.length * rows * columns * inner) compilePacked(op, width, perWord, at);
  else compileOneByOne(op, at);
}

/** Bits of the widest range of any result. */
function widestResult(op: IntegerMatMul, at: Emitter): number {
  let span = 1;
  for (let i = 0; i < op.left.length * op.rows * op.columns; i += 1) {
    const [low, high] = at.bounds(op.output, i);
    span = Math.max(span, high - low);
  }
  return bitsOf(span);
}

function compileOneByOne(op: IntegerMatMul, at: Emitter): void {
  const { rows, inner, columns, left, right } = op;
  const [a, b] = at.inputs(op).map((operand) => at.narrowRows(operand, 16));
  const products: number[] = [];
  const spec = multiply.with({});
  for (let m = 0; m < left.length; m += 1) {
    for (let i = 0; i < rows; i += 1) {
      for (let j = 0; j < columns; j += 1) {
        for (let k = 0; k < inner; k += 1) {
          const [atA, atB] = [(left[m] * rows + i) * inner + k, (right[m] * inner + k) * columns + j];
          const [[aLow, aHigh], [bLow, bHigh]] = [at.interval(op.inputs[0], atA), at.interval(op.inputs[1], atB)];
          const corners = [aLow * bLow, aLow * bHigh, aHigh * bLow, aHigh * bHigh];
          products.push(
            at.netlist.instance(
              spec,
              [
                { rows: a, row: atA },
                { rows: b, row: atB },
              ],
              Math.min(...corners),
              Math.max(...corners),
            ),
          );
        }
      }
    }
  }
  const writer = at.writer();
  for (let first = 0; first < products.length; first += inner) {
    for (let k = 0; k < inner; k += 1) writer.addTerm(products[first + k], 1);
    writer.endRow();
  }
  at.set(op.output, writer.finish());
}

/**
 * With low[j] the least that result j can be, sum_j (y[j] - low[j]) 2^(width j) has the digits of each y[j] - low[j]
 * side by side: none is negative or has more than `width`, and the whole is below 2^250 < r, so that the sum modulo r
 * is the one of integers.
 */
function compilePacked(op: IntegerMatMul, width: number, perWord: number, at: Emitter): void {
  const { rows, inner, columns, left, right } = op;
  const [a, b] = at.inputs(op).map((operand) => at.narrowRows(operand, 16));
  const factors = new Map<string, BigCombination>();
  /** Row k of a right matrix, the columns of a word packed. */
  const factor = (matrix: number, k: number, from: number, count: number): BigCombination => {
    const key = `${matrix} ${k} ${from}`;
    const known = factors.get(key);
    if (known !== undefined) return known;
    const row = packed(b, (matrix * inner + k) * columns + from, count, width);
    const made = rows > 1 ? { values: [at.netlist.wire(row)], coefficients: [1n], constant: 0n } : row;
    factors.set(key, made);
    return made;
  };
  const digits: number[] = [];
  for (let m = 0; m < left.length; m += 1) {
    for (let i = 0; i < rows; i += 1) {
      for (let from = 0; from < columns; from += perWord) {
        const count = Math.min(perWord, columns - from);
        const products = Array.from({ length: inner }, (_, k) =>
          at.netlist.instance(multiplyField.with({}), [
            { rows: a, row: (left[m] * rows + i) * inner + k },
            factor(right[m], k, from, count),
          ]),
        );
        const lows = Array.from(
          { length: count },
          (_, j) => at.bounds(op.output, (m * rows + i) * columns + from + j)[0],
        );
        const constant = lows.reduce((sum, low, j) => sum - (BigInt(low) << BigInt(j * width)), 0n);
        const sum = { values: products, coefficients: products.map(() => 1n), constant };
        // What is packed is a field element to the witness, however short; digits above it are zero.
        const bits = Math.max(count * width, LEAST_FIELD_DIGITS);
        const first = at.netlist.instanceOfMany(
          requantizeDigits.with({ bits, shift: 0 }),
          [sum],
          new Array(bits).fill([0, 1]),
        );
        for (let j = 0; j < count; j += 1) digits.push(first + j * width);
      }
    }
  }
  const writer = at.writer();
  digits.forEach((first, result) => {
    for (let k = 0; k < width; k += 1) writer.addTerm(first + k, 2 ** k);
    writer.addConstant(at.bounds(op.output, result)[0]);
    writer.endRow();
  });
  at.set(op.output, writer.finish());
}

/** sum_j (row first + j) 2^(width j) */
function packed(rows: LinearRows, first: number, count: number, width: number): BigCombination {
  const terms = new Map<number, bigint>();
  let constant = 0n;
  for (let j = 0; j < count; j += 1) {
    const [row, weight] = [first + j, BigInt(j * width)];
    for (let k = rows.offsets[row]; k < rows.offsets[row + 1]; k += 1) {
      terms.set(rows.values[k], (terms.get(rows.values[k]) ?? 0n) + (BigInt(rows.coefficients[k]) << weight));
    }
    constant += BigInt(rows.constants[row]) << weight;
  }
  return { values: [...terms.keys()], coefficients: [...terms.values()], constant };
}
