/** Wires of `circuits/MultiplyAdd.circom`, for integers whose result is below 2^53 in size. */
import { defineGadget, Wires } from './gadget.js';

export const multiplyAdd = defineGadget({
  template: 'MultiplyAdd',
  parameters: {},
  simplification: 1,
  outputs: () => 1,
  constraints: () => 1,
  inputRange: () => undefined,
  prepare(_, object) {
    const wires = new Wires(object);
    const [a, b, c, output] = ['a', 'b', 'c', 'out'].map((name) => wires.one(name));
    return {
      field: false,
      run(inputs, out) {
        out[0] = 1;
        out[a] = inputs[0];
        out[b] = inputs[1];
        out[c] = inputs[2];
        // Adding 0 turns -0 into 0.
        out[output] = inputs[0] * inputs[1] + inputs[2] + 0;
      },
    };
  },
});
