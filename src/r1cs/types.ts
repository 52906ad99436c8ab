/**
 * Rank-1 constraint systems over the scalar field of BN254, in typed arrays: (A w) o (B w) = (C w).
 * Wire 0 is the constant one; then the public outputs, the public inputs, the private inputs, the rest
 * (the order of the iden3 `.r1cs` format and of circom).
 */

/** Order r of BN254's group, the field in which witnesses live. */
export const FIELD_MODULUS = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

/** One sparse matrix, rows compressed: row i is entries offsets[i] .. offsets[i+1). No wire occurs twice in a row. */
export interface SparseMatrix {
  /** rows + 1 entries */
  readonly offsets: Uint32Array;
  readonly wires: Uint32Array;
  /** For each entry, the position of its value in the system's `coefficients`. */
  readonly values: Uint32Array;
}

export interface R1cs {
  readonly constraintCount: number;
  readonly wireCount: number;
  readonly publicOutputCount: number;
  readonly publicInputCount: number;
  readonly privateInputCount: number;
  readonly a: SparseMatrix;
  readonly b: SparseMatrix;
  readonly c: SparseMatrix;
  /** Dictionary of the distinct coefficients, each in (-r/2, r/2) (small ones are small integers of either sign). */
  readonly coefficients: readonly bigint[];
}

/** Entries of A, B and C together. */
export function nonZeros({ a, b, c }: Pick<R1cs, 'a' | 'b' | 'c'>): number {
  return [a, b, c].reduce((sum, { offsets }) => sum + offsets[offsets.length - 1], 0);
}

/**
 * A system that need not stand in memory: its constraints come batch by batch, in order, each batch a system of
 * consecutive rows over all wires. The trap: arrays of a batch are used again for the next one, and its `coefficients`
 * are those met so far, which only grow.
 */
export interface ConstraintSource extends Omit<R1cs, 'a' | 'b' | 'c' | 'coefficients'> {
  /** Entries of A, B and C together. */
  readonly nonZeros: number;
  batches(): Iterable<R1cs>;
}

/** A system in memory, as one batch. */
export function sourceOf(system: R1cs): ConstraintSource {
  const { constraintCount, wireCount, publicOutputCount, publicInputCount, privateInputCount } = system;
  return {
    constraintCount,
    wireCount,
    publicOutputCount,
    publicInputCount,
    privateInputCount,
    nonZeros: nonZeros(system),
    batches: () => [system],
  };
}
