/**
 * Wires of `circuits/ArgMax.circom`: the index, the largest value, `before[i]` = (i < index), digits of every gap to
 * the largest.
 */
import { defineGadget, power, Wires, writeDigits } from './gadget.js';

export const argMax = defineGadget({
  template: 'ArgMax',
  parameters: { n: 'integer', bits: 'integer', selectLast: 'integer' },
  simplification: 1,
  outputs: () => 1,
  constraints: ({ n, bits }) => n * (bits + 1) + (n === 2 ? 0 : 1),
  // Only differences stand in the rows, so that the least value may be called 0.
  inputRange: ({ bits }) => ({ low: 0n, high: power(bits) - 1n }),
  prepare({ n, bits, selectLast }, object) {
    const wires = new Wires(object);
    const [output, largest] = [wires.one('out'), wires.one('largest')];
    const input = wires.many('in', n);
    // With two inputs before[0] is the index itself, and circom keeps one wire for both.
    const before = n === 2 ? Int32Array.of(output) : wires.many('before', n - 1);
    const digit = Array.from({ length: n }, (_, i) => wires.many(`digit[${i}]`, bits - 1));
    return {
      field: false,
      run(inputs, out) {
        let chosen = 0;
        for (let i = 1; i < n; i++) {
          if (inputs[i] > inputs[chosen] || (selectLast === 1 && inputs[i] === inputs[chosen])) chosen = i;
        }
        out[0] = 1;
        out[output] = chosen;
        out[largest] = inputs[chosen];
        for (let i = 0; i < n - 1; i++) out[before[i]] = i < chosen ? 1 : 0;
        for (let i = 0; i < n; i++) {
          out[input[i]] = inputs[i];
          const strict = selectLast === 1 ? i > chosen : i < chosen;
          writeDigits(inputs[chosen] - inputs[i] - (strict ? 1 : 0), digit[i], out);
        }
      },
    };
  },
});
