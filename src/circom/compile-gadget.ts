/** One gadget through circom: template and parameters in, R1CS and signal names out. Runs in a child process. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gadgetKey, gadgetOf, type GadgetSpec } from '../gadgets/index.js';
import { runCircom, type CircomModule } from './run-circom.js';
import { gadgetSources } from './sources.js';

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

/** Compiles one gadget in a folder of its own under the system's temporary folder. Throws CircomError. */
export function compileGadget(module: CircomModule, spec: GadgetSpec): CompiledGadget {
  const args = circomArguments(spec);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'zkinfer-circom-'));
  try {
    for (const [file, text] of [...gadgetSources(spec.template), ['main.circom', gadgetProgram(spec)]]) {
      fs.mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
      fs.writeFileSync(path.join(folder, file), text);
    }
    runCircom(module, folder, args);
    return {
      r1cs: fs.readFileSync(path.join(folder, 'main.r1cs')),
      sym: fs.readFileSync(path.join(folder, 'main.sym'), 'utf8').replace(/^\d+,-1,.*\n/gm, ''),
    };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
