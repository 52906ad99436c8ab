/** Wires of `circuits/RequantizeRelu.circom`: out = max(0, u), u = floor(in / 2^shift), digits of the remainder and of |u|. */
import type { GadgetSignals } from '../../circom/object.js';
import { prepareDivision } from './division.js';
import { Wires, writeDigits, type IntegerGadget } from './gadget-witness.js';

export function prepareRequantizeRelu(object: GadgetSignals): IntegerGadget {
  const [bits, shift] = object.spec.parameters;
  const wires = new Wires(object);
  const divide = prepareDivision(wires, shift);
  const output = wires.one('out');
  const magnitude = wires.many('magnitude', bits - shift);
  return {
    field: false,
    run(inputs, out) {
      const u = divide(inputs[0], out);
      out[output] = u > 0 ? u : 0;
      writeDigits(Math.abs(u), magnitude, out);
    },
  };
}
