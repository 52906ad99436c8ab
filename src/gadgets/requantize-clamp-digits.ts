/**
 * Wires of `circuits/RequantizeClampDigits.circom`: those of `RequantizeClamp` without its result, the low digits and
 * the two flags being outputs.
 */
import { clampedRange, prepareClampedDivision } from './division.js';
import { defineGadget, Wires } from './gadget.js';

export const requantizeClampDigits = defineGadget({
  template: 'RequantizeClampDigits',
  parameters: { bits: 'integer', shift: 'integer', outBits: 'integer' },
  simplification: 1,
  outputs: ({ outBits }) => outBits + 2,
  constraints: ({ bits }) => bits + 3,
  inputRange: clampedRange,
  prepare(parameters, object) {
    const divide = prepareClampedDivision(new Wires(object), parameters);
    return {
      field: false,
      run(inputs, out) {
        divide(inputs[0], out);
      },
    };
  },
});
