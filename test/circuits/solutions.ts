/**
 * Every witness of a small system for given inputs, by exhaustive case distinction over the field: a row with a
 * constant factor is an equation and removes a variable, a product that is zero splits into its two factors. No bound
 * on any wire is assumed, so this finds what wraps around the modulus, too.
 */
import { canonical } from '../../src/r1cs/field.js';
import type { R1cs } from '../../src/r1cs/types.js';
import { Affine, linear, mapRow, rowsOf, type Row } from '../../src/determinism/affine.js';

/** All witnesses, each with every wire, canonical; a wire that stays free makes it throw. */
export function solutions(system: R1cs, inputs: readonly bigint[]): bigint[][] {
  const first = 1 + system.publicOutputCount;
  const fixed = new Map<number, Affine>(inputs.map((value, i) => [first + i, Affine.constant(value)]));
  let rows = rowsOf(system);
  for (const [wire, value] of fixed) rows = rows.map((row) => mapRow(row, (affine) => affine.substitute(wire, value)));
  const found: bigint[][] = [];
  search(rows, fixed, (values) => {
    found.push(
      Array.from({ length: system.wireCount }, (_, wire) => {
        if (wire === 0) return 1n;
        const value = values.get(wire);
        if (value === undefined || !value.isConstant) throw new Error(`wire ${wire} is free`);
        return canonical(value.constant);
      }),
    );
  });
  return found;
}

function search(
  rows: readonly Row[],
  values: ReadonlyMap<number, Affine>,
  found: (values: ReadonlyMap<number, Affine>) => void,
): void {
  let open = rows;
  let known = values;
  for (;;) {
    const equation = open.map(linear).find((affine) => affine !== undefined && !affine.isZero);
    if (equation === undefined) break;
    if (equation.isConstant) return;
    const [variable] = equation.terms.keys();
    const value = equation.solveFor(variable);
    open = open.map((row) => mapRow(row, (affine) => affine.substitute(variable, value)));
    known = new Map(
      [...known, [variable, value] as const].map(([wire, affine]) => [wire, affine.substitute(variable, value)]),
    );
  }
  open = open.filter((row) => linear(row) === undefined);
  if (open.length === 0) {
    found(known);
    return;
  }
  const split = open.findIndex(({ c }) => c.isZero);
  if (split < 0) throw new Error('a product of unknowns is left');
  const { a, b } = open[split];
  const rest = open.filter((_, i) => i !== split);
  const zero = Affine.constant(0n);
  const one = Affine.constant(1n);
  search([...rest, { a: one, b: a, c: zero }], known, found);
  // The second branch leaves out what the first covered.
  const difference = a.plus(b, -1n);
  if (!(difference.isConstant && difference.constant === 0n)) search([...rest, { a: one, b, c: zero }], known, found);
}
