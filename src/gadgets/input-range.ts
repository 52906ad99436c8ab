/** Wires of `circuits/InputRange.circom`: digits of the input with the top weight max - (2^(k-1) - 1). */
import { defineGadget, Wires, writeDigits } from './gadget.js';

export const inputRange = defineGadget({
  template: 'InputRange',
  parameters: { max: 'integer' },
  simplification: 1,
  outputs: () => 0,
  constraints: ({ max }) => bitLength(max),
  inputRange: ({ max }) => ({ low: 0n, high: BigInt(max) }),
  prepare({ max }, object) {
    const wires = new Wires(object);
    const input = wires.one('in');
    const lower = bitLength(max) - 1;
    const digit = wires.many('digit', lower);
    const half = 2 ** lower;
    const top = max - half + 1;
    return {
      field: false,
      run(inputs, out) {
        out[0] = 1;
        const value = (out[input] = inputs[0]);
        writeDigits(value >= half ? value - top : value, digit, out);
      },
    };
  },
});

/** Binary digits of a positive integer; log2 would round up just below a large power of two. */
function bitLength(value: number): number {
  return value.toString(2).length;
}
