/**
 * Wires of `circuits/Requantize.circom`: out = floor(in / 2^shift), the remainder's digits, and out's but the top one.
 */
import { prepareDivision } from './division.js';
import { defineGadget, power, Wires, writeDigits } from './gadget.js';

export const requantize = defineGadget({
  template: 'Requantize',
  parameters: { bits: 'integer', shift: 'integer' },
  simplification: 1,
  outputs: () => 1,
  constraints: ({ bits }) => bits + 1,
  inputRange: ({ bits }) => ({ low: 0n, high: power(bits) - 1n }),
  prepare({ bits, shift }, object) {
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
  },
});
