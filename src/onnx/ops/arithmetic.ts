/**
 * Add, Sub, Mul, Div (of integers: integers.ts), Neg, Sum and Mean. With a constant they are affine maps; between
 * activations, sums and products. Division by an activation multiplies with its reciprocal, which a table proves.
 */
import { scalarFunction } from '../../network/functions/index.js';
import { sizeOf, type Shape } from '../../tensor/shape.js';
import { isFloat, type Constant, type ElementType } from '../model.js';
import type { Activation, Value } from '../values.js';
import { commonShape, expandActivation, expandConstant } from './broadcast.js';
import { constant, type Lowering, type NodeContext } from './context.js';
import { emitFunction } from './functions.js';
import { divideIntegers } from './integers.js';

/** Refuses types that have no arithmetic. Those of integers wrap around: see wrapping.ts. */
export function requireNumeric(context: NodeContext, values: readonly Value[]): void {
  for (const { type, kind } of values) {
    if (kind === 'activation' && !isFloat(type) && !/^u?int/.test(type)) {
      throw context.unsupported(`it computes on activations of type ${type}; cast them to float before`);
    }
  }
}

function requireFloat(context: NodeContext, values: readonly Value[]): void {
  const integer = values.find(({ type }) => !isFloat(type));
  if (integer !== undefined)
    throw context.unsupported(`it divides activations of type ${integer.type}; cast them to float before`);
}

/** y = x * scale + shift with a constant of any fitting shape for each. */
export function emitAffine(
  context: NodeContext,
  x: Activation,
  shape: readonly number[],
  scale: Float64Array,
  shift: Float64Array,
  step?: string,
): Activation {
  return context.emit({ op: 'affine', shape, scale, shift }, [x], { step });
}

/** One value for each element of a shape. */
export function filled(shape: Shape, value: number): Float64Array {
  return new Float64Array(sizeOf(shape)).fill(value);
}

type Combine = (a: number, b: number) => number;

/** Elementwise function of two constants, broadcast; `type` is that of the result. */
export function foldBinary(context: NodeContext, combine: Combine, type?: ElementType): Constant {
  const a = context.constant(0);
  const b = context.constant(1);
  const shape = commonShape(context, [a, b]);
  const left = expandConstant(a, shape);
  const right = expandConstant(b, shape);
  return constant(
    type ?? a.type,
    shape,
    left.map((value, i) => combine(value, right[i])),
  );
}

export const foldAdd: Lowering = (context) => [foldBinary(context, (a, b) => a + b)];
export const foldSub: Lowering = (context) => [foldBinary(context, (a, b) => a - b)];
export const foldMul: Lowering = (context) => [foldBinary(context, (a, b) => a * b)];

/** Integers divide towards zero, as in C. */
export const foldDiv: Lowering = (context) => {
  const whole = !isFloat(context.constant(0).type);
  if (whole && context.constant(1).data.includes(0)) throw context.unsupported('it divides an integer by zero');
  return [foldBinary(context, (a, b) => (whole ? Math.trunc(a / b) : a / b))];
};

/** x and the constant as [activation, constant expanded], or `undefined` where both are activations. */
function splitOperands(context: NodeContext): {
  shape: number[];
  left: Value;
  right: Value;
  x: Activation;
  c: Float64Array | undefined;
} {
  const left = context.input(0);
  const right = context.input(1);
  requireNumeric(context, [left, right]);
  const shape = commonShape(context, [left, right]);
  const activation = left.kind === 'activation' ? left : (right as Activation);
  const other = left.kind === 'activation' ? right : left;
  return {
    shape,
    left,
    right,
    x: expandActivation(context, activation, shape, 'expand'),
    c: other.kind === 'constant' ? expandConstant(other, shape) : undefined,
  };
}

function emitSum(
  context: NodeContext,
  shape: number[],
  inputs: readonly Activation[],
  coefficients: readonly number[],
): Activation {
  return context.emit({ op: 'sum', shape, coefficients }, inputs);
}

export const lowerAdd: Lowering = (context) => {
  const { shape, right, x, c } = splitOperands(context);
  if (c !== undefined) return [emitAffine(context, x, shape, filled(shape, 1), c)];
  return [emitSum(context, shape, [x, expandActivation(context, right as Activation, shape, 'expand2')], [1, 1])];
};

export const lowerSub: Lowering = (context) => {
  const { shape, left, right, x, c } = splitOperands(context);
  if (c === undefined) {
    return [emitSum(context, shape, [x, expandActivation(context, right as Activation, shape, 'expand2')], [1, -1])];
  }
  const constantFirst = left.kind === 'constant';
  return [
    emitAffine(
      context,
      x,
      shape,
      filled(shape, constantFirst ? -1 : 1),
      constantFirst ? c : c.map((value) => 0 - value),
    ),
  ];
};

export const lowerMul: Lowering = (context) => {
  const { shape, right, x, c } = splitOperands(context);
  if (c !== undefined) return [emitAffine(context, x, shape, c, filled(shape, 0))];
  return [
    context.emit({ op: 'multiply', shape }, [x, expandActivation(context, right as Activation, shape, 'expand2')]),
  ];
};

export const lowerDiv: Lowering = (context) => {
  if (!isFloat(context.input(0).type)) return [divideIntegers(context)];
  const divisor = context.input(1);
  if (divisor.kind === 'activation') return [divideBy(context, context.input(0), divisor)];
  const { shape, x, c } = splitOperands(context);
  if (c!.includes(0)) throw context.unsupported('it divides by zero');
  return [
    emitAffine(
      context,
      x,
      shape,
      c!.map((value) => 1 / value),
      filled(shape, 0),
    ),
  ];
};

function divideBy(context: NodeContext, dividend: Value, divisor: Activation): Activation {
  const shape = commonShape(context, [dividend, divisor]);
  const reciprocal = emitFunction(context, divisor, scalarFunction('Reciprocal', {}), 'reciprocal');
  const factor = expandActivation(context, reciprocal, shape, 'expand2');
  if (dividend.kind === 'constant')
    return emitAffine(context, factor, shape, expandConstant(dividend, shape), filled(shape, 0));
  return context.emit({ op: 'multiply', shape }, [expandActivation(context, dividend, shape, 'expand'), factor]);
}

export const lowerNeg: Lowering = (context) => {
  const x = context.activation(0);
  requireNumeric(context, [x]);
  return [emitAffine(context, x, x.shape, filled(x.shape, -1), filled(x.shape, 0))];
};

/** Sum of any number of values, each times `factor`. */
function sumAll(context: NodeContext, factor: number): Activation {
  const values = context.allInputs();
  requireNumeric(context, values);
  const shape = commonShape(context, values);
  const activations = values.filter((value) => value.kind === 'activation');
  const constants = values.filter((value) => value.kind === 'constant').map((value) => expandConstant(value, shape));
  const parts = activations.map((value, i) => expandActivation(context, value, shape, `expand${i + 1}`));
  if (constants.length === 0)
    return emitSum(
      context,
      shape,
      parts,
      parts.map(() => factor),
    );
  const sum =
    parts.length === 1
      ? parts[0]
      : context.emit({ op: 'sum', shape, coefficients: parts.map(() => 1) }, parts, { step: 'activations' });
  const shift = constants[0].map((_, i) => factor * constants.reduce((total, data) => total + data[i], 0));
  return emitAffine(context, sum, shape, filled(shape, factor), shift);
}

export const lowerSum: Lowering = (context) => [sumAll(context, 1)];

export const lowerMean: Lowering = (context) => {
  requireFloat(context, context.allInputs());
  return [sumAll(context, 1 / context.inputs.length)];
};
