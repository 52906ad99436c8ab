/**
 * Wires of `circuits/RequantizeClamp.circom`: u = floor(in / 2^shift) = low + 2^outBits * H; the signs of H, and W with
 * H = nonNegative - inside + W - 2^h * (1 - nonNegative).
 */
import { prepareDivision } from './division.js';
import { defineGadget, power, Wires, writeDigits } from './gadget.js';

export const requantizeClamp = defineGadget({
  template: 'RequantizeClamp',
  parameters: { bits: 'integer', shift: 'integer', outBits: 'integer' },
  simplification: 1,
  outputs: () => 1,
  constraints: ({ bits }) => bits + 4,
  inputRange: ({ bits, shift, outBits }) => ({ low: -power(bits), high: power(bits) + power(shift + outBits) - 1n }),
  prepare({ bits, shift, outBits }, object) {
    const wires = new Wires(object);
    const divide = prepareDivision(wires, shift);
    const [output, nonNegative, inside] = ['out', 'nonNegative', 'inside'].map((name) => wires.one(name));
    const digit = wires.many('digit', outBits);
    const excess = wires.many('excess', bits - shift - outBits);
    const span = 2 ** outBits;
    const reach = 2 ** (bits - shift - outBits);
    return {
      field: false,
      run(inputs, out) {
        const u = divide(inputs[0], out);
        const high = Math.floor(u / span);
        const low = u - high * span;
        out[nonNegative] = high >= 0 ? 1 : 0;
        out[inside] = high === 0 ? 1 : 0;
        out[output] = high < 0 ? 0 : high === 0 ? low : span - 1;
        writeDigits(low, digit, out);
        writeDigits(high < 0 ? high + reach : high === 0 ? 0 : high - 1, excess, out);
      },
    };
  },
});
