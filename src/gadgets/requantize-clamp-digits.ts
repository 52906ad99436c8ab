/**
 * Wires of `circuits/RequantizeClampDigits.circom`: those of `RequantizeClamp` without its result, the low digits and the two flags being
 * outputs.
 */
import { prepareDivision } from './division.js';
import { defineGadget, power, Wires, writeDigits } from './gadget.js';

export const requantizeClampDigits = defineGadget({
  template: 'RequantizeClampDigits',
  parameters: { bits: 'integer', shift: 'integer', outBits: 'integer' },
  simplification: 1,
  outputs: ({ outBits }) => outBits + 2,
  constraints: ({ bits }) => bits + 3,
  inputRange: ({ bits, shift, outBits }) => ({ low: -power(bits), high: power(bits) + power(shift + outBits) - 1n }),
  prepare({ bits, shift, outBits }, object) {
    const wires = new Wires(object);
    const divide = prepareDivision(wires, shift);
    const [nonNegative, inside] = ['nonNegative', 'inside'].map((name) => wires.one(name));
    const digit = wires.many('digit', outBits);
    const excess = wires.many('excess', bits - shift - outBits);
    const span = 2 ** outBits;
    const reach = 2 ** (bits - shift - outBits);
    return {
      field: false,
      run(inputs, out) {
        const u = divide(inputs[0], out);
        const high = Math.floor(u / span);
        out[nonNegative] = high >= 0 ? 1 : 0;
        out[inside] = high === 0 ? 1 : 0;
        writeDigits(u - high * span, digit, out);
        writeDigits(high < 0 ? high + reach : high === 0 ? 0 : high - 1, excess, out);
      },
    };
  },
});
