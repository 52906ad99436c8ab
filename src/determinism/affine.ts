/** Constraints as sparse polynomials of degree one, for the analyses of determinism: readable rather than fast. */
import { inverse, signed } from '../r1cs/field.js';
import type { R1cs, SparseMatrix } from '../r1cs/types.js';

/** constant + sum of coefficient * variable, coefficients signed and not zero. */
export class Affine {
  private constructor(
    readonly constant: bigint,
    readonly terms: ReadonlyMap<number, bigint>,
  ) {}

  static constant(value: bigint): Affine {
    return new Affine(signed(value), new Map());
  }

  static variable(variable: number): Affine {
    return new Affine(0n, new Map([[variable, 1n]]));
  }

  /** This + factor * other. */
  plus(other: Affine, factor = 1n): Affine {
    if (factor === 0n) return this;
    const terms = new Map(this.terms);
    for (const [variable, coefficient] of other.terms) {
      const sum = signed((terms.get(variable) ?? 0n) + factor * coefficient);
      if (sum === 0n) terms.delete(variable);
      else terms.set(variable, sum);
    }
    return new Affine(signed(this.constant + factor * other.constant), terms);
  }

  times(factor: bigint): Affine {
    return Affine.constant(0n).plus(this, signed(factor));
  }

  get isConstant(): boolean {
    return this.terms.size === 0;
  }

  get isZero(): boolean {
    return this.isConstant && this.constant === 0n;
  }

  coefficient(variable: number): bigint {
    return this.terms.get(variable) ?? 0n;
  }

  /** With `variable` replaced by a combination. */
  substitute(variable: number, value: Affine): Affine {
    const coefficient = this.terms.get(variable);
    if (coefficient === undefined) return this;
    const terms = new Map(this.terms);
    terms.delete(variable);
    return new Affine(this.constant, terms).plus(value, coefficient);
  }

  /** The value that makes this zero, as a combination of the other variables. */
  solveFor(variable: number): Affine {
    const coefficient = this.coefficient(variable);
    return this.plus(Affine.variable(variable), -coefficient).times(-inverse(coefficient));
  }
}

/** a * b = c. */
export interface Row {
  readonly a: Affine;
  readonly b: Affine;
  readonly c: Affine;
}

/** The constraints of a system, wire 0 replaced by its value one. */
export function rowsOf(system: R1cs): Row[] {
  const affine = (matrix: SparseMatrix, row: number): Affine => {
    let sum = Affine.constant(0n);
    for (let entry = matrix.offsets[row]; entry < matrix.offsets[row + 1]; entry++) {
      const wire = matrix.wires[entry];
      sum = sum.plus(
        wire === 0 ? Affine.constant(1n) : Affine.variable(wire),
        system.coefficients[matrix.values[entry]],
      );
    }
    return sum;
  };
  return Array.from({ length: system.constraintCount }, (_, row) => ({
    a: affine(system.a, row),
    b: affine(system.b, row),
    c: affine(system.c, row),
  }));
}

/** The combination that a row equates with zero, if one factor is constant. */
export function linear({ a, b, c }: Row): Affine | undefined {
  if (a.isConstant) return b.times(a.constant).plus(c, -1n);
  if (b.isConstant) return a.times(b.constant).plus(c, -1n);
  return undefined;
}

export function mapRow(row: Row, change: (affine: Affine) => Affine): Row {
  return { a: change(row.a), b: change(row.b), c: change(row.c) };
}
