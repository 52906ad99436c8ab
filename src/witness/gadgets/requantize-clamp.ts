/**
 * Wires of `circuits/RequantizeClamp.circom`: u = floor(in / 2^shift) = low + 2^outBits * H; the signs of H, and W with
 * H = nonNegative - inside + W - 2^h * (1 - nonNegative).
 */
import type { GadgetSignals } from '../../circom/object.js';
import { Wires, writeDigits, type IntegerGadget } from './gadget-witness.js';

export function prepareRequantizeClamp(object: GadgetSignals): IntegerGadget {
  const [bits, shift, outBits] = object.spec.parameters;
  const wires = new Wires(object);
  const [input, output, nonNegative, inside] = ['in', 'out', 'nonNegative', 'inside'].map((name) => wires.one(name));
  const remainder = wires.many('remainder', shift);
  const digit = wires.many('digit', outBits);
  const excess = wires.many('excess', bits - shift - outBits);
  const unit = 2 ** shift;
  const span = 2 ** outBits;
  const reach = 2 ** (bits - shift - outBits);
  return {
    field: false,
    run(inputs, out) {
      out[0] = 1;
      const value = (out[input] = inputs[0]);
      const u = Math.floor(value / unit);
      const high = Math.floor(u / span);
      const low = u - high * span;
      out[nonNegative] = high >= 0 ? 1 : 0;
      out[inside] = high === 0 ? 1 : 0;
      out[output] = high < 0 ? 0 : high === 0 ? low : span - 1;
      writeDigits(value - u * unit, remainder, out);
      writeDigits(low, digit, out);
      writeDigits(high < 0 ? high + reach : high === 0 ? 0 : high - 1, excess, out);
    },
  };
}
