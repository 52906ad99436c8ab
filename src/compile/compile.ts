/**
 * The compiler as one function: integer model in, circuit out.
 */
import { compileGadgets, type CompileOptions } from '../circom/compile.js';
import type { PortVisibility } from '../manifest.js';
import type { IntegerModel } from '../quantize/integer-model.js';
import type { R1cs } from '../r1cs/types.js';
import { link } from './link.js';
import { lowerModel, type LoweredModel } from './lower.js';
import type { Netlist } from './netlist.js';
import type { Program } from './program.js';

export interface LayerCost {
  readonly name: string;
  readonly constraints: number;
}

export interface Circuit extends Omit<LoweredModel, 'netlist'> {
  readonly netlist: Netlist;
  readonly system: R1cs;
  readonly program: Program;
  /** Constraints by layer, borders included, in order. */
  readonly layers: readonly LayerCost[];
}

/** @throws CircomError */
export async function compileModel(model: IntegerModel, visibility: PortVisibility, options: CompileOptions = {}): Promise<Circuit> {
  const lowered = lowerModel(model, visibility);
  const objects = await compileGadgets(lowered.netlist.gadgets, options);
  const { system, program, layerConstraints } = link(lowered.netlist, objects);
  const layers = lowered.netlist.layers.map((name, i) => ({ name, constraints: layerConstraints[i] }));
  return { ...lowered, system, program, layers };
}
