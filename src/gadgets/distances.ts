/**
 * Wires of `circuits/Distances.circom`: `before[i]` = (i < position of the first largest value), and digits of every
 * gap to that value.
 */
import { defineGadget, power, Wires, writeDigits } from './gadget.js';

export const distances = defineGadget({
  template: 'Distances',
  parameters: { n: 'integer', bits: 'integer', shift: 'integer' },
  simplification: 1,
  outputs: ({ n, bits, shift }) => n * (bits - shift),
  constraints: ({ n, bits }) => n * (bits + 2),
  // Only differences stand in the rows, so that the least value may be called 0.
  inputRange: ({ bits }) => ({ low: 0n, high: power(bits) - 1n }),
  prepare({ n, bits, shift }, object) {
    const wires = new Wires(object);
    const largest = wires.one('largest');
    const input = wires.many('in', n);
    const before = wires.many('before', n - 1);
    const digits = Array.from({ length: n }, (_, i) =>
      Int32Array.from([...wires.many(`remainder[${i}]`, shift), ...wires.many(`digit[${i}]`, bits - shift)]),
    );
    return {
      field: false,
      run(inputs, out) {
        let first = 0;
        for (let i = 1; i < n; i++) if (inputs[i] > inputs[first]) first = i;
        out[0] = 1;
        out[largest] = inputs[first];
        for (let i = 0; i < n - 1; i++) out[before[i]] = i < first ? 1 : 0;
        for (let i = 0; i < n; i++) {
          out[input[i]] = inputs[i];
          writeDigits(inputs[first] - inputs[i] - (i < first ? 1 : 0), digits[i], out);
        }
      },
    };
  },
});
