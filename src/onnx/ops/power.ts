/** Pow with one small whole exponent: repeated multiplication. Other powers are computed on constants only. */
import type { Activation } from '../values.js';
import { foldBinary, requireNumeric } from './arithmetic.js';
import { expandActivation, commonShape } from './broadcast.js';
import type { Lowering } from './context.js';

/** Each step is a multiplication in the proof and doubles the bits at most, so high powers help nobody. */
const LARGEST_EXPONENT = 8;

export const lowerPow: Lowering = (context) => {
  const base = context.activation(0);
  const exponent = context.constant(1);
  requireNumeric(context, [base]);
  const power = exponent.data[0];
  if (!exponent.data.every((value) => value === power) || !Number.isInteger(power) || power < 1 || power > LARGEST_EXPONENT) {
    throw context.unsupported(`its exponent must be one whole number from 1 to ${LARGEST_EXPONENT}`);
  }
  const shape = commonShape(context, [base, exponent]);
  const x = expandActivation(context, base, shape, 'expand');
  let product: Activation = x;
  for (let degree = 2; degree <= power; degree++) {
    product = context.emit({ op: 'multiply', shape }, [product, x], degree === power ? {} : { step: `power${degree}` });
  }
  return [product];
};

export const foldPow: Lowering = (context) => [foldBinary(context, (a, b) => a ** b)];
