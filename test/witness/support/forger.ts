/** Changes wires of a satisfied witness and asks whether the system notices. */
import { integerParameters } from '../gadgets/cases.js';
import type { WitnessPlan } from '../../../src/compile/witness-plan.js';
import type { Checker } from '../../../src/r1cs/check.js';
import { signed } from '../../../src/r1cs/field.js';
import { FIELD_MODULUS } from '../../../src/r1cs/types.js';
import { wireValue, type Witness } from '../../../src/r1cs/witness.js';
import type { Random } from '../../quantize/support/graphs.js';

export type Changes = ReadonlyMap<number, bigint>;

export class Forger {
  private readonly small: Float64Array;
  private readonly big: Map<number, bigint>;

  constructor(
    private readonly checker: Checker,
    private readonly witness: Witness,
  ) {
    this.small = witness.small.slice();
    this.big = new Map(witness.big);
  }

  value(wire: number): bigint {
    return wireValue(this.witness, wire);
  }

  /** Whether the changed witness violates a constraint. Changes must change something. */
  rejects(changes: Changes): boolean {
    if ([...changes].every(([wire, value]) => signed(value) === this.value(wire))) throw new Error('nothing is forged');
    for (const [wire, value] of changes) this.set(wire, signed(value));
    const violated = this.checker.violatedConstraints({ small: this.small, big: this.big }, changes.keys());
    for (const wire of changes.keys()) this.set(wire, this.value(wire));
    return violated.length > 0;
  }

  private set(wire: number, value: bigint): void {
    const number = Number(value);
    this.big.delete(wire);
    this.small[wire] = Number.isSafeInteger(number) ? number : NaN;
    if (Number.isNaN(this.small[wire])) this.big.set(wire, value);
  }
}

/** Uniform in the field, nearly. */
export function randomElement(random: Random): bigint {
  let value = 0n;
  for (let i = 0; i < 9; i += 1) value = (value << 32n) | BigInt(Math.floor(random() * 2 ** 32));
  return value % FIELD_MODULUS;
}

/** Local wires of one instance of a gadget: its signals' wires in the whole circuit, and its (first) input's value. */
export interface Instance {
  readonly step: number;
  readonly template: string;
  readonly parameters: readonly number[];
  readonly output: number;
  wire(signal: string): number;
}

/** Instances of gadgets, by position in the plan. */
export function instancesOf(plan: WitnessPlan, wanted: (template: string) => boolean): Instance[] {
  const found: Instance[] = [];
  plan.gadget.forEach((gadget, step) => {
    if (gadget < 0) return;
    const { spec, signals, outputCount, inputCount } = plan.gadgets[gadget];
    if (!wanted(spec.template)) return;
    const firstInner = 1 + outputCount + inputCount;
    const wire = (signal: string): number => {
      const local = signals.indexOf(signal);
      if (local < 0) throw new Error(`${spec.template} has no wire ${signal}`);
      return local <= outputCount ? plan.outputWire[step] : plan.innerWire[step] + local - firstInner;
    };
    found.push({
      step,
      template: spec.template,
      parameters: integerParameters(spec),
      output: plan.outputWire[step],
      wire,
    });
  });
  return found;
}

/** The value that a witness gives an instance's only operand. */
export function operandValue(plan: WitnessPlan, step: number, witness: Witness): number {
  const operand = plan.operandOffsets[step];
  let sum = plan.constants[operand];
  for (let k = plan.termOffsets[operand]; k < plan.termOffsets[operand + 1]; k += 1)
    sum += plan.coefficients[k] * witness.small[plan.wires[k]];
  return sum;
}

/**
 * The plan of a prover that cheats at one step: it works on its operand plus `delta`, and all that follows is
 * consistent with that.
 */
export function cheatingPlan(plan: WitnessPlan, step: number, delta: number): WitnessPlan {
  const constants = plan.constants.slice();
  constants[plan.operandOffsets[step]] += delta;
  return { ...plan, constants };
}
