/** Constraints in words, for people. */
import type { R1cs, SparseMatrix } from '../r1cs/types.js';

/** Terms of a combination that are written out. */
const SHOWN = 4;

/** One row as `(a) * (b) = c`, with the names of its wires. */
export function describeRow(system: R1cs, row: number, names: readonly string[]): string {
  return `(${combination(system, system.a, row, names)}) * (${combination(system, system.b, row, names)}) = ${combination(system, system.c, row, names)}`;
}

function combination({ coefficients }: R1cs, matrix: SparseMatrix, row: number, names: readonly string[]): string {
  const [begin, end] = [matrix.offsets[row], matrix.offsets[row + 1]];
  const terms = Array.from({ length: Math.min(end - begin, SHOWN) }, (_, k) => {
    const [wire, value] = [matrix.wires[begin + k], coefficients[matrix.values[begin + k]]];
    const sign = value < 0n ? '- ' : k > 0 ? '+ ' : '';
    const size = value < 0n ? -value : value;
    const factor = size === 1n && wire > 0 ? '' : wire === 0 ? String(size) : `${size} `;
    return `${sign}${factor}${wire === 0 ? '' : names[wire]}`;
  });
  const rest = end - begin - terms.length;
  return terms.length === 0 ? '0' : `${terms.join(' ')}${rest > 0 ? ` + ${rest} more` : ''}`;
}
