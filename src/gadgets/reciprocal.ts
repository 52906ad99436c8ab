/**
 * Wires of `circuits/Reciprocal.circom`: quotient, remainder, and what the remainder leaves of the divisor, with their
 * digits.
 */
import { defineGadget, power, Wires, writeDigits } from './gadget.js';

export const reciprocal = defineGadget({
  template: 'Reciprocal',
  parameters: { numerator: 'integer', bits: 'integer', outBits: 'integer' },
  simplification: 1,
  outputs: () => 1,
  constraints: ({ bits, outBits }) => outBits + 2 * bits + 3,
  inputRange: ({ numerator, bits, outBits }) => ({
    low: BigInt(numerator) / power(outBits) + 1n,
    high: power(bits) - 1n,
  }),
  prepare({ numerator, bits, outBits }, object) {
    const wires = new Wires(object);
    const [input, output] = ['in', 'out'].map((name) => wires.one(name));
    const digit = wires.many('digit', outBits);
    const [remainder, rest] = ['remainder', 'rest'].map((name) => wires.many(name, bits));
    return {
      field: false,
      run(inputs, out) {
        const divisor = inputs[0];
        const left = numerator % divisor;
        const quotient = (numerator - left) / divisor;
        out[0] = 1;
        out[input] = divisor;
        out[output] = quotient;
        writeDigits(quotient, digit, out);
        writeDigits(left, remainder, out);
        writeDigits(divisor - 1 - left, rest, out);
      },
    };
  },
});
