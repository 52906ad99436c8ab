/** A circuit of an integer model, run on integer inputs: the witness, and what its public signals say. */
import { compileModel, type Circuit } from '../../../src/compile/compile.js';
import { compileGadgets } from '../../../src/circom/compile.js';
import { lowerModel } from '../../../src/compile/lower.js';
import type { PortVisibility } from '../../../src/manifest.js';
import { unpackIntegers } from '../../../src/compile/packing.js';
import { portOf } from '../../../src/compile/ports.js';
import type { IntegerModel } from '../../../src/integer/integer-model.js';
import { createChecker, type Checker } from '../../../src/r1cs/check.js';
import { canonical } from '../../../src/r1cs/field.js';
import { wireValue, type Witness } from '../../../src/r1cs/witness.js';
import { sizeOf } from '../../../src/tensor/shape.js';
import { prepareWitness, type WitnessGenerator } from '../../../src/witness/generate.js';

export interface Ready {
  readonly model: IntegerModel;
  readonly circuit: Circuit;
  readonly generator: WitnessGenerator;
  readonly checker: Checker;
}

export const DEFAULT_VISIBILITY: Partial<PortVisibility> = { input: 'hashed', output: 'public' };

export async function ready(model: IntegerModel, visibility = DEFAULT_VISIBILITY): Promise<Ready> {
  const circuit = await compileModel(model, visibility);
  return { model, circuit, generator: prepareWitness(circuit.plan), checker: createChecker(circuit.system) };
}

/** The same for many models, whose gadgets are compiled together: starting the compiling processes costs the most. */
export async function readyAll(models: readonly IntegerModel[], visibility = DEFAULT_VISIBILITY): Promise<Ready[]> {
  await compileGadgets(models.flatMap((model) => lowerModel(model, visibility).netlist.gadgets));
  return await Promise.all(models.map((model) => ready(model, visibility)));
}

/** Inputs as the circuit takes them: distance from the declared low end, all inputs one after the other. */
export function codesOf(model: IntegerModel, inputs: readonly Float64Array[]): number[] {
  return inputs.flatMap((values, k) => {
    const { low } = model.inputs[k];
    return Array.from(values, (value, i) => value - low[low.length === 1 ? 0 : i]);
  });
}

export function witnessFor(
  { model, circuit, generator }: Pick<Ready, 'model' | 'circuit' | 'generator'>,
  inputs: readonly Float64Array[],
  salts: readonly bigint[] = new Array<bigint>(circuit.saltCount).fill(5n),
  context = 9n,
): Witness {
  return generator.generate({ publicInputs: [context], privateInputs: [...codesOf(model, inputs), ...salts] });
}

/** Public signals, canonical, in order. */
export function signalsOf({ circuit }: Pick<Ready, 'circuit'>, witness: Witness): bigint[] {
  return circuit.signals.map((_, i) => canonical(wireValue(witness, 1 + i)));
}

/** The outputs that public output words hold. */
export function outputsOf({ model, circuit }: Pick<Ready, 'model' | 'circuit'>, witness: Witness): Float64Array[] {
  const words = signalsOf({ circuit }, witness);
  return model.outputs.map(({ shape }, tensor) => {
    const own = words.filter((_, i) => circuit.signals[i].kind === 'output' && circuit.signals[i].tensor === tensor);
    return unpackIntegers(own, sizeOf(shape), portOf(circuit.ports, 'output').tensors[tensor].packing);
  });
}
