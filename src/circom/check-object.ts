/**
 * What must hold of every gadget's compiled constraints, whoever compiled them: their number is the definition's, none
 * holds for every witness, no two are equal, and every wire is in one. So an object whose constraints were dropped,
 * blanked or doubled is refused. That the constraints determine the outputs is shown by the tests
 * (`test/circuits/determinism.test.ts`), not here.
 */
import { constraintsOf, gadgetKey, type GadgetSpec } from '../gadgets/index.js';
import type { R1cs, SparseMatrix } from '../r1cs/types.js';
import { CircomError } from './circom-error.js';

/** @throws CircomError */
export function checkObject(spec: GadgetSpec, system: R1cs): void {
  const fail = (what: string): never => {
    throw new CircomError(`${gadgetKey(spec)}: the compiled gadget ${what}; its definition and its template differ`);
  };
  if (system.constraintCount !== constraintsOf(spec))
    fail(`has ${system.constraintCount} constraints, not ${constraintsOf(spec)}`);
  const rows = new Set<string>();
  const seen = new Uint8Array(system.wireCount);
  seen[0] = 1;
  const text = ({ offsets, wires, values }: SparseMatrix, row: number): string => {
    const terms: string[] = [];
    for (let k = offsets[row]; k < offsets[row + 1]; k += 1) {
      seen[wires[k]] = 1;
      terms.push(`${wires[k]}:${values[k]}`);
    }
    return terms.join(' ');
  };
  for (let row = 0; row < system.constraintCount; row += 1) {
    const [a, b, c] = [text(system.a, row), text(system.b, row), text(system.c, row)];
    if ((a === '' || b === '') && c === '') fail(`has a constraint, number ${row}, that holds always`);
    rows.add(`${a}*${b}=${c}`);
  }
  if (rows.size !== system.constraintCount) fail('has a constraint twice');
  const free = seen.indexOf(0);
  if (free >= 0) fail(`leaves wire ${free} without a constraint`);
}
