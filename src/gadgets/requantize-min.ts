/**
 * Wires of `circuits/RequantizeMin.circom`: out = min(u, max), u = floor(in / 2^shift), digits of the remainder and of
 * |u - max|.
 */
import { prepareDivision } from './division.js';
import { defineGadget, power, Wires, writeDigits } from './gadget.js';

export const requantizeMin = defineGadget({
  template: 'RequantizeMin',
  parameters: { bits: 'integer', shift: 'integer', max: 'integer' },
  simplification: 1,
  outputs: () => 1,
  constraints: ({ bits }) => bits + 2,
  inputRange: ({ bits, shift, max }) => ({
    low: power(shift) * (BigInt(max) - power(bits - shift) + 1n),
    high: power(shift) * (BigInt(max) + power(bits - shift)) - 1n,
  }),
  prepare({ bits, shift, max }, object) {
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
  },
});
