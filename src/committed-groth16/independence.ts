/**
 * Is a commitment to a set of wires binding? It is where the polynomials beta A_i + alpha B_i + C_i of these wires are
 * linearly independent, and, since alpha and beta are indeterminates, exactly where the wires' columns of the stacked
 * matrix (A; B; C) are. The answer is exact, by elimination modulo r.
 *
 * Nearly every wire has an entry in which no other wire of its set stands: in a dependency its coefficient is zero, so
 * it is removed, which gives others such an entry. Only what is left is eliminated with fractions.
 *
 * The trap: a public wire's row of its own (the rows that setup adds below the constraints) contains no private wire,
 * so it does not help a committed one.
 */
import { canonical, inverse } from '../r1cs/field.js';
import type { R1cs } from '../r1cs/types.js';
import { RoundsError } from './errors.js';

/** Wires left over for elimination at most: each row takes time with their square. */
const MOST_LEFT = 256;

/** @throws RoundsError, which names a wire whose column depends on the others'. */
export function requireIndependentColumns(system: R1cs, wires: Uint32Array, name: string): void {
  const left = peel(rowsOfSet(system, wires), wires);
  if (left.wires.size === 0) return;
  if (left.wires.size > MOST_LEFT) {
    throw new RoundsError(
      `${name}: ${left.wires.size} wires have no row of their own, too many to check that their commitment is binding: give each committed wire a constraint in which no other wire of its round stands.`,
    );
  }
  const dependent = dependentWire(left.rows, left.wires);
  if (dependent !== undefined) {
    throw new RoundsError(
      `${name}: the column of wire ${dependent} is a combination of those of other wires of the round, so one commitment opens to several values: give the wire a constraint in which no other wire of its round stands.`,
    );
  }
}

type SparseRow = Map<number, bigint>;

/** The rows of A, B and C, restricted to a set of wires; rows without any of them are left out. */
function rowsOfSet(system: R1cs, wires: Uint32Array): SparseRow[] {
  const inSet = new Uint8Array(system.wireCount);
  for (const wire of wires) inSet[wire] = 1;
  const rows: SparseRow[] = [];
  for (const matrix of [system.a, system.b, system.c]) {
    for (let row = 0; row < system.constraintCount; row++) {
      let found: SparseRow | undefined;
      for (let entry = matrix.offsets[row]; entry < matrix.offsets[row + 1]; entry++) {
        const wire = matrix.wires[entry];
        if (inSet[wire] === 0) continue;
        const value = canonical(system.coefficients[matrix.values[entry]]);
        if (value !== 0n) (found ??= new Map()).set(wire, value);
      }
      if (found !== undefined) rows.push(found);
    }
  }
  return rows;
}

/** Removes, again and again, each wire that stands alone in a row. */
function peel(rows: readonly SparseRow[], wires: Uint32Array): { rows: SparseRow[]; wires: Set<number> } {
  const rowsWith = new Map<number, number[]>();
  for (const wire of wires) rowsWith.set(wire, []);
  for (const [index, row] of rows.entries()) for (const wire of row.keys()) rowsWith.get(wire)!.push(index);
  const counts = rows.map((row) => row.size);
  const single = [...rows.keys()].filter((index) => counts[index] === 1);
  const left = new Set(wires);
  while (single.length > 0) {
    const index = single.pop()!;
    const wire = [...rows[index].keys()].find((one) => left.has(one));
    if (wire === undefined) continue;
    left.delete(wire);
    for (const other of rowsWith.get(wire)!) if (--counts[other] === 1) single.push(other);
  }
  const rest = rows
    .filter((_, index) => counts[index] > 0)
    .map((row) => new Map([...row].filter(([wire]) => left.has(wire))));
  return { rows: rest, wires: left };
}

/** A wire without a pivot after Gaussian elimination of the rows; undefined where every wire has one. */
function dependentWire(rows: readonly SparseRow[], wires: ReadonlySet<number>): number | undefined {
  const pivots = new Map<number, SparseRow>();
  for (const row of rows) {
    const rest = new Map(row);
    for (let wire = first(rest); wire !== undefined; wire = first(rest)) {
      const pivot = pivots.get(wire);
      if (pivot === undefined) {
        const scale = inverse(rest.get(wire)!);
        for (const [one, value] of rest) rest.set(one, canonical(value * scale));
        pivots.set(wire, rest);
        break;
      }
      const factor = rest.get(wire)!;
      for (const [one, value] of pivot) {
        const difference = canonical((rest.get(one) ?? 0n) - factor * value);
        if (difference === 0n) rest.delete(one);
        else rest.set(one, difference);
      }
    }
    if (pivots.size === wires.size) return undefined;
  }
  return [...wires].find((wire) => !pivots.has(wire));
}

/** The least wire of a row, so that every row is reduced in one order. */
function first(row: SparseRow): number | undefined {
  let least: number | undefined;
  for (const wire of row.keys()) if (least === undefined || wire < least) least = wire;
  return least;
}
