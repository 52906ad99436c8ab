/** One gadget through circom: template and parameters in, R1CS and signal names out. In Node it runs in a child process. */
import { gadgetKey, gadgetOf, type GadgetSpec } from '../gadgets/index.js';
import { runCircom, writtenBy, type CircomModule, type CircomSources } from './run-circom.js';

/**
 * What circom wrote: the bytes of `.r1cs`, and the lines of `.sym` whose signals are still wires (of Poseidon's, one in
 * twenty).
 */
export interface CompiledGadget {
  readonly r1cs: Uint8Array;
  readonly sym: string;
}

/** circom's arguments for a gadget whose main component is in `main.circom`. */
export function circomArguments(spec: GadgetSpec): string[] {
  return ['main.circom', '--r1cs', '--sym', `--O${gadgetOf(spec).simplification}`];
}

/** The program whose main component is the gadget. */
export function gadgetProgram(spec: GadgetSpec): string {
  return `pragma circom 2.1.0;\ninclude "${spec.template}.circom";\ncomponent main = ${gadgetKey(spec)};\n`;
}

/** Compiles one gadget, whose template and what that includes are `sources`. @throws CircomError */
export function compileGadget(module: CircomModule, spec: GadgetSpec, sources: CircomSources): CompiledGadget {
  const files = runCircom(module, new Map([...sources, ['main.circom', gadgetProgram(spec)]]), circomArguments(spec));
  return {
    r1cs: writtenBy(files, 'main.r1cs'),
    sym: new TextDecoder().decode(writtenBy(files, 'main.sym')).replace(/^\d+,-1,.*\n/gm, ''),
  };
}
