/**
 * Every wire of a circuit from its inputs, by running the linker's plan: combinations are evaluated, gadgets fill their
 * wires. No constraint is solved; the result is checked against circom's own calculator in tests.
 *
 * The trap: integer gadgets work on doubles, which the compiler's interval bounds keep exact; hash states do not fit
 * and are carried as field elements.
 */
import { layoutOf, runsOfCopy, wireOfCopy } from '../compile/copies.js';
import type { BigRow, LinearBlock, PlanCopies, WitnessPlan } from '../compile/witness-plan.js';
import { WitnessInputError } from './errors.js';
import { evaluateOp } from '../integer/semantics.js';
import { atOnce, between, type Stepwise } from '../stepwise.js';
import { canonical, signed } from '../r1cs/field.js';
import type { Witness } from '../r1cs/witness.js';
import { prepareGadget, type GadgetSignals, type GadgetWitness } from '../gadgets/index.js';

export { WitnessInputError } from './errors.js';

/** Values of the circuit's inputs, in wire order. */
export interface Assignment {
  readonly publicInputs: readonly bigint[];
  /** Codes of the model's inputs, then the salts of the commitments. */
  readonly privateInputs: ArrayLike<number | bigint>;
}

/** A plan with its gadgets' functions looked up: prepare once, generate many witnesses. */
export interface WitnessGenerator {
  /** @throws WitnessInputError */
  generate(assignment: Assignment): GeneratedWitness;
  /** The same, some thousands of steps at a time. */
  generating(assignment: Assignment): Stepwise<GeneratedWitness>;
}

/** A witness, and beside it what layers computed that have no wires. */
interface GeneratedWitness extends Witness {
  readonly linear: Float64Array;
}

/**
 * What the circuit itself computed as the model's outputs, all outputs one after the other, whether they are public,
 * hashed or private.
 */
export function circuitResults(plan: WitnessPlan, { small, linear }: GeneratedWitness): Float64Array {
  const { wireCount, resultOffsets, resultWires, resultCoefficients, resultConstants } = plan;
  return resultConstants.map((constant, i) => {
    let sum = constant;
    for (let k = resultOffsets[i]; k < resultOffsets[i + 1]; k += 1) {
      const place = resultWires[k];
      sum += resultCoefficients[k] * (place < wireCount ? small[place] : linear[place - wireCount]);
    }
    return sum;
  });
}

export function prepareWitness(plan: WitnessPlan): WitnessGenerator {
  const gadgets = plan.gadgets.map(prepareStep);
  const body = plan.copies && prepareWitness(plan.copies.body);
  const generating = (assignment: Assignment): Stepwise<GeneratedWitness> =>
    new Run(plan, gadgets, assignment, body).run();
  return { generating, generate: (assignment) => atOnce(generating(assignment)) };
}

interface PreparedStep {
  readonly gadget: GadgetSignals;
  readonly witness: GadgetWitness;
  readonly localCount: number;
  readonly firstInner: number;
  readonly small: Float64Array;
}

function prepareStep(gadget: GadgetSignals): PreparedStep {
  const localCount = gadget.signals.length;
  return {
    gadget,
    witness: prepareGadget(gadget),
    localCount,
    firstInner: 1 + gadget.outputCount + gadget.inputCount,
    small: new Float64Array(localCount),
  };
}

/** Steps between two stops. */
const STEPS = 2 ** 14;

class Run {
  /** By wire, and after the wires by place of a linear layer's result. */
  private readonly small: Float64Array;
  private readonly big = new Map<number, bigint>();

  constructor(
    private readonly plan: WitnessPlan,
    private readonly gadgets: readonly PreparedStep[],
    private readonly assignment: Assignment,
    private readonly body: WitnessGenerator | undefined,
  ) {
    this.small = new Float64Array(plan.wireCount + plan.slotCount);
    this.small[0] = 1;
    this.assignInputs(assignment);
  }

  *run(): Stepwise<GeneratedWitness> {
    const { wireCount, linear, gadget, copies } = this.plan;
    if (copies !== undefined) yield* this.runCopies(copies);
    let next = 0;
    for (let step = 0; step <= gadget.length; step += 1) {
      if (step % STEPS === 0) yield step / (gadget.length + 1);
      for (; next < linear.length && linear[next].step <= step; next += 1) this.runLinear(linear[next]);
      if (step < gadget.length) this.runStep(step);
    }
    return { small: this.small.subarray(0, wireCount), big: this.big, linear: this.small.subarray(wireCount) };
  }

  private *runCopies(copies: PlanCopies): Stepwise<void> {
    const layout = layoutOf(this.plan, copies);
    const { count, body } = copies;
    const codes = Array.from(this.assignment.privateInputs);
    for (let copy = 0; copy < count; copy += 1) {
      const privateInputs = codes.slice(copy * body.privateInputCount, (copy + 1) * body.privateInputCount);
      const { small, big } = yield* between(
        (this.body as WitnessGenerator).generating({ publicInputs: [], privateInputs }),
        copy / count,
        (copy + 1) / count,
      );
      for (const { from, to, length } of runsOfCopy(layout, copy))
        this.small.set(small.subarray(from, from + length), to);
      for (const [wire, value] of big) this.big.set(wireOfCopy(layout, copy, wire), value);
    }
  }

  private runLinear({ op, firstOperand, operandCount, first }: LinearBlock): void {
    const x = new Float64Array(operandCount);
    for (let i = 0; i < operandCount; i += 1) x[i] = this.evaluate(firstOperand + i);
    this.small.set(evaluateOp(op, [x]), first);
  }

  private assignInputs({ publicInputs, privateInputs }: Assignment): void {
    const { publicOutputCount, publicInputCount, privateInputCount } = this.plan;
    if (publicInputs.length !== publicInputCount || privateInputs.length !== privateInputCount) {
      throw new WitnessInputError(
        `the circuit takes ${publicInputCount} public and ${privateInputCount} private inputs, ${publicInputs.length} and ${privateInputs.length} given`,
      );
    }
    publicInputs.forEach((value, k) => this.assign(1 + publicOutputCount + k, value));
    for (let k = 0; k < privateInputCount; k += 1)
      this.assign(1 + publicOutputCount + publicInputCount + k, privateInputs[k]);
  }

  private assign(wire: number, value: number | bigint): void {
    if (typeof value === 'number') {
      this.small[wire] = value;
      return;
    }
    const reduced = signed(value);
    const number = Number(reduced);
    if (Number.isSafeInteger(number)) {
      this.small[wire] = number;
    } else {
      this.small[wire] = NaN;
      this.big.set(wire, reduced);
    }
  }

  private runStep(step: number): void {
    const { plan } = this;
    const gadget = plan.gadget[step];
    const first = plan.operandOffsets[step];
    const last = plan.operandOffsets[step + 1];
    if (gadget < 0) {
      const row = plan.big.get(first);
      this.assign(plan.outputWire[step], row ? this.evaluateBig(row) : this.evaluate(first));
      return;
    }
    const prepared = this.gadgets[gadget];
    if (prepared.witness.field) this.runField(prepared, prepared.witness.run, step, first, last);
    else this.runSmall(prepared, prepared.witness.run, step, first, last);
  }

  private runSmall(
    prepared: PreparedStep,
    run: (inputs: ArrayLike<number>, out: Float64Array) => void,
    step: number,
    first: number,
    last: number,
  ): void {
    const { small: local, firstInner, localCount, gadget } = prepared;
    const inputs = new Float64Array(last - first);
    for (let operand = first; operand < last; operand += 1) inputs[operand - first] = this.evaluate(operand);
    run(inputs, local);
    const output = this.plan.outputWire[step];
    for (let k = 0; k < gadget.outputCount; k += 1) this.small[output + k] = local[1 + k];
    const inner = this.plan.innerWire[step];
    for (let k = firstInner; k < localCount; k += 1) this.small[inner + k - firstInner] = local[k];
  }

  private runField(
    prepared: PreparedStep,
    run: (inputs: readonly bigint[], out: bigint[]) => void,
    step: number,
    first: number,
    last: number,
  ): void {
    const { firstInner, localCount, gadget } = prepared;
    const inputs = Array.from({ length: last - first }, (_, k) => {
      const row = this.plan.big.get(first + k);
      return canonical(row ? this.evaluateBig(row) : BigInt(this.evaluate(first + k)));
    });
    const local = new Array<bigint>(localCount).fill(0n);
    run(inputs, local);
    const output = this.plan.outputWire[step];
    for (let k = 0; k < gadget.outputCount; k += 1) this.assign(output + k, local[1 + k]);
    const inner = this.plan.innerWire[step];
    for (let k = firstInner; k < localCount; k += 1) this.assign(inner + k - firstInner, local[k]);
  }

  private evaluate(operand: number): number {
    const { termOffsets, wires, coefficients, constants } = this.plan;
    let sum = constants[operand];
    for (let k = termOffsets[operand]; k < termOffsets[operand + 1]; k += 1)
      sum += coefficients[k] * this.small[wires[k]];
    return sum;
  }

  private evaluateBig(row: BigRow): bigint {
    return row.wires.reduce((sum, wire, k) => sum + row.coefficients[k] * this.wire(wire), row.constant);
  }

  private wire(wire: number): bigint {
    const value = this.small[wire];
    return Number.isNaN(value) ? (this.big.get(wire) as bigint) : BigInt(value);
  }
}
