/** Elementwise functions that are computed on constants only, for the shape arithmetic that exporters leave behind. */
import { isFloat } from '../model.js';
import { reductionGroups } from '../../tensor/groups.js';
import { foldBinary } from './arithmetic.js';
import { commonShape, expandConstant } from './broadcast.js';
import { constant, type Lowering, type OnnxOperator } from './context.js';

function comparison(compare: (a: number, b: number) => boolean): OnnxOperator {
  return { fold: (context) => [foldBinary(context, (a, b) => Number(compare(a, b)), 'bool')] };
}

const not: OnnxOperator = {
  fold: (context) => {
    const { shape, data } = context.constant(0);
    return [
      constant(
        'bool',
        shape,
        data.map((value) => Number(value === 0)),
      ),
    ];
  },
};

/** The sign follows the divisor, or the dividend with `fmod`. */
const mod: OnnxOperator = {
  fold: (context) => {
    const truncated = context.flag('fmod', false);
    if (!isFloat(context.constant(1).type) && context.constant(1).data.includes(0))
      throw context.unsupported('it divides an integer by zero');
    return [foldBinary(context, (a, b) => (truncated ? a % b : a - b * Math.floor(a / b)))];
  },
};

const reduceProd: OnnxOperator = {
  fold: (context) => {
    const { type, shape, data } = context.constant(0);
    const given = context.opset < 18 ? context.ints('axes') : context.integers(1);
    const keep = context.flag('keepdims', true);
    const noop = context.opset >= 18 && context.flag('noop_with_empty_axes', false);
    const axes =
      given !== undefined && given.length > 0
        ? context.axes(given, shape.length)
        : noop
          ? []
          : shape.map((_, axis) => axis);
    const { offsets, indices } = reductionGroups(shape, axes);
    const products = Float64Array.from({ length: offsets.length - 1 }, (_, i) =>
      indices.subarray(offsets[i], offsets[i + 1]).reduce((product, position) => product * data[position], 1),
    );
    return [
      constant(
        type,
        shape.flatMap((size, axis) => (!axes.includes(axis) ? [size] : keep ? [1] : [])),
        products,
      ),
    ];
  },
};

export const CONSTANT_ARITHMETIC: Readonly<Record<string, OnnxOperator>> = {
  And: comparison((a, b) => a !== 0 && b !== 0),
  Equal: comparison((a, b) => a === b),
  Greater: comparison((a, b) => a > b),
  GreaterOrEqual: comparison((a, b) => a >= b),
  Less: comparison((a, b) => a < b),
  LessOrEqual: comparison((a, b) => a <= b),
  Mod: mod,
  Not: not,
  Or: comparison((a, b) => a !== 0 || b !== 0),
  ReduceProd: reduceProd,
  Xor: comparison((a, b) => (a !== 0) !== (b !== 0)),
};

/** Where on three constants. */
export const foldWhere: Lowering = (context) => {
  const [condition, x, y] = [0, 1, 2].map((position) => context.constant(position));
  const shape = commonShape(context, [condition, x, y]);
  const [c, a, b] = [condition, x, y].map((value) => expandConstant(value, shape));
  return [
    constant(
      x.type,
      shape,
      c.map((value, i) => (value !== 0 ? a[i] : b[i])),
    ),
  ];
};
