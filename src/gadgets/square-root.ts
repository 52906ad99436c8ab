/** Wires of `circuits/SquareRoot.circom`: the root's digits, and those of what is left below it and above it. */
import { defineGadget, power, Wires, writeDigits } from './gadget.js';

/** Digits of a root at most. */
export const MOST_ROOT_BITS = 26;

export const squareRoot = defineGadget({
  template: 'SquareRoot',
  parameters: { bits: 'integer' },
  simplification: 1,
  outputs: () => 1,
  constraints: ({ bits }) => 3 * bits + 5,
  inputRange: ({ bits }) => ({ low: 0n, high: power(2 * bits) - 1n }),
  prepare({ bits }, object) {
    const wires = new Wires(object);
    const [input, output] = [wires.one('in'), wires.one('out')];
    const digit = wires.many('digit', bits);
    const [remainder, rest] = [wires.many('remainder', bits + 1), wires.many('rest', bits + 1)];
    return {
      field: false,
      run(inputs, out) {
        const root = integerRoot(inputs[0]);
        const left = inputs[0] - root * root;
        out[0] = 1;
        out[input] = inputs[0];
        out[output] = root;
        writeDigits(root, digit, out);
        writeDigits(left, remainder, out);
        writeDigits(2 * root - left, rest, out);
      },
    };
  },
});

/** floor(sqrt(x)) of a whole number from 0 to 2^52: the double's root may be one too large next to a square. */
export function integerRoot(x: number): number {
  const root = Math.floor(Math.sqrt(x));
  return root * root > x ? root - 1 : root;
}
