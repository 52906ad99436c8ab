/**
 * Builds large constraint systems: typed arrays that double as they fill, and a dictionary of coefficients. The trap:
 * a model has tens of millions of entries, so nothing here may allocate per entry.
 */
import { signed } from './field.js';
import type { ConstraintSource, R1cs, SparseMatrix } from './types.js';

const DIRECT = 1 << 16;

/** The distinct coefficients of a system; `idOf` finds or adds one. */
export class CoefficientTable {
  readonly values: bigint[] = [];
  /** For integers of at most 16 bits and a sign: id + 1, by value + DIRECT. */
  readonly direct = new Int32Array(2 * DIRECT + 1);
  private readonly integers = new Map<number, number>();
  private readonly large = new Map<bigint, number>();

  /**
   * Position of a coefficient given as an integer number (at most 2^53 in size) or as any bigint (reduced modulo r).
   */
  idOf(value: number | bigint): number {
    if (typeof value === 'bigint') {
      const reduced = signed(value);
      const small = Number(reduced);
      if (!Number.isSafeInteger(small)) return this.find(this.large, reduced, reduced);
      value = small;
    }
    if (value >= -DIRECT && value <= DIRECT) {
      const known = this.direct[value + DIRECT];
      if (known > 0) return known - 1;
      if (!Number.isInteger(value)) throw new RangeError(`coefficient ${value} is not an integer`);
      const id = this.values.push(BigInt(value)) - 1;
      this.direct[value + DIRECT] = id + 1;
      return id;
    }
    const known = this.integers.get(value);
    if (known !== undefined) return known;
    if (!Number.isSafeInteger(value))
      throw new RangeError(`coefficient ${value} is not an exact integer: give a bigint`);
    return this.find(this.integers, value, BigInt(value));
  }

  private find<K>(table: Map<K, number>, key: K, value: bigint): number {
    const known = table.get(key);
    if (known !== undefined) return known;
    const id = this.values.push(value) - 1;
    table.set(key, id);
    return id;
  }
}

/** Terms one after the other, in arrays that may be longer. */
interface TermList {
  readonly values: Uint32Array;
  readonly coefficients: Float64Array;
  readonly length: number;
  /** Entries that stand before term `at`: wires, to which `shift` is added, and ids of coefficients. */
  readonly moved?: {
    readonly wires: Uint32Array;
    readonly ids: Uint32Array;
    readonly at: number;
    readonly shift: number;
  };
}

/** A sparse matrix under construction: `push` the entries of a row, then `endRow`. */
export class MatrixBuilder {
  private offsets: Uint32Array;
  private wires: Uint32Array;
  private values: Uint32Array;
  private rows = 0;
  private entries = 0;

  constructor(expectedRows = 1024, expectedEntries = 4096) {
    this.offsets = new Uint32Array(expectedRows + 1);
    this.wires = new Uint32Array(expectedEntries);
    this.values = new Uint32Array(expectedEntries);
  }

  get rowCount(): number {
    return this.rows;
  }

  get entryCount(): number {
    return this.entries;
  }

  /** One entry of the open row; no wire may come twice in a row, and no value be zero. */
  push(wire: number, coefficientId: number): void {
    if (this.entries === this.wires.length) {
      this.wires = grown(this.wires);
      this.values = grown(this.values);
    }
    this.wires[this.entries] = wire;
    this.values[this.entries++] = coefficientId;
  }

  /**
   * Entries of the open row, as `push` takes them: wires of values, and factor * coefficient by its id; moved terms as
   * they are.
   */
  pushTerms(terms: TermList, wireOfValue: Uint32Array, factor: number, table: CoefficientTable): void {
    const { length, moved } = terms;
    this.reserve(length + (moved?.wires.length ?? 0));
    if (moved === undefined) return this.pushRange(terms, 0, length, wireOfValue, factor, table);
    this.pushRange(terms, 0, moved.at, wireOfValue, factor, table);
    const { wires, entries } = this;
    const { wires: from, shift } = moved;
    for (let k = 0; k < from.length; k += 1) wires[entries + k] = from[k] + shift;
    this.values.set(moved.ids, entries);
    this.entries += from.length;
    this.pushRange(terms, moved.at, length, wireOfValue, factor, table);
  }

  private pushRange(
    { values, coefficients }: TermList,
    start: number,
    end: number,
    wireOfValue: Uint32Array,
    factor: number,
    table: CoefficientTable,
  ): void {
    const { wires, values: ids } = this;
    const { direct } = table;
    const at = this.entries - start;
    for (let k = start; k < end; k += 1) {
      wires[at + k] = wireOfValue[values[k]];
      // The look-up of `idOf`, which as a call took longer than the rest of the loop.
      const coefficient = factor * coefficients[k];
      const known = coefficient >= -DIRECT && coefficient <= DIRECT ? direct[coefficient + DIRECT] : 0;
      ids[at + k] = known > 0 ? known - 1 : table.idOf(coefficient);
    }
    this.entries += end - start;
  }

  private reserve(count: number): void {
    while (this.entries + count > this.wires.length) {
      this.wires = grown(this.wires);
      this.values = grown(this.values);
    }
  }

  /** Closes the row, which may be empty. */
  endRow(): void {
    if (++this.rows === this.offsets.length) this.offsets = grown(this.offsets);
    this.offsets[this.rows] = this.entries;
  }

  /** Drops all rows and keeps the memory. */
  clear(): void {
    this.rows = 0;
    this.entries = 0;
  }

  /** The rows so far, in this builder's own memory. */
  view(): SparseMatrix {
    return { offsets: this.offsets.subarray(0, this.rows + 1), wires: this.wires, values: this.values };
  }

  finish(): SparseMatrix {
    return {
      offsets: this.offsets.slice(0, this.rows + 1),
      wires: this.wires.slice(0, this.entries),
      values: this.values.slice(0, this.entries),
    };
  }
}

function grown(array: Uint32Array): Uint32Array {
  const larger = new Uint32Array(Math.max(1024, array.length * 2));
  larger.set(array);
  return larger;
}

/** Counts of a system's wires by kind; `wireCount` includes wire 0. */
export type WireCounts = Pick<R1cs, 'wireCount' | 'publicOutputCount' | 'publicInputCount' | 'privateInputCount'>;

/** The three matrices and their coefficients, row by row: fill `a`, `b`, `c`, then `endConstraint`. */
export class R1csBuilder {
  readonly coefficients = new CoefficientTable();
  readonly a = new MatrixBuilder();
  readonly b = new MatrixBuilder();
  readonly c = new MatrixBuilder();

  get constraintCount(): number {
    return this.c.rowCount;
  }

  get entryCount(): number {
    return this.a.entryCount + this.b.entryCount + this.c.entryCount;
  }

  endConstraint(): void {
    this.a.endRow();
    this.b.endRow();
    this.c.endRow();
  }

  /** The constraints so far, as long as nothing more is added. */
  view(counts: WireCounts): R1cs {
    const [a, b, c] = [this.a.view(), this.b.view(), this.c.view()];
    return { ...counts, constraintCount: this.constraintCount, a, b, c, coefficients: this.coefficients.values };
  }

  /** Drops all constraints; coefficients keep their places. */
  clear(): void {
    for (const matrix of [this.a, this.b, this.c]) matrix.clear();
  }

  finish({ wireCount, publicOutputCount, publicInputCount, privateInputCount }: WireCounts): R1cs {
    return {
      wireCount,
      publicOutputCount,
      publicInputCount,
      privateInputCount,
      constraintCount: this.constraintCount,
      a: this.a.finish(),
      b: this.b.finish(),
      c: this.c.finish(),
      coefficients: this.coefficients.values.slice(),
    };
  }
}

/** A whole system in memory. */
export function collect(source: ConstraintSource): R1cs {
  const builder = new R1csBuilder();
  for (const batch of source.batches()) {
    const ids = Uint32Array.from(batch.coefficients, (value) => builder.coefficients.idOf(value));
    for (let row = 0; row < batch.constraintCount; row++) {
      copyRow(batch.a, row, ids, builder.a);
      copyRow(batch.b, row, ids, builder.b);
      copyRow(batch.c, row, ids, builder.c);
      builder.endConstraint();
    }
  }
  return builder.finish(source);
}

function copyRow(matrix: SparseMatrix, row: number, ids: Uint32Array, target: MatrixBuilder): void {
  for (let k = matrix.offsets[row]; k < matrix.offsets[row + 1]; k++)
    target.push(matrix.wires[k], ids[matrix.values[k]]);
}
