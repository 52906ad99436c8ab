/**
 * The evaluation domain of Groth16 over BN254, as snarkjs and the native prover have it; nowhere else is it computed in
 * TypeScript.
 */

/** What the domain's size depends on. */
export interface CircuitCounts {
  readonly constraints: number;
  /** Without the constant wire. */
  readonly publicSignals: number;
}

/**
 * The power of two of the domain: a row for each constraint, each public signal and the constant wire, and never less
 * than two rows.
 */
export function domainPower({ constraints, publicSignals }: CircuitCounts): number {
  return Math.max(1, Math.ceil(Math.log2(constraints + publicSignals + 1)));
}
