/** Wires of `circuits/RequantizeDigits.circom`: the digits of floor(in / 2^shift), and of the remainder. */
import { prepareDivision } from './division.js';
import { defineGadget, power, Wires, writeDigits } from './gadget.js';

export const requantizeDigits = defineGadget({
  template: 'RequantizeDigits',
  parameters: { bits: 'integer', shift: 'integer' },
  simplification: 1,
  outputs: ({ bits, shift }) => bits - shift,
  constraints: ({ bits }) => bits + 1,
  inputRange: ({ bits }) => ({ low: 0n, high: power(bits) - 1n }),
  prepare({ bits, shift }, object) {
    const wires = new Wires(object);
    const divide = prepareDivision(wires, shift);
    const digit = wires.many('digit', bits - shift);
    return {
      field: false,
      run(inputs, out) {
        writeDigits(divide(inputs[0], out), digit, out);
      },
    };
  },
});
