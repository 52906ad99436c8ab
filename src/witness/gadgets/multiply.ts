/** Wires of `circuits/Multiply.circom`, for integer factors whose product is below 2^53 in size. */
import type { GadgetSignals } from '../../circom/object.js';
import { Wires, type IntegerGadget } from './gadget-witness.js';

export function prepareMultiply(object: GadgetSignals): IntegerGadget {
  const wires = new Wires(object);
  const [a, b, output] = ['a', 'b', 'out'].map((name) => wires.one(name));
  return {
    field: false,
    run(inputs, out) {
      out[0] = 1;
      out[a] = inputs[0];
      out[b] = inputs[1];
      // Adding 0 turns -0 into 0.
      out[output] = inputs[0] * inputs[1] + 0;
    },
  };
}
