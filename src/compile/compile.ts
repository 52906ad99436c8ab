/**
 * The compiler in Node, where circom runs in processes of its own and gadgets are kept on disk.
 */
import { compileGadgets, type GadgetCompileOptions } from '../circom/compile.js';
import type { PortVisibility } from '../port-roles.js';
import type { IntegerModel } from '../integer/integer-model.js';
import { circuitFor, type Circuit, type CircuitOptions } from './circuit.js';

export type { Circuit } from './circuit.js';

/** @throws CircomError, AccumulatorOverflowError */
export function compileModel(
  model: IntegerModel,
  visibility: Partial<PortVisibility>,
  options: GadgetCompileOptions & CircuitOptions = {},
): Promise<Circuit> {
  return circuitFor(model, visibility, (specs) => compileGadgets(specs, options), options);
}
