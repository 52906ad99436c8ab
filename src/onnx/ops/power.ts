/**
 * Pow with one constant exponent: repeated multiplication for a small whole one, a table for others. With a constant
 * base it is an exponential, a table too.
 */
import { scalarFunction } from '../../network/functions/index.js';
import { isFloat } from '../model.js';
import type { Activation } from '../values.js';
import { foldBinary, requireNumeric } from './arithmetic.js';
import { commonShape, expandActivation, expandConstant } from './broadcast.js';
import type { Lowering, NodeContext } from './context.js';
import { emitFunction } from './functions.js';
import { emitPowers } from './integers.js';

/** Each step is a multiplication in the proof and doubles the bits at most, so high powers help nobody. */
const LARGEST_EXPONENT = 8;

export const lowerPow: Lowering = (context) => {
  if (context.input(0).kind === 'constant') return [exponential(context)];
  const base = context.activation(0);
  const exponent = context.constant(1);
  requireNumeric(context, [base]);
  const power = exponent.data[0];
  if (!exponent.data.every((value) => value === power)) {
    const common = commonShape(context, [base, exponent]);
    return [
      emitPowers(
        context,
        expandActivation(context, base, common, 'expand'),
        expandConstant(exponent, common),
        LARGEST_EXPONENT,
      ),
    ];
  }
  if (!Number.isInteger(power) || power < 1 || power > LARGEST_EXPONENT) {
    if (!isFloat(base.type))
      throw context.unsupported(
        `of integers only powers from 1 to ${LARGEST_EXPONENT} are supported; cast them to float before`,
      );
    const wide = expandActivation(context, base, commonShape(context, [base, exponent]), 'expand');
    return [emitFunction(context, wide, scalarFunction('Pow', { exponent: power }))];
  }
  const shape = commonShape(context, [base, exponent]);
  const x = expandActivation(context, base, shape, 'expand');
  let product: Activation = x;
  for (let degree = 2; degree <= power; degree++) {
    product = context.emit({ op: 'multiply', shape }, [product, x], degree === power ? {} : { step: `power${degree}` });
  }
  return [product];
};

/** One constant to the power of an activation. */
function exponential(context: NodeContext): Activation {
  const base = context.constant(0);
  const exponent = context.activation(1);
  const [number] = base.data;
  if (!isFloat(base.type) || !isFloat(exponent.type))
    throw context.unsupported('of integers only constant exponents are supported; cast them to float before');
  if (!base.data.every((value) => value === number) || !(number > 0))
    throw context.unsupported('its base must be one positive constant where the exponent is computed');
  const wide = expandActivation(context, exponent, commonShape(context, [base, exponent]), 'expand');
  return emitFunction(context, wide, scalarFunction('Power', { base: number }));
}

export const foldPow: Lowering = (context) => [foldBinary(context, (a, b) => a ** b)];
