/** Wires of `circuits/MultiplyField.circom`, for any field elements. */
import { canonical } from '../r1cs/field.js';
import { defineGadget, Wires } from './gadget.js';

export const multiplyField = defineGadget({
  template: 'MultiplyField',
  parameters: {},
  simplification: 1,
  outputs: () => 1,
  constraints: () => 1,
  inputRange: () => undefined,
  prepare(_, object) {
    const wires = new Wires(object);
    const [a, b, output] = ['a', 'b', 'out'].map((name) => wires.one(name));
    return {
      field: true,
      run(inputs, out) {
        out[0] = 1n;
        out[a] = inputs[0];
        out[b] = inputs[1];
        out[output] = canonical(inputs[0] * inputs[1]);
      },
    };
  },
});
