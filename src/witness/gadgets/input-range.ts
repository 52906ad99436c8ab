/** Wires of `circuits/InputRange.circom`: digits of the input with the top weight max - (2^(k-1) - 1). */
import type { GadgetSignals } from '../../circom/object.js';
import { Wires, writeDigits, type IntegerGadget } from './gadget-witness.js';

export function prepareInputRange(object: GadgetSignals): IntegerGadget {
  const [max] = object.spec.parameters;
  const wires = new Wires(object);
  const input = wires.one('in');
  const lower = Math.floor(Math.log2(max));
  const digit = wires.many('digit', lower);
  const half = 2 ** lower;
  const top = max - half + 1;
  return {
    field: false,
    run(inputs, out) {
      out[0] = 1;
      const value = (out[input] = inputs[0]);
      writeDigits(value >= half ? value - top : value, digit, out);
    },
  };
}
