/** Wires of `circuits/RequantizeClamp.circom`: those of a division that saturates, and its result. */
import { clampedRange, prepareClampedDivision } from './division.js';
import { defineGadget, Wires } from './gadget.js';

export const requantizeClamp = defineGadget({
  template: 'RequantizeClamp',
  parameters: { bits: 'integer', shift: 'integer', outBits: 'integer' },
  simplification: 1,
  outputs: () => 1,
  constraints: ({ bits }) => bits + 4,
  inputRange: clampedRange,
  prepare(parameters, object) {
    const wires = new Wires(object);
    const divide = prepareClampedDivision(wires, parameters);
    const output = wires.one('out');
    return {
      field: false,
      run(inputs, out) {
        out[output] = divide(inputs[0], out);
      },
    };
  },
});
