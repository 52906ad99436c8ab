/** circom's own witness calculator for a gadget, the oracle of the witness tests. */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { circomArguments, gadgetProgram } from '../../src/circom/compile-gadget.js';
import type { GadgetObject } from '../../src/circom/object.js';
import { loadCircom, runCircom } from '../../src/circom/run-circom.js';
import { gadgetSources } from '../../src/circom/sources.js';

const circom = loadCircom();

/** Inputs in local order to every local wire, canonical. Rejects where circom's own assertions or constraints fail. */
export type Oracle = (inputs: readonly bigint[]) => Promise<bigint[]>;

/** The module that circom writes next to its WebAssembly. */
type CalculatorBuilder = (
  program: Uint8Array,
) => Promise<{ calculateWitness(inputs: Record<string, unknown>, sanityCheck: number): Promise<bigint[]> }>;

export async function witnessOracle(object: GadgetObject): Promise<Oracle> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'zkinfer-oracle-'));
  try {
    for (const [file, text] of [...gadgetSources(object.spec.template), ['main.circom', gadgetProgram(object.spec)]]) {
      fs.mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
      fs.writeFileSync(path.join(folder, file), text);
    }
    runCircom(await circom, folder, [...circomArguments(object.spec), '--wasm']);
    const code = path.join(folder, 'main_js');
    const build = createRequire(import.meta.url)(path.join(code, 'witness_calculator.js')) as CalculatorBuilder;
    const calculator = await build(fs.readFileSync(path.join(code, 'main.wasm')));
    return (inputs) => calculator.calculateWitness(namedInputs(object, inputs), 1);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
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
