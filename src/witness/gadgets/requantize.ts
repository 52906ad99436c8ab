/** Wires of `circuits/Requantize.circom`: out = floor(in / 2^shift), the remainder's digits, and out's but the top one. */
import type { GadgetSignals } from '../../circom/object.js';
import { prepareDivision } from './division.js';
import { Wires, writeDigits, type IntegerGadget } from './gadget-witness.js';

export function prepareRequantize(object: GadgetSignals): IntegerGadget {
  const [bits, shift] = object.spec.parameters;
  const wires = new Wires(object);
  const divide = prepareDivision(wires, shift);
  const output = wires.one('out');
  const digit = wires.many('digit', bits - shift - 1);
  return {
    field: false,
    run(inputs, out) {
      const u = divide(inputs[0], out);
      out[output] = u;
      writeDigits(u, digit, out);
    },
  };
}
