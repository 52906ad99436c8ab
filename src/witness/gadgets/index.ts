/** The witness functions of all gadgets, by template: one row each. */
import type { GadgetSignals } from '../../circom/object.js';
import { prepareArgMax } from './arg-max.js';
import { prepareContext } from './context.js';
import type { GadgetWitness, Prepare } from './gadget-witness.js';
import { prepareInputRange } from './input-range.js';
import { prepareMultiply } from './multiply.js';
import { preparePoseidonBlock } from './poseidon.js';
import { prepareRequantizeClamp } from './requantize-clamp.js';
import { prepareRequantizeMin } from './requantize-min.js';
import { prepareRequantizeRelu } from './requantize-relu.js';
import { prepareRequantize } from './requantize.js';

export type { FieldGadget, GadgetWitness, IntegerGadget } from './gadget-witness.js';
export { poseidon, poseidonCommit } from './poseidon.js';

const PREPARE: ReadonlyMap<string, Prepare> = new Map<string, Prepare>([
  ['ArgMax', prepareArgMax],
  ['Context', prepareContext],
  ['InputRange', prepareInputRange],
  ['Multiply', prepareMultiply],
  ['PoseidonBlock', preparePoseidonBlock],
  ['Requantize', prepareRequantize],
  ['RequantizeClamp', prepareRequantizeClamp],
  ['RequantizeMin', prepareRequantizeMin],
  ['RequantizeRelu', prepareRequantizeRelu],
]);

/** The witness function of an object file; prepare once, run for every instance. */
export function prepareGadget(object: GadgetSignals): GadgetWitness {
  const prepare = PREPARE.get(object.spec.template);
  if (prepare === undefined) throw new Error(`gadget ${object.spec.template} has no witness function`);
  return prepare(object);
}
