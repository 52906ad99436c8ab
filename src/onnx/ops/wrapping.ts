/**
 * Integer types wrap around: what an operator makes of bytes is reduced to the type's range by comparisons with the
 * multiples of its size. Where the bounds of the result say that it cannot leave the range, nothing is added. 32- and
 * 64-bit signed integers are taken to hold what they are given: their range is what calibration shows, and no circuit
 * reaches their ends.
 */
import { leastOf, mostOf } from '../../tensor/extremes.js';
import { sizeOf } from '../../tensor/shape.js';
import { rangeOf } from '../facts.js';
import { isFloat, type Constant } from '../model.js';
import type { Value } from '../values.js';
import { emitAffine } from './arithmetic.js';
import { emitStep } from './comparison.js';
import type { NodeContext } from './context.js';

/** Multiples of a type's size that a result is compared with, at most. */
const MOST_WRAPS = 256;

/** The value itself where its type holds it, else reduced modulo the type's size. */
export function wrapped(context: NodeContext, value: Value): Value {
  const { type } = value;
  if (value.kind === 'constant') return wrappedConstant(value);
  if (isFloat(type) || type === 'bool' || type === 'string' || type === 'int32' || type === 'int64') return value;
  const range = rangeOf(type);
  if (range === undefined) return value;
  const { bounds, whole } = context.facts(value);
  if (!whole || sizeOf(value.shape) === 0) return value;
  const [least, most] = range;
  const [low, high] = [leastOf(bounds.low), mostOf(bounds.high)];
  if (low >= least && high <= most) return value;
  const size = most - least + 1;
  if (type === 'uint64' && low >= 0) return value;
  const [first, last] = [Math.floor((low - least) / size), Math.floor((high - least) / size)];
  if (last - first > MOST_WRAPS || type === 'uint64')
    throw context.unsupported(
      `its result of type ${type} may wrap around, from ${low} to ${high}; cast to a wider type before`,
    );
  context.widen(value);
  const count = sizeOf(value.shape);
  const filled = (number: number): Float64Array => new Float64Array(count).fill(number);
  const passed = Array.from({ length: last - first }, (_, j) =>
    emitStep(context, value, Float64Array.of(least + (first + j + 1) * size), false, `wrap${j + 1}`),
  );
  const shifted =
    first === 0 ? value : emitAffine(context, value, value.shape, filled(1), filled(-first * size), 'wrap');
  const reduced =
    passed.length === 0
      ? shifted
      : context.emit(
          { op: 'sum', shape: value.shape, coefficients: [1, ...passed.map(() => -size)] },
          [shifted, ...passed],
          { step: 'wrapped', type },
        );
  context.assume(reduced, least, most);
  return { ...reduced, type };
}

/** A constant of a type of 32 bits at most as that type holds it, which wraps around for 32 bits too. */
export function wrappedConstant(value: Constant): Constant {
  const range = rangeOf(value.type);
  if (range === undefined || value.type === 'bool' || value.type.endsWith('64')) return value;
  const [least, most] = range;
  const size = most - least + 1;
  if (value.data.every((element) => (element >= least && element <= most) || !Number.isInteger(element))) return value;
  return {
    ...value,
    data: value.data.map((element) =>
      Number.isInteger(element) ? element - Math.floor((element - least) / size) * size : element,
    ),
  };
}
