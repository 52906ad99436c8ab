/**
 * What a gadget is: a Circom template with named parameters, the count of its outputs and constraints, and the function
 * that computes its wires (decision 6 in docs/architecture.md). A gadget is one file here, named like its template in
 * `circuits/`, and one row of the table.
 *
 * The trap: circom takes parameters by position. Their order is that of the definition's `parameters`; callers name
 * them.
 */
import { ZkinferError } from '../errors.js';

/** A gadget does not exist, or its parameters do not fit it. */
export class GadgetError extends ZkinferError {
  readonly code = 'GADGET';
}

/** A value that circom takes for a template's parameter: an integer, or an array of integers. */
export type GadgetParameter = number | readonly number[];

/** A gadget with its parameters in circom's order: `{ template: 'Requantize', parameters: [22, 9] }`. */
export interface GadgetSpec {
  readonly template: string;
  readonly parameters: readonly GadgetParameter[];
}

/**
 * What witness generation needs of a compiled gadget: which signal each local wire carries. Wire 0 is the constant one.
 */
export interface GadgetSignals {
  readonly spec: GadgetSpec;
  /** For each local wire the signal it carries, without `main.`: `bits[3]`. Wire 0 is `one`. */
  readonly signals: readonly string[];
  readonly outputCount: number;
  readonly inputCount: number;
}

/** A gadget on integers below 2^53 in size. */
export interface IntegerGadget {
  readonly field: false;
  /** Writes every local wire, the constant one and the inputs included, for inputs within the gadget's contract. */
  run(inputs: ArrayLike<number>, out: Float64Array): void;
}

/** A gadget on field elements; values in and out are in [0, r). */
export interface FieldGadget {
  readonly field: true;
  run(inputs: readonly bigint[], out: bigint[]): void;
}

export type GadgetWitness = IntegerGadget | FieldGadget;

/** From `low` to `high`, both included. */
export interface InputRange {
  readonly low: bigint;
  readonly high: bigint;
}

/** 2^exponent. */
export const power = (exponent: number): bigint => 1n << BigInt(exponent);

type ParameterKind = 'integer' | 'integers';
type ParameterKinds = Readonly<Record<string, ParameterKind>>;
type ParametersOf<Kinds extends ParameterKinds> = {
  readonly [Name in keyof Kinds]: Kinds[Name] extends 'integers' ? readonly number[] : number;
};

/** What a gadget's file says of it. */
interface Definition<Kinds extends ParameterKinds> {
  /** Name of the template, and of its file in `circuits/`. */
  readonly template: string;
  /** Names and kinds of the parameters, in the template's order. */
  readonly parameters: Kinds;
  /**
   * How far circom may simplify. Level 1 keeps a linear constraint, so that the combination which the linker puts in
   * place of an input stays in matrix C, outside the proving key; level 2 removes linear constraints.
   */
  readonly simplification: 1 | 2;
  /** Output signals, counted. */
  outputs(parameters: ParametersOf<Kinds>): number;
  /** Constraints of one instance, as the template's head comment states them. */
  constraints(parameters: ParametersOf<Kinds>): number;
  /**
   * What each input may be, by the contract in the template's head; undefined where every field element is allowed. The
   * analysis of determinism takes it for granted, as the compiler does.
   */
  inputRange(parameters: ParametersOf<Kinds>): InputRange | undefined;
  /** Makes the function that computes an instance's wires; called once for each parameter set. */
  prepare(parameters: ParametersOf<Kinds>, object: GadgetSignals): GadgetWitness;
}

/** A gadget whose parameters are known by name: what compilers of layers call. */
export interface Gadget<Kinds extends ParameterKinds = ParameterKinds> {
  readonly template: string;
  readonly simplification: 1 | 2;
  /** The gadget with these parameters. */
  with(parameters: ParametersOf<Kinds>): GadgetSpec;
  /** @throws GadgetError where the spec's parameters are not the template's */
  outputs(spec: GadgetSpec): number;
  /** @throws GadgetError where the spec's parameters are not the template's */
  constraints(spec: GadgetSpec): number;
  /** What each input may be. @throws GadgetError where the spec's parameters are not the template's */
  inputRange(spec: GadgetSpec): InputRange | undefined;
  /** @throws GadgetError where the spec's parameters are not the template's */
  prepare(object: GadgetSignals): GadgetWitness;
  /** @throws GadgetError where the spec's parameters are not the template's */
  check(spec: GadgetSpec): void;
}

/** Makes the gadget of a definition. */
export function defineGadget<const Kinds extends ParameterKinds>(definition: Definition<Kinds>): Gadget<Kinds> {
  const names = Object.keys(definition.parameters);
  const named = (spec: GadgetSpec): ParametersOf<Kinds> => {
    const fits =
      names.length === spec.parameters.length &&
      names.every((name, i) => isOfKind(spec.parameters[i], definition.parameters[name]));
    if (!fits) {
      const wanted = names.map((name) => `${name}: ${definition.parameters[name]}`).join(', ');
      throw new GadgetError(`${gadgetKey(spec)}: the parameters are (${wanted})`);
    }
    return Object.fromEntries(names.map((name, i) => [name, spec.parameters[i]])) as ParametersOf<Kinds>;
  };
  return {
    template: definition.template,
    simplification: definition.simplification,
    with: (parameters) => ({ template: definition.template, parameters: names.map((name) => parameters[name]) }),
    outputs: (spec) => definition.outputs(named(spec)),
    constraints: (spec) => definition.constraints(named(spec)),
    inputRange: (spec) => definition.inputRange(named(spec)),
    prepare: (object) => definition.prepare(named(object.spec), object),
    check: (spec) => void named(spec),
  };
}

function isOfKind(value: GadgetParameter, kind: ParameterKind): boolean {
  return kind === 'integer' ? Number.isSafeInteger(value) : Array.isArray(value) && value.every(Number.isSafeInteger);
}

/** Name of a gadget with its parameters as circom writes them: `Requantize(20,9)`, `Lookup(8,[1,2,3])`. */
export function gadgetKey(spec: GadgetSpec): string {
  return `${spec.template}(${spec.parameters.map(parameterText).join(',')})`;
}

/** A parameter as circom reads it. */
export function parameterText(parameter: GadgetParameter): string {
  return Array.isArray(parameter) ? `[${parameter.join(',')}]` : String(parameter);
}

/** Finds local wires by signal name. */
export class Wires {
  private readonly byName = new Map<string, number>();

  constructor(private readonly object: GadgetSignals) {
    object.signals.forEach((name, wire) => this.byName.set(name, wire));
  }

  /** The wire of a signal. */
  one(name: string): number {
    const wire = this.byName.get(name);
    if (wire === undefined) throw new GadgetError(`${gadgetKey(this.object.spec)} has no wire for its signal ${name}`);
    return wire;
  }

  /** The wires of `name[0]`, ..., `name[count - 1]`. */
  many(name: string, count: number): Int32Array {
    return Int32Array.from({ length: count }, (_, i) => this.one(`${name}[${i}]`));
  }
}

/** Writes the binary digits of an integer, 0 <= value < 2^53, least significant first. */
export function writeDigits(value: number, wires: Int32Array, out: Float64Array): void {
  let rest = value;
  for (let i = 0; i < wires.length;) {
    const low = rest % 0x40000000;
    rest = (rest - low) / 0x40000000;
    let word = low | 0;
    for (const end = Math.min(i + 30, wires.length); i < end; i++) {
      out[wires[i]] = word & 1;
      word >>= 1;
    }
  }
}
