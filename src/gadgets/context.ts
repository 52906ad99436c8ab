/** Wires of `circuits/Context.circom`: the context and its square. */
import { canonical } from '../r1cs/field.js';
import { defineGadget, Wires } from './gadget.js';

export const context = defineGadget({
  template: 'Context',
  parameters: {},
  simplification: 1,
  outputs: () => 0,
  constraints: () => 1,
  inputRange: () => undefined,
  prepare(_, object) {
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
  },
});
