/**
 * One random case, whole: a model is compiled, run at the corners of its inputs, and attacked. Everything follows
 * from the case's seed.
 *
 * Of every case: the circuit's own outputs, its public signals, the interpreter and (for integer models) an
 * interpreter on big integers agree; every constraint holds on honest witnesses; every gadget is used within its
 * contract; a search finds no second witness, and no plan that cheats at one step is consistent. Of an ONNX graph
 * besides: names change nothing of its circuit; this package's float evaluator agrees with onnxruntime, and so does
 * the circuit, as far as quantization can.
 */
import { compileGadgets, gadgetKey } from '../../src/circom/compile.js';
import { compileModel, type Circuit } from '../../src/compile/compile.js';
import { lowerModel } from '../../src/compile/lower.js';
import type { PortVisibility } from '../../src/manifest.js';
import { buildGraph, decodeModel, evaluator, openReference, type Graph } from '../../src/onnx/index.js';
import { dequantize, encodeInputs, accepts } from '../../src/integer/encode.js';
import { AccumulatorOverflowError } from '../../src/quantize/errors.js';
import type { IntegerModel } from '../../src/integer/integer-model.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { quantize } from '../../src/quantize/quantize.js';
import { createChecker, type Checker } from '../../src/r1cs/check.js';
import type { Witness } from '../../src/r1cs/witness.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { prepareWitness, type WitnessGenerator } from '../../src/witness/generate.js';
import { prepareCircuit } from '../../src/workflow/circuit-run.js';
import { publicSignalsOf } from '../../src/workflow/public-signals.js';
import { codesOf, signalsOf } from '../compile/support/run.js';
import { seeded } from '../onnx/support/random.js';
import { integer, type Random } from '../quantize/support/graphs.js';
import { integerInputs, integersAt, take } from '../quantize/support/samples.js';
import { contractOf, integerParameters } from '../witness/gadgets/cases.js';
import { cheatingPlan, operandValue } from '../witness/support/forger.js';
import { runExactly } from './exact.js';
import { randomIntegerModel } from './integer-models.js';
import { randomTwins, type Twins } from './onnx-models.js';
import { partsOf, searchSecondWitness } from './second-witness.js';

export const KINDS = ['integer', 'onnx'] as const;
export type Kind = (typeof KINDS)[number];

/** What was done. Counts add up over cases; `worst…` are maxima. */
export interface Tally {
  cases: number;
  /** Cases refused by a named error (accumulators out of exact range), in both namings alike. */
  refused: number;
  constraints: number;
  wires: number;
  honestWitnesses: number;
  constraintsChecked: number;
  outputsCompared: number;
  gadgetsInContract: number;
  secondWitnessAttempts: number;
  cheatingPlans: number;
  sameCircuits: number;
  floatsCompared: number;
  /**
   * Largest error of the circuit against onnxruntime, over the output's range, of graphs whose layers are of like
   * sizes, at 12 bits.
   */
  worstTame: number;
  /** The same of all other ONNX cases; a matter of accuracy, reported and not asserted. */
  worstOther: number;
}

export function emptyTally(): Tally {
  return {
    cases: 0,
    refused: 0,
    constraints: 0,
    wires: 0,
    honestWitnesses: 0,
    constraintsChecked: 0,
    outputsCompared: 0,
    gadgetsInContract: 0,
    secondWitnessAttempts: 0,
    cheatingPlans: 0,
    sameCircuits: 0,
    floatsCompared: 0,
    worstTame: 0,
    worstOther: 0,
  };
}

/** Two of those compared disagree. The message says what, and the seed repeats it. */
export class Disagreement extends Error {}

/** How much is done with each case. */
export interface Effort {
  /** Random inputs besides the corners. */
  readonly inputs: number;
  /** Attempts to find a second witness, for each of two inputs. */
  readonly attempts: number;
  readonly cheats: number;
}

/** A case that is ready to be compiled: gadgets of many cases are compiled together. */
export interface Prepared {
  readonly seed: number;
  readonly kind: Kind;
  readonly model: IntegerModel;
  readonly visibility: Partial<PortVisibility>;
  readonly twins?: Twins & {
    readonly graph: Graph;
    readonly samples: readonly Float64Array[][];
    readonly bits: number;
    readonly renamed: IntegerModel;
  };
}

/** Error over range that a tame graph at 12 bits may have. */
const TAME_ERROR = 0.1;
const TAME_BITS = 12;

/** The model of a case; undefined where it is refused by name. */
export function prepare(seed: number, kind: Kind): Prepared | undefined {
  const random = seeded(seed);
  const pick = (): PortVisibility['input'] => (random() < 0.08 ? 'hashed' : random() < 0.5 ? 'private' : 'public');
  const visibility = { input: pick(), output: pick() };
  if (kind === 'integer') return { seed, kind, model: randomIntegerModel(random), visibility };
  const twins = randomTwins(random);
  const bits = [4, 6, 8, TAME_BITS][integer(random, 0, 3)];
  const size = twins.wild ? [0.01, 1, 300][integer(random, 0, 2)] : 1;
  const samples = samplesOf(twins, size, random);
  const [first, second] = [twins.plain, twins.hostile].map((onnx) => {
    const graph = buildGraph(decodeModel(onnx));
    try {
      return { graph, model: quantize(graph, { activationBits: bits, samples, evaluator }) };
    } catch (error) {
      if (error instanceof AccumulatorOverflowError) return undefined;
      throw error;
    }
  });
  if ((first === undefined) !== (second === undefined))
    throw new Disagreement('one naming of the graph is refused, the other is not');
  if (first === undefined || second === undefined) return undefined;
  return {
    seed,
    kind,
    model: second.model,
    visibility,
    twins: { ...twins, graph: second.graph, samples, bits, renamed: first.model },
  };
}

/** The ends, some corners, and random rows. */
function samplesOf({ inputs }: Twins, size: number, random: Random): Float64Array[][] {
  const rows = (choose: () => number): Float64Array[] =>
    inputs.map((shape) => new Float64Array(sizeOf(shape)).map(() => size * choose()));
  const corners = Array.from({ length: 6 }, () => rows(() => (random() < 0.5 ? -1 : 1)));
  return [rows(() => -1), rows(() => 1), ...corners, ...Array.from({ length: 12 }, () => rows(() => 2 * random() - 1))];
}

/** Compiles the gadgets of many cases in one go: starting the compiling processes costs most. */
export async function compileGadgetsOf(cases: readonly Prepared[]): Promise<void> {
  await compileGadgets(cases.flatMap(({ model, visibility }) => lowerModel(model, visibility).netlist.gadgets));
}

interface Compiled {
  readonly model: IntegerModel;
  readonly circuit: Circuit;
  readonly generator: WitnessGenerator;
  readonly checker: Checker;
  readonly salts: readonly bigint[];
}

/** @throws Disagreement */
export async function runCase(prepared: Prepared, effort: Effort, tally: Tally): Promise<void> {
  const { seed, kind, model, visibility, twins } = prepared;
  const random = seeded(seed ^ 0x5eed);
  const circuit = await compileModel(model, visibility);
  const compiled: Compiled = {
    model,
    circuit,
    generator: prepareWitness(circuit.plan),
    checker: createChecker(circuit.system),
    salts: new Array<bigint>(circuit.saltCount).fill(5n),
  };
  tally.cases += 1;
  tally.constraints += circuit.system.constraintCount;
  tally.wires += circuit.system.wireCount;
  // A commitment's rows are on field elements, and take a hundred times as long as others.
  const isHashed = circuit.saltCount > 0;
  const rows =
    twins?.samples.filter((row) =>
      row.every((values, k) => values.every((value, i) => accepts(model.inputs[k], i, value))),
    ) ?? [];
  const samples = rows.slice(0, isHashed ? 4 : rows.length);
  const inputs = [
    ...take(isHashed ? 4 : 12 + effort.inputs, integerInputs(model, random)),
    ...samples.map((row) => encodeInputs(model.inputs, row)),
    ...(isHashed ? [] : climbs(compiled, 6, random)),
  ];
  const witnesses = inputs.map((integers) => honest(compiled, visibility, integers, kind, tally));
  const attempts = isHashed ? Math.ceil(effort.attempts / 10) : effort.attempts;
  for (const k of [0, integer(random, 0, witnesses.length - 1)])
    attack(compiled, inputs[k], witnesses[k], { ...effort, attempts }, random, tally);
  if (twins !== undefined) await compareWithFloats(compiled, twins, visibility, samples, tally);
}

/** An honest witness, compared with all that say the same. */
function honest(
  compiled: Compiled,
  visibility: Partial<PortVisibility>,
  integers: readonly Float64Array[],
  kind: Kind,
  tally: Tally,
): Witness {
  const { model, circuit, checker, salts } = compiled;
  const { witness, outputs } = prepareCircuit(model, circuit.plan)(integers, 9n, salts);
  const violated = checker.violatedConstraints(witness);
  if (violated.length > 0)
    throw new Disagreement(`an honest witness violates constraint ${violated[0]} for the inputs ${show(integers)}`);
  const names = [
    ...(visibility.input === 'hashed' ? ['input'] : []),
    ...(visibility.output === 'hashed' ? ['output'] : []),
  ];
  const expected = publicSignalsOf(model, visibility).of({
    run: { inputs: integers, outputs },
    salts: Object.fromEntries(names.map((name) => [name, 5n])),
    context: 9n,
  });
  const signals = signalsOf({ circuit }, witness);
  if (String(expected) !== String(signals))
    throw new Disagreement(`the public signals are ${signals}, not ${expected}, for the inputs ${show(integers)}`);
  if (kind === 'integer') {
    const exact = runExactly(model, integers);
    if (String(exact) !== String(outputs.map((values) => Array.from(values, BigInt)))) {
      throw new Disagreement(
        `the interpreter gives ${show(outputs)}, big integers ${exact.join('; ')}, for the inputs ${show(integers)}`,
      );
    }
  }
  tally.gadgetsInContract += requireContracts(circuit, witness);
  tally.honestWitnesses += 1;
  tally.constraintsChecked += circuit.system.constraintCount;
  tally.outputsCompared += outputs.reduce((sum, values) => sum + values.length, 0);
  return witness;
}

/**
 * Every gadget on one integer gets a value of its contract and gives what the contract says; members of an ArgMax are
 * near enough.
 */
function requireContracts({ plan }: Circuit, witness: Witness): number {
  let checked = 0;
  plan.gadget.forEach((gadget, step) => {
    if (gadget < 0) return;
    const { spec } = plan.gadgets[gadget];
    const contract = contractOf(spec);
    if (contract === undefined && spec.template !== 'ArgMax') return;
    checked += 1;
    const operands = Array.from({ length: plan.operandOffsets[step + 1] - plan.operandOffsets[step] }, (_, k) =>
      operandAt(plan, plan.operandOffsets[step] + k, witness),
    );
    if (contract === undefined) {
      const [, bits] = integerParameters(spec);
      const span =
        operands.reduce((most, value) => Math.max(most, value)) -
        operands.reduce((least, value) => Math.min(least, value));
      if (span >= 2 ** bits) throw new Disagreement(`${gadgetKey(spec)} at step ${step} gets members ${span} apart`);
      return;
    }
    const value = BigInt(operands[0]);
    const [low, high] = contract.range;
    if (value < low || value > high)
      throw new Disagreement(
        `${gadgetKey(spec)} at step ${step} gets ${value}, outside its contract [${low}, ${high}]`,
      );
    const given = contract.expected?.([value]);
    if (given !== undefined && given !== BigInt(witness.small[plan.outputWire[step]])) {
      throw new Disagreement(
        `${gadgetKey(spec)} at step ${step} makes ${witness.small[plan.outputWire[step]]} of ${value}, not ${given}`,
      );
    }
  });
  return checked;
}

function operandAt(plan: Circuit['plan'], operand: number, witness: Witness): number {
  let sum = plan.constants[operand];
  for (let k = plan.termOffsets[operand]; k < plan.termOffsets[operand + 1]; k += 1)
    sum += plan.coefficients[k] * witness.small[plan.wires[k]];
  return sum;
}

/** Inputs at corners that drive a gadget's operand as far up, or down, as flipping one element after the other can. */
function climbs({ model, circuit, generator, salts }: Compiled, count: number, random: Random): Float64Array[][] {
  const { plan } = circuit;
  const steps = Array.from(plan.gadget.keys()).filter(
    (step) => plan.gadget[step] >= 0 && contractOf(plan.gadgets[plan.gadget[step]].spec)?.expected !== undefined,
  );
  if (steps.length === 0) return [];
  const size = model.inputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return Array.from({ length: count }, (_, k) => {
    const step = steps[integer(random, 0, steps.length - 1)];
    const sign = k % 2 === 0 ? 1 : -1;
    const ends = Array.from({ length: size }, () => integer(random, 0, 1));
    const at = (): Float64Array[] => {
      let next = 0;
      return integersAt(model, () => ends[next++]);
    };
    const height = (): number =>
      sign *
      operandValue(
        plan,
        step,
        generator.generate({ publicInputs: [9n], privateInputs: [...codesOf(model, at()), ...salts] }),
      );
    let best = height();
    for (let element = 0; element < size; element += 1) {
      ends[element] = 1 - ends[element];
      const now = height();
      if (now > best) best = now;
      else ends[element] = 1 - ends[element];
    }
    return at();
  });
}

/** Looks for a second witness of the same inputs. */
function attack(
  { model, circuit, checker, salts }: Compiled,
  integers: readonly Float64Array[],
  witness: Witness,
  effort: Effort,
  random: Random,
  tally: Tally,
): void {
  const search = searchSecondWitness(circuit.system, partsOf(circuit.plan), checker, witness);
  for (let k = 0; k < effort.attempts; k += 1) {
    const found = search.attempt(random);
    tally.secondWitnessAttempts += 1;
    if (found === undefined) continue;
    throw new Disagreement(
      `a second witness for the inputs ${show(integers)}: ${[...found]
        .slice(0, 20)
        .map(([wire, value]) => `wire ${wire} = ${value}`)
        .join(', ')}`,
    );
  }
  const { plan } = circuit;
  const steps = Array.from(plan.gadget.keys()).filter(
    (step) => plan.gadget[step] >= 0 && contractOf(plan.gadgets[plan.gadget[step]].spec) !== undefined,
  );
  for (let k = 0; k < effort.cheats && steps.length > 0; k += 1) {
    const step = steps[integer(random, 0, steps.length - 1)];
    const { spec } = plan.gadgets[plan.gadget[step]];
    const unit = spec.template === 'InputRange' ? 1 : 2 ** integerParameters(spec)[1];
    const cheating = cheatingPlan(plan, step, [1, -1, unit, -unit][k % 4]);
    const forged = prepareWitness(cheating).generate({
      publicInputs: [9n],
      privateInputs: [...codesOf(model, integers), ...salts],
    });
    // An InputRange(1) has no inner wires: there is nothing to cheat with.
    if (forged.small.every((value, wire) => Object.is(value, witness.small[wire]))) continue;
    tally.cheatingPlans += 1;
    if (checker.isSatisfied(forged)) {
      throw new Disagreement(
        `a plan that cheats at step ${step}, ${gadgetKey(spec)}, satisfies the circuit for ${show(integers)}`,
      );
    }
  }
}

/** Names, this package's float evaluator and the circuit against onnxruntime. */
async function compareWithFloats(
  compiled: Compiled,
  twins: NonNullable<Prepared['twins']>,
  visibility: Partial<PortVisibility>,
  samples: readonly Float64Array[][],
  tally: Tally,
): Promise<void> {
  const { model, circuit } = compiled;
  const renamed = await compileModel(twins.renamed, visibility);
  if (!sameSystem(circuit, renamed))
    throw new Disagreement(`the names ${JSON.stringify(twins.names)} change the circuit`);
  tally.sameCircuits += 1;
  const run = evaluator(twins.graph);
  const reference = await openReference(twins.hostile);
  try {
    const expected: Float64Array[][] = [];
    for (const sample of samples) expected.push(await reference.run(sample.map((values) => Float32Array.from(values))));
    const ranges = model.outputs.map((_, k) =>
      expected.reduce((most, outputs) => outputs[k].reduce((m, value) => Math.max(m, Math.abs(value)), most), 0),
    );
    for (const [s, sample] of samples.entries()) {
      const floats = run(sample);
      // What the integers stand for, which is up to half a step from the sample.
      const integers = runIntegerModel(model, encodeInputs(model.inputs, sample));
      twins.graph.outputs.forEach(({ tensor, name }, k) => {
        const own = floats.get(tensor) as Float64Array;
        const reals = dequantize(integers[k], model.outputs[k].scale);
        const range = Math.max(ranges[k], 1e-9);
        expected[s][k].forEach((value, i) => {
          tally.floatsCompared += 1;
          if (!twins.wild && Math.abs(own[i] - value) > 1e-3 * Math.max(range, 1))
            throw new Disagreement(`output ${name}[${i}] is ${own[i]} by the float evaluator, ${value} by onnxruntime`);
          const error = Math.abs(reals[i] - value) / range;
          if (twins.wild || twins.bits < TAME_BITS || range < 0.01)
            tally.worstOther = Math.max(tally.worstOther, error);
          else tally.worstTame = Math.max(tally.worstTame, error);
          if (!twins.wild && twins.bits === TAME_BITS && range >= 0.01 && error > TAME_ERROR) {
            throw new Disagreement(
              `output ${name}[${i}] is ${reals[i]} by the circuit, ${value} by onnxruntime (range ${range})`,
            );
          }
        });
      });
    }
  } finally {
    await reference.close();
  }
}

function sameSystem({ system: x }: Circuit, { system: y }: Circuit): boolean {
  const text = (system: Circuit['system']): string =>
    JSON.stringify(system, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : ArrayBuffer.isView(value) ? Array.from(value as Uint32Array) : value,
    );
  return text(x) === text(y);
}

function show(tensors: readonly Float64Array[]): string {
  return tensors.map((values) => `[${Array.from(values).join(', ')}]`).join(' ');
}
