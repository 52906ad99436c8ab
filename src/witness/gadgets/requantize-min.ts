/** Wires of `circuits/RequantizeMin.circom`: out = min(u, max), u = floor(in / 2^shift), digits of the remainder and of |u - max|. */
import type { GadgetSignals } from '../../circom/object.js';
import { Wires, writeDigits, type IntegerGadget } from './gadget-witness.js';

export function prepareRequantizeMin(object: GadgetSignals): IntegerGadget {
  const [bits, shift, max] = object.spec.parameters;
  const wires = new Wires(object);
  const [input, output] = [wires.one('in'), wires.one('out')];
  const remainder = wires.many('remainder', shift);
  const magnitude = wires.many('magnitude', bits - shift);
  const unit = 2 ** shift;
  return {
    field: false,
    run(inputs, out) {
      out[0] = 1;
      const value = (out[input] = inputs[0]);
      const u = Math.floor(value / unit);
      out[output] = Math.min(u, max);
      writeDigits(value - u * unit, remainder, out);
      writeDigits(Math.abs(u - max), magnitude, out);
    },
  };
}
