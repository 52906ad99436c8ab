/**
 * Which wires of a whole constraint system are determined by its inputs, as far as can be shown: of any circom circuit,
 * of any size.
 *
 * First by propagation, row by row: a row with one unknown in a place where it can be solved for determines it, and
 * digits are determined by a sum that they write. What is left is cut into pieces that share no undetermined wire; each
 * is analysed by cases (`analyse.ts`), with the determined wires at its border as inputs; what that shows starts the
 * propagation again.
 *
 * The trap: "not shown" is not "undetermined". A wire that stays open may be a fault of the circuit, or of this
 * analysis, which knows no ranges but those of bits and those that it is told.
 */
import { R1csBuilder, type MatrixBuilder } from '../r1cs/builder.js';
import { FIELD_MODULUS, type R1cs, type SparseMatrix } from '../r1cs/types.js';
import { linear, rowsOf, type Affine, type Row } from './affine.js';
import { analyse, type Interval } from './analyse.js';

export interface Limits {
  /** Rows of a piece that is analysed by cases, at most; default 600. */
  readonly mostRows?: number;
  /** Cases of one piece, at most; default 256. */
  readonly mostCases?: number;
}

/** A wire that is not shown to be determined. */
export interface OpenWire {
  readonly wire: number;
  /**
   * `unconstrained`: no row contains it, and it may be anything. `undetermined`: its piece was analysed whole, and
   * leaves it open. `too large`: its piece has more rows or cases than the limits allow, so nothing is known.
   */
  readonly why: 'unconstrained' | 'undetermined' | 'too large';
  /** Positions of rows that contain it, some of them. */
  readonly rows: readonly number[];
  /** Rows of its piece. */
  readonly pieceRows: number;
}

export interface SystemReport {
  readonly wires: number;
  readonly rows: number;
  /** By wire, rising. */
  readonly open: readonly OpenWire[];
}

/** Rows named for an open wire, at most. */
const SHOWN_ROWS = 3;

/** `ranges`: what each input may be, public ones first; undefined or absent: any field element. */
export function analyseSystem(
  system: R1cs,
  ranges: readonly (Interval | undefined)[] = [],
  { mostRows = 600, mostCases = 256 }: Limits = {},
): SystemReport {
  const first = 1 + system.publicOutputCount;
  const inputCount = system.publicInputCount + system.privateInputCount;
  const state = new Propagation(system);
  for (let i = 0; i < inputCount; i += 1) state.know(first + i, ranges[i]);
  state.run();
  const reasons = new Map<number, Pick<OpenWire, 'why' | 'pieceRows'>>();
  for (let changed = true; changed;) {
    changed = false;
    reasons.clear();
    for (const rows of state.pieces()) {
      const { part, border, unknown } = excerpt(system, state, rows);
      const tooLarge = rows.length > mostRows;
      const verdict = tooLarge
        ? undefined
        : analyse(
            part,
            border.map((wire) => state.rangeOf(wire)),
            mostCases,
          );
      const open = verdict === undefined ? undefined : new Set(verdict.open);
      unknown.forEach((wire, k) => {
        // The local wires of what is sought stand behind the constant and the border.
        if (open === undefined || open.has(1 + border.length + k)) {
          reasons.set(wire, {
            why: open === undefined || verdict?.gaveUp ? 'too large' : 'undetermined',
            pieceRows: rows.length,
          });
          return;
        }
        state.know(wire);
        changed = true;
      });
    }
    if (changed) state.run();
  }
  const open = Array.from({ length: system.wireCount - 1 }, (_, i) => i + 1)
    .filter((wire) => !state.isKnown(wire))
    .map((wire): OpenWire => {
      const rows = state.rowsWith(wire);
      const reason =
        rows.length === 0
          ? { why: 'unconstrained' as const, pieceRows: 0 }
          : (reasons.get(wire) ?? { why: 'undetermined' as const, pieceRows: 0 });
      return { wire, ...reason, rows: rows.slice(0, SHOWN_ROWS) };
    });
  return { wires: system.wireCount, rows: system.constraintCount, open };
}

/** What is known, and what follows from it one row at a time. */
class Propagation {
  private readonly rows: readonly Row[];
  /** Positions of the rows that contain a wire. */
  private readonly uses: readonly number[][];
  private readonly known: Uint8Array;
  private readonly ranges = new Map<number, Interval>();
  private pending = new Set<number>();

  constructor(system: R1cs) {
    this.rows = rowsOf(system);
    this.known = new Uint8Array(system.wireCount);
    this.known[0] = 1;
    this.uses = Array.from({ length: system.wireCount }, () => []);
    this.rows.forEach((row, i) => {
      for (const wire of variablesOf(row)) this.uses[wire].push(i);
      const bit = bitOf(row);
      if (bit !== undefined) this.ranges.set(bit, { low: 0n, high: 1n });
      this.pending.add(i);
    });
  }

  isKnown(wire: number): boolean {
    return this.known[wire] === 1;
  }

  rangeOf(wire: number): Interval | undefined {
    return this.ranges.get(wire);
  }

  rowsWith(wire: number): readonly number[] {
    return this.uses[wire];
  }

  know(wire: number, range?: Interval): void {
    if (range !== undefined && !this.ranges.has(wire)) this.ranges.set(wire, range);
    if (this.known[wire] === 1) return;
    this.known[wire] = 1;
    for (const row of this.uses[wire]) this.pending.add(row);
  }

  /** Goes through the rows that may say something new, until none does. */
  run(): void {
    while (this.pending.size > 0) {
      const now = [...this.pending];
      this.pending = new Set();
      for (const row of now) for (const wire of this.follows(this.rows[row])) this.know(wire);
    }
  }

  /** Rows with unknown wires, in pieces that share none. */
  pieces(): number[][] {
    const seen = new Uint8Array(this.rows.length);
    const pieces: number[][] = [];
    this.rows.forEach((start, i) => {
      if (seen[i] === 1 || this.unknownOf(start).length === 0) return;
      const piece: number[] = [];
      const stack = [i];
      seen[i] = 1;
      for (let row = stack.pop(); row !== undefined; row = stack.pop()) {
        piece.push(row);
        for (const wire of this.unknownOf(this.rows[row])) {
          for (const next of this.uses[wire]) {
            if (seen[next] === 1) continue;
            seen[next] = 1;
            stack.push(next);
          }
        }
      }
      pieces.push(piece.sort((x, y) => x - y));
    });
    return pieces;
  }

  private unknownOf(row: Row): number[] {
    return variablesOf(row).filter((wire) => !this.isKnown(wire));
  }

  private unknownIn(affine: Affine): number[] {
    return [...affine.terms.keys()].filter((wire) => !this.isKnown(wire));
  }

  /** Wires that the row determines, now. */
  private follows(row: Row): number[] {
    const equation = linear(row);
    if (equation !== undefined) {
      const unknown = this.unknownIn(equation);
      return unknown.length === 1 || this.writes(equation, unknown) ? unknown : [];
    }
    const [a, b, c] = [row.a, row.b, row.c].map((affine) => this.unknownIn(affine));
    // A product of determined factors is determined.
    if (a.length === 0 && b.length === 0) return c.length === 1 ? c : [];
    // a x = c with c a constant that is not zero: a is not zero, and x is the quotient.
    if (row.c.isConstant && !row.c.isZero) {
      if (a.length === 0 && b.length === 1) return b;
      if (b.length === 0 && a.length === 1) return a;
    }
    return [];
  }

  /** Whether an equation writes something determined as a sum of the unknown bits, in the one way there is. */
  private writes(equation: Affine, unknown: readonly number[]): boolean {
    if (!unknown.every((wire) => isBit(this.ranges.get(wire)))) return false;
    let sum = 0n;
    for (const size of unknown.map((wire) => abs(equation.coefficient(wire))).sort((x, y) => (x < y ? -1 : 1))) {
      if (size <= sum) return false;
      sum += size;
    }
    // Two ways to write the same differ by less than r in size, so that they are equal as integers; then each size
    // outweighs the smaller.
    return sum < FIELD_MODULUS;
  }
}

/** The rows as a system of their own: the determined wires that they read become inputs. */
function excerpt(
  system: R1cs,
  state: Propagation,
  rows: readonly number[],
): { readonly part: R1cs; readonly border: readonly number[]; readonly unknown: readonly number[] } {
  const found = new Set<number>();
  const matrices: readonly SparseMatrix[] = [system.a, system.b, system.c];
  for (const row of rows)
    for (const matrix of matrices)
      for (let k = matrix.offsets[row]; k < matrix.offsets[row + 1]; k += 1) found.add(matrix.wires[k]);
  found.delete(0);
  const border = [...found].filter((wire) => state.isKnown(wire));
  const unknown = [...found].filter((wire) => !state.isKnown(wire));
  const local = new Map([0, ...border, ...unknown].map((wire, i) => [wire, i]));
  const builder = new R1csBuilder();
  const copy = (matrix: SparseMatrix, row: number, target: MatrixBuilder): void => {
    for (let k = matrix.offsets[row]; k < matrix.offsets[row + 1]; k += 1) {
      target.push(local.get(matrix.wires[k])!, builder.coefficients.idOf(system.coefficients[matrix.values[k]]));
    }
  };
  const isBorderBit = (row: number): boolean =>
    rowVariables(matrices, row).every((wire) => wire === 0 || state.isKnown(wire));
  for (const row of rows) {
    if (isBorderBit(row)) continue;
    copy(system.a, row, builder.a);
    copy(system.b, row, builder.b);
    copy(system.c, row, builder.c);
    builder.endConstraint();
  }
  const part = builder.finish({
    wireCount: local.size,
    publicOutputCount: 0,
    publicInputCount: border.length,
    privateInputCount: 0,
  });
  return { part, border, unknown };
}

function rowVariables(matrices: readonly SparseMatrix[], row: number): number[] {
  return matrices.flatMap((matrix) => Array.from(matrix.wires.subarray(matrix.offsets[row], matrix.offsets[row + 1])));
}

function variablesOf({ a, b, c }: Row): number[] {
  return [...new Set([a, b, c].flatMap(({ terms }) => [...terms.keys()]))];
}

/** The wire that a row x (x - 1) = 0 makes a bit. */
function bitOf({ a, b, c }: Row): number | undefined {
  if (!c.isZero || a.terms.size !== 1 || b.terms.size !== 1) return undefined;
  const [wire] = a.terms.keys();
  if (b.coefficient(wire) === 0n) return undefined;
  // The zeros of the two factors are 0 and 1, in either order.
  const zeros = [a, b].map((factor) => factor.solveFor(wire).constant);
  return zeros.includes(0n) && zeros.includes(1n) ? wire : undefined;
}

const isBit = (range: Interval | undefined): boolean => range !== undefined && range.low === 0n && range.high === 1n;
const abs = (value: bigint): bigint => (value < 0n ? -value : value);
