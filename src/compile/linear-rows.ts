/**
 * Linear combinations with integer coefficients, many at a time, rows compressed: row i is
 * constants[i] + sum of coefficients[k] * value[k] for k in offsets[i] .. offsets[i+1].
 * This is how a tensor looks to the compiler: what linear layers do to it costs no constraint.
 */
export interface LinearRows {
  readonly offsets: Uint32Array;
  readonly values: Uint32Array;
  readonly coefficients: Float64Array;
  readonly constants: Float64Array;
}

export function rowCount(rows: LinearRows): number {
  return rows.constants.length;
}

/** Number of terms of row i, its constant not counted. */
export function termsOf(rows: LinearRows, i: number): number {
  return rows.offsets[i + 1] - rows.offsets[i];
}

/** Rows that are one value each, `count` of them from `first` on, each plus a constant. */
export function singleValues(first: number, count: number, constant: (i: number) => number): LinearRows {
  return {
    offsets: Uint32Array.from({ length: count + 1 }, (_, i) => i),
    values: Uint32Array.from({ length: count }, (_, i) => first + i),
    coefficients: new Float64Array(count).fill(1),
    constants: new Float64Array(count).map((_, i) => constant(i)),
  };
}

/** Memory in which one row's terms are merged: an entry for every value. */
interface Scratch {
  readonly sums: Float64Array;
  /** The row in which a value was last touched. */
  readonly seen: Int32Array;
  readonly touched: Uint32Array;
  /** Rows are numbered through a scratch's whole life, so that it needs no clearing between writers. */
  row: number;
}

/**
 * Scratches that no writer uses at the moment. A writer in every layer would otherwise allocate memory for all values
 * so far.
 */
export class ScratchPool {
  private readonly free: Scratch[] = [];

  take(valueCount: number): Scratch {
    const scratch = this.free.pop();
    if (scratch !== undefined && scratch.sums.length >= valueCount && scratch.row < 2 ** 30) return scratch;
    const size = Math.max(1024, 2 * valueCount);
    return {
      sums: new Float64Array(size),
      seen: new Int32Array(size).fill(-1),
      touched: new Uint32Array(size),
      row: 0,
    };
  }

  give(scratch: Scratch): void {
    this.free.push(scratch);
  }
}

/** Writes rows one after the other, merging terms of the same value. */
export class RowWriter {
  private readonly offsets: number[] = [0];
  private readonly constants: number[] = [];
  private values = new Uint32Array(1024);
  private coefficients = new Float64Array(1024);
  private length = 0;
  private constant = 0;
  private readonly scratch: Scratch;
  private readonly sums: Float64Array;
  private readonly seen: Int32Array;
  private readonly touched: Uint32Array;
  private touchedCount = 0;
  private row: number;

  /** `valueCount`: values are numbered below this. */
  constructor(
    valueCount: number,
    private readonly pool = new ScratchPool(),
  ) {
    this.scratch = pool.take(valueCount);
    ({ sums: this.sums, seen: this.seen, touched: this.touched, row: this.row } = this.scratch);
  }

  /** Adds factor * (row i of `rows`) to the row being written. */
  addRow(rows: LinearRows, i: number, factor: number): void {
    if (factor === 0) return;
    this.constant += factor * rows.constants[i];
    for (let k = rows.offsets[i]; k < rows.offsets[i + 1]; k += 1)
      this.addTerm(rows.values[k], factor * rows.coefficients[k]);
  }

  addTerm(value: number, coefficient: number): void {
    if (this.seen[value] !== this.row) {
      this.seen[value] = this.row;
      this.sums[value] = coefficient;
      this.touched[this.touchedCount] = value;
      this.touchedCount += 1;
    } else {
      this.sums[value] += coefficient;
    }
  }

  addConstant(value: number): void {
    this.constant += value;
  }

  /** Ends the row and begins the next. */
  endRow(): void {
    this.reserve(this.length + this.touchedCount);
    for (let k = 0; k < this.touchedCount; k += 1) {
      const value = this.touched[k];
      if (this.sums[value] === 0) continue;
      this.values[this.length] = value;
      this.coefficients[this.length] = this.sums[value];
      this.length += 1;
    }
    this.offsets.push(this.length);
    this.constants.push(this.constant);
    this.touchedCount = 0;
    this.constant = 0;
    this.row += 1;
  }

  /** Shows the open row's terms instead of writing it, and returns its constant. */
  discardRow(visit: (value: number, coefficient: number) => void): number {
    for (let k = 0; k < this.touchedCount; k += 1) visit(this.touched[k], this.sums[this.touched[k]]);
    const constant = this.constant;
    this.touchedCount = 0;
    this.constant = 0;
    this.row += 1;
    return constant;
  }

  /** The rows. The writer writes no more afterwards. */
  finish(): LinearRows {
    this.scratch.row = this.row;
    this.pool.give(this.scratch);
    return {
      offsets: Uint32Array.from(this.offsets),
      values: this.values.slice(0, this.length),
      coefficients: this.coefficients.slice(0, this.length),
      constants: Float64Array.from(this.constants),
    };
  }

  private reserve(length: number): void {
    if (length <= this.values.length) return;
    const capacity = Math.max(length, 2 * this.values.length);
    const values = new Uint32Array(capacity);
    values.set(this.values);
    this.values = values;
    const coefficients = new Float64Array(capacity);
    coefficients.set(this.coefficients);
    this.coefficients = coefficients;
  }
}

/** All rows of several lists, one list after the other. */
export function joinRows(lists: readonly LinearRows[]): LinearRows {
  const sizes = { rows: 0, terms: 0 };
  for (const { constants, values } of lists) {
    sizes.rows += constants.length;
    sizes.terms += values.length;
  }
  const joined = {
    offsets: new Uint32Array(sizes.rows + 1),
    values: new Uint32Array(sizes.terms),
    coefficients: new Float64Array(sizes.terms),
    constants: new Float64Array(sizes.rows),
  };
  let row = 0;
  let term = 0;
  for (const { offsets, values, coefficients, constants } of lists) {
    for (let i = 0; i < constants.length; i += 1) joined.offsets[row + i + 1] = term + offsets[i + 1];
    joined.values.set(values, term);
    joined.coefficients.set(coefficients, term);
    joined.constants.set(constants, row);
    row += constants.length;
    term += values.length;
  }
  return joined;
}
