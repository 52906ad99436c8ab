/**
 * A search for a second witness: another assignment of a circuit's wires that satisfies its constraints for the same
 * inputs. It changes one wire and repairs what that violates, constraint by constraint, until nothing is violated or
 * no wire is left to change; either within one gadget (what follows it has an honest continuation, whatever it
 * gives), or over the whole circuit. Such a search proves nothing where it finds nothing; `second-witness.test.ts`
 * shows what it finds in circuits that lack a constraint.
 */
import type { WitnessPlan } from '../../src/compile/witness-plan.js';
import { constraintsOf } from '../../src/gadgets/index.js';
import type { Checker } from '../../src/r1cs/check.js';
import { canonical, inverse, signed } from '../../src/r1cs/field.js';
import { FIELD_MODULUS, type R1cs, type SparseMatrix } from '../../src/r1cs/types.js';
import { wireValue, type Witness } from '../../src/r1cs/witness.js';
import { integer, type Random } from '../quantize/support/graphs.js';
import { randomElement } from '../witness/support/forger.js';

/** Wires that a repair may change before it is given up. */
const MOST_CHANGES = 60;

/** Rows of a step and the wires that it makes. */
interface Part {
  readonly firstRow: number;
  readonly lastRow: number;
  readonly wires: readonly number[];
}

export type Changes = ReadonlyMap<number, bigint>;

export interface Search {
  /**
   * Changes that satisfy every constraint, or every constraint of one gadget whose operands they leave alone, and
   * that change no input; undefined if none was found.
   */
  attempt(random: Random): Changes | undefined;
}

/**
 * Steps by their rows, which stand in the steps' order. Gadgets on field elements are left out: their rows are long,
 * and each defines a wire.
 */
export function partsOf(plan: WitnessPlan): Part[] {
  const parts: Part[] = [];
  let row = 0;
  plan.gadget.forEach((gadget, step) => {
    const made = gadget < 0 ? undefined : plan.gadgets[gadget];
    const firstRow = row;
    row += made === undefined ? 1 : constraintsOf(made.spec);
    if (made?.spec.template === 'PoseidonBlock') return;
    const outputs = made?.outputCount ?? 1;
    const inner = made === undefined ? 0 : made.signals.length - 1 - made.outputCount - made.inputCount;
    const wires = [
      ...Array.from({ length: outputs }, (_, k) => plan.outputWire[step] + k),
      ...Array.from({ length: inner }, (_, k) => plan.innerWire[step] + k),
    ];
    if (wires.length > 0) parts.push({ firstRow, lastRow: row, wires });
  });
  return parts;
}

/** `witness` satisfies `system`, whose steps are `parts`. The public outputs are free, the inputs fixed. */
export function searchSecondWitness(system: R1cs, parts: readonly Part[], checker: Checker, witness: Witness): Search {
  const firstInput = 1 + system.publicOutputCount;
  const firstInner = firstInput + system.publicInputCount + system.privateInputCount;
  const isFixed = (wire: number): boolean => wire === 0 || (wire >= firstInput && wire < firstInner);
  const whole: Part = {
    firstRow: 0,
    lastRow: system.constraintCount,
    wires: Array.from({ length: system.wireCount }, (_, wire) => wire).filter((wire) => !isFixed(wire)),
  };
  const small = witness.small.slice();
  const big = new Map(witness.big);
  const current: Witness = { small, big };
  const set = (wire: number, value: bigint): void => {
    const number = Number(value);
    big.delete(wire);
    small[wire] = Number.isSafeInteger(number) ? number : NaN;
    if (Number.isNaN(small[wire])) big.set(wire, value);
  };

  /** Changes wires of the part until none of its rows is violated; whether it came to that. */
  const repair = (changes: Map<number, bigint>, part: Part, random: Random): boolean => {
    const own = new Set(part === whole ? [] : part.wires);
    const mayChange = (wire: number): boolean =>
      !changes.has(wire) && (part === whole ? !isFixed(wire) : own.has(wire));
    while (changes.size <= MOST_CHANGES) {
      const violated = checker
        .violatedConstraints(current, changes.keys())
        .filter((row) => row >= part.firstRow && row < part.lastRow);
      if (violated.length === 0) return true;
      const repairs = repairsOf(system, violated[integer(random, 0, violated.length - 1)], current, mayChange);
      if (repairs.length === 0) return false;
      for (const [wire, value] of repairs[integer(random, 0, repairs.length - 1)]) {
        changes.set(wire, value);
        set(wire, value);
      }
    }
    return false;
  };

  return {
    attempt(random) {
      const part = parts.length > 0 && random() < 0.7 ? parts[integer(random, 0, parts.length - 1)] : whole;
      const outputs = system.publicOutputCount;
      const wire =
        part === whole && outputs > 0 && random() < 0.3
          ? integer(random, 1, outputs)
          : part.wires[integer(random, 0, part.wires.length - 1)];
      const value = signed(canonical(forged(wireValue(witness, wire), random)));
      if (value === wireValue(witness, wire)) return undefined;
      const changes = new Map([[wire, value]]);
      set(wire, value);
      const found = repair(changes, part, random);
      for (const changed of changes.keys()) set(changed, wireValue(witness, changed));
      return found ? changes : undefined;
    },
  };
}

/** What a forger would try: a neighbour, another bit, a negated or wrapped value, a power of two away, anything. */
function forged(value: bigint, random: Random): bigint {
  const choices = [
    value + 1n,
    value - 1n,
    1n - value,
    -value,
    2n * value,
    0n,
    FIELD_MODULUS - 1n,
    (FIELD_MODULUS + 1n) / 2n,
  ];
  const pick = integer(random, 0, choices.length + 1);
  if (pick < choices.length) return choices[pick];
  return pick === choices.length
    ? value + (random() < 0.5 ? 1n : -1n) * (1n << BigInt(integer(random, 1, 60)))
    : randomElement(random);
}

type Repair = readonly (readonly [wire: number, value: bigint])[];

/** Changes that make a constraint hold: each wire that may be changed, alone; and all digits of a number together. */
function repairsOf(system: R1cs, row: number, witness: Witness, mayChange: (wire: number) => boolean): Repair[] {
  const value = (matrix: SparseMatrix): bigint => {
    let sum = 0n;
    for (let k = matrix.offsets[row]; k < matrix.offsets[row + 1]; k += 1)
      sum += system.coefficients[matrix.values[k]] * wireValue(witness, matrix.wires[k]);
    return canonical(sum);
  };
  const factors = new Map<number, [bigint, bigint, bigint]>();
  [system.a, system.b, system.c].forEach((matrix, m) => {
    for (let k = matrix.offsets[row]; k < matrix.offsets[row + 1]; k += 1) {
      const wire = matrix.wires[k];
      if (!mayChange(wire)) continue;
      const factor = factors.get(wire) ?? [0n, 0n, 0n];
      factor[m] = system.coefficients[matrix.values[k]];
      factors.set(wire, factor);
    }
  });
  const [a, b, c] = [value(system.a), value(system.b), value(system.c)];
  const repairs: Repair[] = [];
  const slopes: [number, bigint][] = [];
  for (const [wire, [alpha, beta, gamma]] of factors) {
    const move = (by: bigint): void => void repairs.push([[wire, signed(canonical(wireValue(witness, wire) + by))]]);
    if (alpha !== 0n && beta !== 0n) {
      // A square, as of a bit: where the right side is zero, either factor may become zero.
      if (c === 0n && gamma === 0n)
        for (const [factor, at] of [
          [alpha, a],
          [beta, b],
        ])
          move(-at * inverse(factor));
      continue;
    }
    // (a + alpha d)(b + beta d) = c + gamma d with one of alpha and beta zero.
    const slope = signed(canonical(alpha * b + beta * a - gamma));
    if (slope === 0n) continue;
    slopes.push([wire, slope]);
    move((c - a * b) * inverse(canonical(slope)));
  }
  const digits = redigit(slopes, signed(canonical(c - a * b)), witness);
  if (digits.length > 0) repairs.push(digits);
  return repairs;
}

/**
 * Wires that are bits and whose slopes are u, 2u, 4u, …: their digits written anew, so that the left side moves by
 * `by`, as far as there are digits.
 */
function redigit(slopes: readonly (readonly [wire: number, slope: bigint])[], by: bigint, witness: Witness): Repair {
  const bits = new Map(
    slopes
      .filter(([wire]) => witness.small[wire] === 0 || witness.small[wire] === 1)
      .map(([wire, slope]) => [slope, wire]),
  );
  let best: Repair = [];
  for (const unit of bits.keys()) {
    const wires: number[] = [];
    for (let slope = unit; bits.has(slope); slope *= 2n) wires.push(bits.get(slope) as number);
    if (wires.length < 2 || wires.length <= best.length || by % unit !== 0n) continue;
    const before = wires.reduce((sum, wire, i) => sum + (BigInt(witness.small[wire]) << BigInt(i)), 0n);
    const after = BigInt.asUintN(wires.length, before + by / unit);
    best = wires.map((wire, i) => [wire, (after >> BigInt(i)) & 1n] as const);
  }
  return best;
}
