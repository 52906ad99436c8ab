/** circom's own witness calculator for a gadget, the oracle of the witness tests. */
import { circomArguments, gadgetProgram } from '../../src/circom/compile-gadget.js';
import type { GadgetObject } from '../../src/circom/object.js';
import { loadCircom } from '../../src/circom/load-circom.js';
import { runCircom, writtenBy } from '../../src/circom/run-circom.js';
import { gadgetSources } from '../../src/circom/sources.js';

const circom = loadCircom();

/** Inputs in local order to every local wire, canonical. Rejects where circom's own assertions or constraints fail. */
export type Oracle = (inputs: readonly bigint[]) => Promise<bigint[]>;

/** The module that circom writes next to its WebAssembly. */
type CalculatorBuilder = (
  program: Uint8Array,
) => Promise<{ calculateWitness(inputs: Record<string, unknown>, sanityCheck: number): Promise<bigint[]> }>;

export async function witnessOracle(object: GadgetObject): Promise<Oracle> {
  const files = runCircom(
    await circom,
    new Map([...gadgetSources(object.spec.template), ['main.circom', gadgetProgram(object.spec)]]),
    [...circomArguments(object.spec), '--wasm'],
  );
  const calculator = await calculatorOf<CalculatorBuilder>(files)(writtenBy(files, 'main_js/main.wasm'));
  return (inputs) => calculator.calculateWitness(namedInputs(object, inputs), 1);
}

/** What circom's own `witness_calculator.js` exports, a CommonJS module. */
export function calculatorOf<T>(files: ReadonlyMap<string, Uint8Array>): T {
  const exporting: { exports?: T } = {};
  const source = new TextDecoder().decode(writtenBy(files, 'main_js/witness_calculator.js'));
  new Function('module', source)(exporting);
  return exporting.exports as T;
}

/** `{ in: [..] }`, `{ a: .., b: .. }`: inputs by the names that the object file gives them. */
function namedInputs(object: GadgetObject, inputs: readonly bigint[]): Record<string, unknown> {
  const named: Record<string, unknown> = {};
  inputs.forEach((value, i) => {
    const [name, subscript] = object.signals[1 + object.outputCount + i].split(/[[\]]/);
    if (subscript === undefined) named[name] = value;
    else ((named[name] ??= []) as bigint[])[Number(subscript)] = value;
  });
  return named;
}
