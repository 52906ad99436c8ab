/**
 * Wires of `circuits/RequantizeRelu.circom`: out = max(0, u), u = floor(in / 2^shift), digits of the remainder and of
 * |u|.
 */
import { prepareDivision } from './division.js';
import { defineGadget, power, Wires, writeDigits } from './gadget.js';

export const requantizeRelu = defineGadget({
  template: 'RequantizeRelu',
  parameters: { bits: 'integer', shift: 'integer' },
  simplification: 1,
  outputs: () => 1,
  constraints: ({ bits }) => bits + 2,
  inputRange: ({ bits, shift }) => ({ low: power(shift) - power(bits), high: power(bits) - 1n }),
  prepare({ bits, shift }, object) {
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
  },
});
