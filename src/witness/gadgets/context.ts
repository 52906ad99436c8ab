/** Wires of `circuits/Context.circom`: the context and its square. */
import type { GadgetSignals } from '../../circom/object.js';
import { canonical } from '../../r1cs/field.js';
import { Wires, type FieldGadget } from './gadget-witness.js';

export function prepareContext(object: GadgetSignals): FieldGadget {
  const wires = new Wires(object);
  const [context, square] = ['context', 'square'].map((name) => wires.one(name));
  return {
    field: true,
    run(inputs, out) {
      out[0] = 1n;
      out[context] = inputs[0];
      out[square] = canonical(inputs[0] * inputs[0]);
    },
  };
}
