/**
 * Wires of `circuits/RequantizeDigits.circom`: the digits of floor(in / 2^shift), and of the remainder. Integers that
 * doubles do not hold, such as several packed into one, are taken as field elements.
 */
import { prepareDivision } from './division.js';
import { defineGadget, power, Wires, writeDigits } from './gadget.js';

/** From so many bits on the gadget takes field elements, of which doubles hold none. */
export const LEAST_FIELD_DIGITS = 53;

export const requantizeDigits = defineGadget({
  template: 'RequantizeDigits',
  parameters: { bits: 'integer', shift: 'integer' },
  simplification: 1,
  outputs: ({ bits, shift }) => bits - shift,
  constraints: ({ bits }) => bits + 1,
  inputRange: ({ bits }) => ({ low: 0n, high: power(bits) - 1n }),
  prepare({ bits, shift }, object) {
    const wires = new Wires(object);
    const digit = wires.many('digit', bits - shift);
    if (bits >= LEAST_FIELD_DIGITS) {
      const [input, remainder] = [wires.one('in'), wires.many('remainder', shift)];
      const places = [...remainder, ...digit];
      return {
        field: true,
        run(inputs, out) {
          out[0] = 1n;
          out[input] = inputs[0];
          places.forEach((wire, i) => (out[wire] = (inputs[0] >> BigInt(i)) & 1n));
        },
      };
    }
    const divide = prepareDivision(wires, shift);
    return {
      field: false,
      run(inputs, out) {
        writeDigits(divide(inputs[0], out), digit, out);
      },
    };
  },
});
