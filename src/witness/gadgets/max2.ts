/** Wires of `circuits/Max2.circom`: out = max(a, b) and the digits of |a - b| but the top one. */
import type { GadgetSignals } from '../../circom/object.js';
import { Wires, writeDigits, type IntegerGadget } from './gadget-witness.js';

export function prepareMax2(object: GadgetSignals): IntegerGadget {
  const [bits] = object.spec.parameters;
  const wires = new Wires(object);
  const [a, b, output] = ['a', 'b', 'out'].map((name) => wires.one(name));
  const digit = wires.many('digit', bits - 1);
  return {
    field: false,
    run(inputs, out) {
      out[0] = 1;
      out[a] = inputs[0];
      out[b] = inputs[1];
      out[output] = Math.max(inputs[0], inputs[1]);
      writeDigits(Math.abs(inputs[0] - inputs[1]), digit, out);
    },
  };
}
