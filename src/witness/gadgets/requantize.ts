/** Wires of `circuits/Requantize.circom`: out = floor(in / 2^shift), the remainder's digits, and out's but the top one. */
import type { GadgetSignals } from '../../circom/object.js';
import { Wires, writeDigits, type IntegerGadget } from './gadget-witness.js';

export function prepareRequantize(object: GadgetSignals): IntegerGadget {
  const [bits, shift] = object.spec.parameters;
  const wires = new Wires(object);
  const [input, output] = [wires.one('in'), wires.one('out')];
  const remainder = wires.many('remainder', shift);
  const digit = wires.many('digit', bits - shift - 1);
  const unit = 2 ** shift;
  return {
    field: false,
    run(inputs, out) {
      out[0] = 1;
      const value = (out[input] = inputs[0]);
      const u = Math.floor(value / unit);
      out[output] = u;
      writeDigits(value - u * unit, remainder, out);
      writeDigits(u, digit, out);
    },
  };
}
