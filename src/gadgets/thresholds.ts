/**
 * Wires of `circuits/Thresholds.circom`: a bit for each threshold that is reached, and the digits of the distances to
 * the ends of the interval that the value lies in.
 */
import { defineGadget, Wires, writeDigits } from './gadget.js';

export const thresholds = defineGadget({
  template: 'Thresholds',
  parameters: { n: 'integer', bits: 'integer', threshold: 'integers', top: 'integer' },
  simplification: 1,
  outputs: ({ n }) => n,
  constraints: ({ n, bits }) => n + 1 + 2 * bits,
  inputRange: ({ top }) => ({ low: 0n, high: BigInt(top) - 1n }),
  prepare({ n, bits, threshold, top }, object) {
    const wires = new Wires(object);
    const input = wires.one('in');
    const output = wires.many('out', n);
    const [above, below] = ['above', 'below'].map((name) => wires.many(name, bits - 1));
    return {
      field: false,
      run(inputs, out) {
        const value = inputs[0];
        out[0] = 1;
        out[input] = value;
        let [first, end] = [0, top];
        for (let k = 0; k < n; k += 1) {
          const isReached = value >= threshold[k];
          out[output[k]] = isReached ? 1 : 0;
          if (isReached) first = threshold[k];
          else end = Math.min(end, threshold[k]);
        }
        writeDigits(value - first, above, out);
        writeDigits(end - 1 - value, below, out);
      },
    };
  },
});
