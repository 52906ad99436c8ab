/**
 * Does a witness satisfy a system? Rows are evaluated in doubles where those are provably exact (the sum of the
 * absolute values of all terms is at most 2^53, so no partial sum was rounded), else in bigints modulo r. The trap: a
 * rounded product may by chance equal the other side, so exactness is decided before equality.
 */
import { atOnce, type Stepwise } from '../stepwise.js';
import { canonical } from './field.js';
import { FIELD_MODULUS, type ConstraintSource, type R1cs, type SparseMatrix } from './types.js';
import { wireValue, type Witness } from './witness.js';

const EXACT = 2 ** 53;

/** A system prepared for many checks. */
export interface Checker {
  /** Whether wire 0 is one and every constraint holds. */
  isSatisfied(witness: Witness): boolean;
  /**
   * The violated constraints, by row. With `wires`, only those that contain one of them: complete if the witness
   * differs in these wires from one that satisfies everything.
   */
  violatedConstraints(witness: Witness, wires?: Iterable<number>): number[];
  /** Rows that contain a wire, in any of the matrices, ascending. */
  rowsOf(wire: number): Uint32Array;
}

export function createChecker(system: R1cs): Checker {
  const small = Float64Array.from(system.coefficients, smallOrNaN);
  let index: RowIndex | undefined;
  const rowsOf = (wire: number): Uint32Array => {
    index ??= indexRows(system);
    return index.rows.subarray(index.offsets[wire], index.offsets[wire + 1]);
  };

  const holds = (row: number, witness: Witness): boolean => holdsIn(system, small, row, witness);

  return {
    rowsOf,
    isSatisfied(witness) {
      if (witness.small.length !== system.wireCount || witness.small[0] !== 1) return false;
      for (let row = 0; row < system.constraintCount; row++) if (!holds(row, witness)) return false;
      return true;
    },
    violatedConstraints(witness, wires) {
      const violated: number[] = [];
      if (wires === undefined) {
        for (let row = 0; row < system.constraintCount; row++) if (!holds(row, witness)) violated.push(row);
        return violated;
      }
      const seen = new Set<number>();
      for (const wire of wires) {
        for (const row of rowsOf(wire)) {
          if (seen.has(row)) continue;
          seen.add(row);
          if (!holds(row, witness)) violated.push(row);
        }
      }
      return violated.sort((x, y) => x - y);
    },
  };
}

/** Whether a witness satisfies a system; for many witnesses of one system use `createChecker`. */
export function isSatisfied(system: R1cs, witness: Witness): boolean {
  return createChecker(system).isSatisfied(witness);
}

/**
 * The first constraint that a witness violates, by row; undefined where all hold. One pass, in the memory of a batch.
 */
export function firstViolation(source: ConstraintSource, witness: Witness): number | undefined {
  return atOnce(findingViolation(source, witness));
}

/** {@link firstViolation}, batch by batch. */
export function* findingViolation(source: ConstraintSource, witness: Witness): Stepwise<number | undefined> {
  let small = new Float64Array(1024);
  let known = 0;
  let first = 0;
  for (const batch of source.batches()) {
    const { coefficients, constraintCount } = batch;
    if (coefficients.length > small.length) {
      const larger = new Float64Array(2 * coefficients.length);
      larger.set(small);
      small = larger;
    }
    for (; known < coefficients.length; known++) small[known] = smallOrNaN(coefficients[known]);
    for (let row = 0; row < constraintCount; row++) if (!holdsIn(batch, small, row, witness)) return first + row;
    first += constraintCount;
    yield first / source.constraintCount;
  }
  return undefined;
}

function smallOrNaN(coefficient: bigint): number {
  return Number.isSafeInteger(Number(coefficient)) ? Number(coefficient) : NaN;
}

/** Whether one constraint holds. `coefficients`: the system's as doubles, NaN where one is too large. */
function holdsIn(system: R1cs, coefficients: Float64Array, row: number, witness: Witness): boolean {
  const values = witness.small;
  const c = rowValue(system.c, row, coefficients, values);
  // A product with an exact zero needs no other factor.
  const a = rowValue(system.a, row, coefficients, values);
  if (a === 0 && !Number.isNaN(c)) return c === 0;
  const b = rowValue(system.b, row, coefficients, values);
  if (b === 0 && !Number.isNaN(c)) return c === 0;
  const product = a * b;
  if (Math.abs(product) <= EXACT && !Number.isNaN(c)) return product === c;
  return (
    (fieldValue(system, system.a, row, witness) * fieldValue(system, system.b, row, witness) -
      fieldValue(system, system.c, row, witness)) %
      FIELD_MODULUS ===
    0n
  );
}

/** A row's combination in doubles, or NaN where that would not be exact. */
function rowValue(matrix: SparseMatrix, row: number, coefficients: Float64Array, values: Float64Array): number {
  let sum = 0;
  let size = 0;
  const { wires, values: ids } = matrix;
  const end = matrix.offsets[row + 1];
  for (let entry = matrix.offsets[row]; entry < end; entry++) {
    const term = coefficients[ids[entry]] * values[wires[entry]];
    sum += term;
    size += Math.abs(term);
  }
  return size <= EXACT ? sum : NaN;
}

function fieldValue(system: R1cs, matrix: SparseMatrix, row: number, witness: Witness): bigint {
  let sum = 0n;
  const end = matrix.offsets[row + 1];
  for (let entry = matrix.offsets[row]; entry < end; entry++) {
    sum += system.coefficients[matrix.values[entry]] * wireValue(witness, matrix.wires[entry]);
  }
  return canonical(sum);
}

interface RowIndex {
  readonly offsets: Uint32Array;
  readonly rows: Uint32Array;
}

/** The transpose of A, B and C together: the rows of each wire, each once. */
function indexRows(system: R1cs): RowIndex {
  const matrices = [system.a, system.b, system.c];
  const visit = (found: (wire: number, row: number) => void): void => {
    const last = new Int32Array(system.wireCount).fill(-1);
    for (let row = 0; row < system.constraintCount; row++) {
      for (const { offsets, wires } of matrices) {
        for (let entry = offsets[row]; entry < offsets[row + 1]; entry++) {
          if (last[wires[entry]] !== row) found(wires[entry], row);
          last[wires[entry]] = row;
        }
      }
    }
  };
  const offsets = new Uint32Array(system.wireCount + 1);
  visit((wire) => offsets[wire + 1]++);
  for (let wire = 0; wire < system.wireCount; wire++) offsets[wire + 1] += offsets[wire];
  const next = offsets.slice();
  const rows = new Uint32Array(offsets[system.wireCount]);
  visit((wire, row) => (rows[next[wire]++] = row));
  return { offsets, rows };
}
