/**
 * Shows, for a gadget of any size, that its inputs determine every wire (decision 5 in docs/architecture.md); or names
 * the wires for which it cannot show it. It never enumerates values, only cases, and proves three things:
 *
 * 1. In each case every wire is determined. A row (L)(L - c) = 0 makes L / c a bit. Every other product that is zero
 *    splits the analysis in two. Rows with a constant factor are equations; an equation T = sum of c_i b_i with T a
 *    combination of inputs and bits b_i, |c_i| larger than the sum of all smaller |c_j|, determines its bits, as long
 *    as both sides stay below r/2 in size, so that the equation modulo r is one of integers. A row whose factors are
 *    determined determines the one unknown in its product. A row q * d = t - r with d and t determined and an equation
 *    that says 0 <= r < d is a division with remainder, which has one result. A row q * q = t - r with t determined and
 *    an equation that says r <= 2 q is a square root, which is one number.
 * 2. Bounds: from the declared ranges of the inputs, bits that cannot be 0 or cannot be 1 become constants.
 * 3. Two cases never give different witnesses for the same inputs: with both cases' equations together, bounds show
 *    that no input allows both, or that both agree on every wire.
 */
import { inverse } from '../r1cs/field.js';
import { FIELD_MODULUS, type R1cs } from '../r1cs/types.js';
import { Affine, linear, mapRow, rowsOf, type Row } from './affine.js';

/** From `low` to `high`, both included. */
export interface Interval {
  readonly low: bigint;
  readonly high: bigint;
}

export interface Verdict {
  /** Wires not shown to be determined. */
  readonly open: readonly number[];
  /** Cases that are possible within the inputs' ranges. */
  readonly cases: number;
  /** The cases were too many: nothing is shown, and `open` has every wire. */
  readonly gaveUp?: true;
}

/** More cases than a limit allows. */
class TooManyCases extends Error {}

/** One case: what each wire is, and the equations between inputs and bits that hold in it. */
interface Case {
  /** Wires expressed by inputs and bits. */
  readonly values: ReadonlyMap<number, Affine>;
  /** Combinations of inputs and bits that are zero, as integers. */
  readonly equations: readonly Affine[];
  /** Rows that are still products. */
  readonly rows: readonly Row[];
}

const HALF = FIELD_MODULUS / 2n;
const ONE = Affine.constant(1n);
const ZERO = Affine.constant(0n);

/**
 * `ranges`: what the contract says of each input; undefined where it may be any field element. `mostCases`: cases
 * looked at before giving up; each product that must be zero doubles them, so that a circuit of thirty such products
 * has more than anybody can wait for.
 */
export function analyse(system: R1cs, ranges: readonly (Interval | undefined)[], mostCases = Infinity): Verdict {
  const first = 1 + system.publicOutputCount;
  const inputs = new Map(ranges.map((range, i) => [first + i, range]));
  const bits = new Set<number>();
  let fresh = system.wireCount;

  // Rows that make a bit: of a wire itself, or of a combination, which then is c times a new bit.
  const rows: Row[] = [];
  for (const row of rowsOf(system)) {
    const bit = bitRow(row);
    if (
      bit === undefined ||
      [...bit.of.terms.keys()].every((variable) => inputs.has(variable) && bit.of.terms.size === 1)
    ) {
      rows.push(row);
      continue;
    }
    const [variable] = bit.of.terms.keys();
    if (bit.of.terms.size === 1 && bit.of.constant === 0n && bit.of.coefficient(variable) === bit.size)
      bits.add(variable);
    else {
      bits.add(fresh);
      rows.push({ a: ONE, b: bit.of, c: Affine.variable(fresh).times(bit.size) });
      fresh++;
    }
  }
  const context: Context = { inputs, bits, left: { cases: mostCases } };

  const leaves: Case[] = [];
  const wires = Array.from({ length: system.wireCount - 1 }, (_, i) => i + 1).filter((wire) => !inputs.has(wire));
  try {
    split({ values: new Map(), equations: [], rows }, context, leaves);
  } catch (error) {
    if (!(error instanceof TooManyCases)) throw error;
    return { open: wires, cases: leaves.length, gaveUp: true };
  }
  const open = new Set<number>();
  for (const leaf of leaves) {
    const determined = determinedIn(leaf, context);
    for (const wire of wires) if (!determined.has(valueOf(wire, leaf))) open.add(wire);
  }
  for (let i = 0; i < leaves.length; i++) {
    for (let j = 0; j < i; j++) for (const wire of disagreements(leaves[i], leaves[j], wires, context)) open.add(wire);
  }
  return { open: [...open].sort((x, y) => x - y), cases: leaves.length };
}

interface Context {
  readonly inputs: ReadonlyMap<number, Interval | undefined>;
  readonly bits: ReadonlySet<number>;
  /** What may still be split. */
  readonly left: { cases: number };
}

/** Recognizes (L)(L - c) = 0 with a constant c that is not zero, in either order and up to sign. */
function bitRow({ a, b, c }: Row): { of: Affine; size: bigint } | undefined {
  if (!c.isZero || a.isConstant || b.isConstant) return undefined;
  for (const other of [b, b.times(-1n)]) {
    for (const factor of [a, a.times(-1n)]) {
      const difference = factor.plus(other, -1n);
      if (!difference.isConstant || difference.constant === 0n) continue;
      // The factor without a constant, or else the one with the smaller one, is the multiple of the bit.
      if (factor.constant === 0n) return { of: factor, size: difference.constant };
      if (other.constant === 0n) return { of: other, size: -difference.constant };
      return { of: factor, size: difference.constant };
    }
  }
  return undefined;
}

/**
 * Splits at the products that are zero, then uses all equations, which may make more of them, until only definitions
 * are left.
 */
function split(given: Case, context: Context, leaves: Case[]): void {
  const at = given.rows.findIndex((row) => row.c.isZero && linear(row) === undefined);
  if (at >= 0) {
    const { a, b } = given.rows[at];
    const rest = given.rows.filter((_, i) => i !== at);
    if (--context.left.cases < 0) throw new TooManyCases();
    for (const factor of [a, b]) split({ ...given, rows: [...rest, { a: ONE, b: factor, c: ZERO }] }, context, leaves);
    return;
  }
  const reduced = reduce(given, context);
  if (reduced === undefined) return;
  if (reduced.rows.some(({ c }) => c.isZero)) {
    split(reduced, context, leaves);
    return;
  }
  const choice = choiceIn(reduced, context);
  if (choice === undefined) {
    leaves.push(reduced);
    return;
  }
  if (--context.left.cases < 0) throw new TooManyCases();
  for (const value of [0n, 1n]) split(withBit(reduced, choice, value), context, leaves);
}

/** A bit of an equation between bits alone, all of one weight: what says that one of some bits is 1 and the others 0. */
function choiceIn({ equations }: Case, { bits }: Context): number | undefined {
  for (const { terms } of equations) {
    const [[first, size] = [], ...others] = terms;
    if (first === undefined || size === undefined || !bits.has(first) || others.length === 0) continue;
    if (others.every(([variable, c]) => bits.has(variable) && (c === size || c === -size))) return first;
  }
  return undefined;
}

/**
 * Eliminates wires that are neither inputs nor bits, where that keeps coefficients integers; undefined if the case is
 * impossible.
 */
function reduce(given: Case, context: Context): Case | undefined {
  const { inputs, bits } = context;
  const values = new Map(given.values);
  let equations = [...given.equations];
  let rows = [...given.rows];
  const replace = (variable: number, value: Affine): void => {
    const change = (affine: Affine): Affine => affine.substitute(variable, value);
    rows = rows.map((row) => mapRow(row, change));
    equations = equations.map(change);
    for (const [wire, affine] of values) values.set(wire, change(affine));
    values.set(variable, value);
  };
  for (;;) {
    const equal = rows.map(linear);
    rows = rows.filter((_, i) => equal[i] === undefined);
    const zero = [...equations, ...equal.filter((affine) => affine !== undefined)].filter((affine) => !affine.isZero);
    if (zero.some((affine) => affine.isConstant)) return undefined;
    const isFree = (variable: number): boolean => !inputs.has(variable) && !bits.has(variable);
    let found: [number, Affine] | undefined;
    for (const affine of zero) {
      if (found !== undefined && found[1].terms.size <= affine.terms.size) continue;
      const free = [...affine.terms].find(([variable, c]) => isFree(variable) && (c === 1n || c === -1n));
      if (free !== undefined) found = [free[0], affine];
    }
    equations = zero;
    if (found !== undefined) {
      const [variable, affine] = found;
      equations = zero.filter((other) => other !== affine);
      replace(variable, affine.solveFor(variable));
      continue;
    }
    // An input that the case makes a constant stays in its equation, and becomes one in the products.
    for (const affine of zero) {
      const [variable] = affine.terms.keys();
      if (affine.terms.size === 1 && inputs.has(variable))
        rows = rows.map((row) => mapRow(row, (x) => x.substitute(variable, affine.solveFor(variable))));
    }
    if (rows.some((row) => linear(row) !== undefined)) continue;
    // Equations on the same inputs become ones on fewer, down to equations between bits.
    const combined = combine(zero, context);
    if (combined !== undefined) {
      equations = combined;
      continue;
    }
    // Nothing to eliminate: bounds may make bits constants, and with them products into equations.
    const constants = bound([...equations, ...bitEquations(equations, context)], context);
    if (constants === undefined) return undefined;
    if (constants.size === 0) return { values, equations, rows };
    for (const [bit, value] of constants) replace(bit, Affine.constant(value));
  }
}

/**
 * The equations with a multiple of one taken from another, so that the inputs' coefficients in that become smaller, or
 * its terms fewer; undefined if no step does that. Coefficients stay integers.
 */
function combine(equations: readonly Affine[], { inputs }: Context): Affine[] | undefined {
  const weight = (equation: Affine): bigint =>
    [...equation.terms].reduce((sum, [variable, c]) => (inputs.has(variable) ? sum + (c < 0n ? -c : c) : sum), 0n);
  for (const [i, one] of equations.entries()) {
    for (const [variable, unit] of one.terms) {
      if (!inputs.has(variable) || (unit !== 1n && unit !== -1n)) continue;
      for (const [j, two] of equations.entries()) {
        const coefficient = two.coefficient(variable);
        if (i === j || coefficient === 0n) continue;
        const changed = two.plus(one, -coefficient * unit);
        const gain = weight(two) - weight(changed);
        if (gain > 0n || (gain === 0n && changed.terms.size < two.terms.size)) {
          return equations.map((equation, k) => (k === j ? changed : equation));
        }
      }
    }
  }
  return undefined;
}

/**
 * Equations between bits alone that follow from all equations together: the inputs eliminated, common factors divided
 * out.
 */
function bitEquations(equations: readonly Affine[], { inputs }: Context): Affine[] {
  let rest = [...equations];
  for (const input of inputs.keys()) {
    const pivot = rest.find((equation) => equation.coefficient(input) !== 0n);
    if (pivot === undefined) continue;
    rest = rest
      .filter((equation) => equation !== pivot)
      .map((equation) => primitive(equation.times(pivot.coefficient(input)).plus(pivot, -equation.coefficient(input))));
  }
  return rest;
}

function primitive(equation: Affine): Affine {
  const gcd = (x: bigint, y: bigint): bigint => (y === 0n ? (x < 0n ? -x : x) : gcd(y, x % y));
  const common = [...equation.terms.values()].reduce(gcd, equation.constant);
  return common > 1n ? equation.times(inverse(common)) : equation;
}

/** Range of a combination by its variables' ranges; undefined if one has none. */
function rangeOf(affine: Affine, { inputs, bits }: Context): Interval | undefined {
  let [low, high] = [affine.constant, affine.constant];
  for (const [variable, c] of affine.terms) {
    const range = bits.has(variable) ? { low: 0n, high: 1n } : inputs.get(variable);
    if (range === undefined) return undefined;
    low += c * (c > 0n ? range.low : range.high);
    high += c * (c > 0n ? range.high : range.low);
  }
  return { low, high };
}

/** Whether an equation modulo r is one of integers: it cannot reach a multiple of r other than 0. */
function isOfIntegers(equation: Affine, context: Context): boolean {
  const range = rangeOf(equation, context);
  return range !== undefined && range.low > -HALF && range.high < HALF;
}

/** The part of a combination that consists of inputs, and its name up to a factor of -1. */
function inputPart(affine: Affine, { inputs }: Context): { form: Affine; key: string; sign: bigint } {
  let form = ZERO;
  for (const [variable, c] of affine.terms) if (inputs.has(variable)) form = form.plus(Affine.variable(variable), c);
  const terms = [...form.terms].sort(([x], [y]) => x - y);
  const sign = terms.length > 0 && terms[0][1] < 0n ? -1n : 1n;
  return { form: form.times(sign), key: terms.map(([variable, c]) => `${variable}:${c * sign}`).join(','), sign };
}

type Forms = Map<string, Interval>;

/**
 * Bits that the equations' bounds make constant; undefined if the equations are impossible. `forms` holds the range of
 * each combination of inputs met so far, narrowed by what the bits allow.
 */
function bound(
  equations: readonly Affine[],
  context: Context,
  forms: Forms = new Map(),
): Map<number, bigint> | undefined {
  const constants = new Map<number, bigint>();
  for (const equation of equations) {
    if (!isOfIntegers(equation, context)) continue;
    const { form, key, sign } = inputPart(equation, context);
    const others = equation.times(sign).plus(form, -1n);
    // form = -others
    let range = forms.get(key) ?? rangeOf(form, context)!;
    const reach = rangeOf(others, context)!;
    range = { low: max(range.low, -reach.high), high: min(range.high, -reach.low) };
    if (range.low > range.high) return undefined;
    forms.set(key, range);
    for (const [bit, c] of others.terms) {
      // The rest of the row, without this bit, as it is and moved by the bit's coefficient, against the range of the
      // form.
      const rest = { low: reach.low - (c < 0n ? c : 0n), high: reach.high - (c > 0n ? c : 0n) };
      const canBe = (shift: bigint): boolean => rest.low + shift <= -range.low && rest.high + shift >= -range.high;
      const [zero, one] = [canBe(0n), canBe(c)];
      if (!zero && !one) return undefined;
      if (zero !== one) {
        const value = one ? 1n : 0n;
        if ((constants.get(bit) ?? value) !== value) return undefined;
        constants.set(bit, value);
      }
    }
  }
  return constants;
}

/**
 * What is determined, as far as shown: combinations are read modulo the determined ones. Each pivot is a variable that
 * equals a combination of undetermined variables (empty if it is determined itself) plus something determined.
 */
class Determined {
  private readonly pivots = new Map<number, Affine>();

  constructor(variables: Iterable<number>) {
    for (const variable of variables) this.add(Affine.variable(variable));
  }

  /** The undetermined part of a combination. */
  rest(affine: Affine): Affine {
    let rest = affine;
    for (const variable of affine.terms.keys()) {
      const value = this.pivots.get(variable);
      if (value !== undefined) rest = rest.substitute(variable, value);
    }
    return rest.plus(Affine.constant(rest.constant), -1n);
  }

  has(affine: Affine): boolean {
    return this.rest(affine).isConstant;
  }

  /** Notes that a combination is determined; whether that was new. */
  add(affine: Affine): boolean {
    const rest = this.rest(affine);
    if (rest.isConstant) return false;
    const [variable] = rest.terms.keys();
    const value = rest.solveFor(variable);
    for (const [pivot, other] of this.pivots) this.pivots.set(pivot, other.substitute(variable, value));
    this.pivots.set(variable, value);
    return true;
  }
}

/** What the case's equations and definitions determine. */
function determinedIn(leaf: Case, context: Context): Determined {
  const known = new Determined(context.inputs.keys());
  let rows = [...leaf.rows];
  for (let changed = true; changed;) {
    changed = false;
    for (const equation of leaf.equations) {
      const unknown = unknownOf(equation, known);
      if (isOfIntegers(equation, context) && isSuperIncreasing(unknown.map(([, c]) => c))) {
        for (const [variable] of unknown) changed = known.add(Affine.variable(variable)) || changed;
      }
      changed = known.add(equation) || changed;
    }
    rows = rows.filter(({ a, b, c }) => {
      for (const [quotient, divisor] of [
        [a, b],
        [b, a],
      ]) {
        if (known.has(quotient) || !known.has(divisor) || !isDivision(quotient, divisor, c, leaf, known, context))
          continue;
        changed = determineDigits(quotient, known) || changed;
        changed = determineDigits(c, known) || changed;
        return false;
      }
      if (!known.has(a) && isSquareRoot({ a, b, c }, leaf, known, context)) {
        changed = determineDigits(a, known) || changed;
        changed = determineDigits(c, known) || changed;
        return false;
      }
      // A product of determined factors is determined.
      if (known.has(a) && known.has(b)) {
        changed = known.add(c) || changed;
        return false;
      }
      // a x = c with c a constant that is not zero: a is not zero, and x is the quotient.
      for (const [factor, other] of [
        [a, b],
        [b, a],
      ]) {
        if (!c.isConstant || c.constant === 0n || !known.has(factor)) continue;
        changed = known.add(other) || changed;
        return false;
      }
      return true;
    });
  }
  return known;
}

/**
 * Whether quotient * divisor = c is a division with remainder: c is something determined less r, with 0 <= r and, by an
 * equation of the case, r <= divisor - 1; the quotient is not negative, and both sides stay below r/2 in size. Then two
 * solutions differ by a multiple of the divisor in r, which is less than the divisor, and so by nothing.
 */
function isDivision(
  quotient: Affine,
  divisor: Affine,
  c: Affine,
  leaf: Case,
  known: Determined,
  context: Context,
): boolean {
  const remainder = unknownOf(c, known).reduce(
    (sum, [variable, size]) => sum.plus(Affine.variable(variable), -size),
    ZERO,
  );
  const ranges = [quotient, divisor, c, remainder].map((affine) => rangeOf(affine, context));
  if (ranges.includes(undefined)) return false;
  const [ofQuotient, ofDivisor, ofProduct, ofRemainder] = ranges as Interval[];
  if (ofQuotient.low < 0n || ofDivisor.low < 1n || ofRemainder.low < 0n) return false;
  if (ofQuotient.high * ofDivisor.high >= HALF || ofProduct.low <= -HALF || ofProduct.high >= HALF) return false;
  return leaf.equations.some(
    (equation) =>
      isOfIntegers(equation, context) &&
      [1n, -1n].some((sign) => {
        // The equation says divisor - r + rest = 0, where rest is at most -1.
        const rest = rangeOf(equation.times(sign).plus(divisor, -1n).plus(remainder), context);
        return rest !== undefined && rest.high <= -1n;
      }),
  );
}

/**
 * Whether a * b = c is a square root: both factors are q >= 0, c is something determined less r >= 0, and an equation
 * of the case says r <= 2 q; q^2 and r stay below r/2 in size, so that their sum is one of integers. Then q^2 <= c + r
 * < (q + 1)^2, which is true of one q.
 */
function isSquareRoot({ a, b, c }: Row, leaf: Case, known: Determined, context: Context): boolean {
  if (!a.plus(b, -1n).isZero) return false;
  const remainder = unknownOf(c, known).reduce(
    (sum, [variable, size]) => sum.plus(Affine.variable(variable), -size),
    ZERO,
  );
  const [root, left] = [a, remainder].map((affine) => rangeOf(affine, context));
  if (
    root === undefined ||
    left === undefined ||
    root.low < 0n ||
    left.low < 0n ||
    root.high * root.high >= HALF ||
    left.high >= HALF
  )
    return false;
  return leaf.equations.some(
    (equation) =>
      isOfIntegers(equation, context) &&
      [1n, -1n].some((sign) => {
        // The equation says 2 q - r - rest = 0, where rest is not negative.
        const rest = rangeOf(equation.times(sign).plus(a, -2n).plus(remainder), context);
        return rest !== undefined && rest.high <= 0n;
      }),
  );
}

/** The terms of a combination whose variables are not determined. */
function unknownOf(affine: Affine, known: Determined): [variable: number, size: bigint][] {
  return [...affine.terms].filter(([variable]) => !known.has(Affine.variable(variable)));
}

/**
 * Notes that a combination of integers is determined, and its unknown bits where their sizes tell them apart. Whether
 * that was new.
 */
function determineDigits(affine: Affine, known: Determined): boolean {
  const unknown = unknownOf(affine, known);
  let changed = known.add(affine);
  if (isSuperIncreasing(unknown.map(([, size]) => size)))
    for (const [variable] of unknown) changed = known.add(Affine.variable(variable)) || changed;
  return changed;
}

function isSuperIncreasing(coefficients: readonly bigint[]): boolean {
  let sum = 0n;
  return coefficients
    .map((c) => (c < 0n ? -c : c))
    .sort((x, y) => (x < y ? -1 : 1))
    .every((size) => {
      const larger = size > sum;
      sum += size;
      return larger;
    });
}

/** A wire by inputs, bits and wires that only products contain. */
function valueOf(wire: number, leaf: Case): Affine {
  return leaf.values.get(wire) ?? Affine.variable(wire);
}

/** Wires on which two cases may differ for the same inputs. */
function disagreements(one: Case, two: Case, wires: readonly number[], context: Context): number[] {
  const cases = [one, two];
  const forms: Forms = new Map();
  for (;;) {
    let changed = false;
    for (let i = 0; i < 2; i++) {
      const before = [...forms].map(([key, { low, high }]) => `${key}=${low}..${high}`).join();
      const constants = bound(cases[i].equations, context, forms);
      if (constants === undefined) return [];
      const points = pointInputs(cases[i], forms, context);
      if (constants.size > 0 || points.size > 0) {
        let fixed: Case = {
          ...cases[i],
          rows: cases[i].rows.map((row) =>
            mapRow(row, (x) => [...points].reduce((y, [input, value]) => y.substitute(input, value), x)),
          ),
        };
        for (const [bit, value] of constants) fixed = withBit(fixed, bit, value);
        const reduced = reduce(fixed, context);
        if (reduced === undefined) return [];
        cases[i] = reduced;
        changed = true;
      }
      changed ||= before !== [...forms].map(([key, { low, high }]) => `${key}=${low}..${high}`).join();
    }
    if (!changed) break;
  }
  // Bits that one and the same equation determines in both cases are the same.
  const same = new Set<number>(context.inputs.keys());
  const text = (affine: Affine): string => {
    const { sign } = inputPart(affine, context);
    const terms = [...affine.terms].map(([variable, c]) => [variable, c * sign] as const).sort(([x], [y]) => x - y);
    return `${affine.constant * sign}|${terms.join(';')}`;
  };
  const known = cases.map((leaf) => determinedIn(leaf, context));
  const shared = new Set(cases[1].equations.map(text));
  for (const equation of cases[0].equations) {
    if (!shared.has(text(equation))) continue;
    for (const variable of equation.terms.keys()) {
      if (known.every((determined) => determined.has(Affine.variable(variable)))) same.add(variable);
    }
  }
  return wires.filter((wire) => {
    const values = cases.map((leaf) => valueOf(wire, leaf));
    let difference = values[0].plus(values[1], -1n);
    const { form, key, sign } = inputPart(difference, context);
    const range = forms.get(key);
    if (range !== undefined && range.low === range.high)
      difference = difference.plus(form, -sign).plus(Affine.constant(range.low * sign));
    if (!difference.isZero) return true;
    return !values.every((value) => [...value.terms.keys()].every((variable) => same.has(variable)));
  });
}

/** Inputs of which only one value is left, where the case's products contain them. */
function pointInputs(leaf: Case, forms: Forms, { inputs }: Context): Map<number, Affine> {
  const points = new Map<number, Affine>();
  for (const { a, b, c } of leaf.rows) {
    for (const input of [a, b, c].flatMap(({ terms }) => [...terms.keys()])) {
      const range = inputs.has(input) ? forms.get(`${input}:1`) : undefined;
      if (range !== undefined && range.low === range.high) points.set(input, Affine.constant(range.low));
    }
  }
  return points;
}

function withBit(leaf: Case, bit: number, value: bigint): Case {
  const change = (affine: Affine): Affine => affine.substitute(bit, Affine.constant(value));
  return {
    values: new Map([
      ...[...leaf.values].map(([wire, affine]) => [wire, change(affine)] as const),
      [bit, Affine.constant(value)],
    ]),
    equations: leaf.equations.map(change),
    rows: leaf.rows.map((row) => mapRow(row, change)),
  };
}

function min(x: bigint, y: bigint): bigint {
  return x < y ? x : y;
}

function max(x: bigint, y: bigint): bigint {
  return x > y ? x : y;
}
