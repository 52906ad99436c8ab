/** Wires of `circuits/RequantizeMin.circom`: out = min(u, max), u = floor(in / 2^shift), digits of the remainder and of |u - max|. */
import type { GadgetSignals } from '../../circom/object.js';
import { prepareDivision } from './division.js';
import { Wires, writeDigits, type IntegerGadget } from './gadget-witness.js';

export function prepareRequantizeMin(object: GadgetSignals): IntegerGadget {
  const [bits, shift, max] = object.spec.parameters;
  const wires = new Wires(object);
  const divide = prepareDivision(wires, shift);
  const output = wires.one('out');
  const magnitude = wires.many('magnitude', bits - shift);
  return {
    field: false,
    run(inputs, out) {
      const u = divide(inputs[0], out);
      out[output] = Math.min(u, max);
      writeDigits(Math.abs(u - max), magnitude, out);
    },
  };
}
