/**
 * ReduceSum, ReduceMean, ReduceMax, ReduceMin, ReduceL1, ReduceL2, ReduceLogSum, ReduceLogSumExp, ReduceProd and
 * ReduceSumSquare.
 */
import { groupOfElement, isPartition, reductionGroups, type Groups } from '../../tensor/groups.js';
import { sizeOf } from '../../tensor/shape.js';
import { scalarFunction } from '../../network/functions/index.js';
import { isFloat } from '../model.js';
import type { Activation } from '../values.js';
import { emitAffine, filled, requireNumeric } from './arithmetic.js';
import { constant, type Lowering, type NodeContext } from './context.js';
import { emitFunction, FUNCTION_OPERATORS } from './functions.js';

interface Reduction {
  readonly x: Activation;
  readonly shape: number[];
  readonly groups: Groups;
  /** Elements in each group. */
  readonly count: number;
}

/** Axes: an attribute before `inputSince`, an input since then. None means all, unless `noop_with_empty_axes`. */
function resolveReduction(context: NodeContext, inputSince: number): Reduction {
  const x = context.activation(0);
  // Of booleans the greatest and the least are defined.
  if (x.type !== 'bool' || !/^Reduce(Max|Min)$/.test(context.node.op)) requireNumeric(context, [x]);
  const byInput = context.opset >= inputSince;
  const given = byInput ? context.integers(1) : context.ints('axes');
  const noop = byInput && context.flag('noop_with_empty_axes', false);
  const keep = context.flag('keepdims', true);
  const rank = x.shape.length;
  const axes =
    given !== undefined && given.length > 0 ? context.axes(given, rank) : noop ? [] : x.shape.map((_, axis) => axis);
  const count = axes.reduce((product, axis) => product * x.shape[axis], 1);
  const shape = x.shape.flatMap((size, axis) => (!axes.includes(axis) ? [size] : keep ? [1] : []));
  return { x, shape, groups: reductionGroups(x.shape, axes), count };
}

/** The reduction; of nothing at all the number that it begins with, where there is one. */
const from =
  (start: number | undefined, inputSince: number, lowering: Lowering): Lowering =>
  (context) => {
    const { x, shape, count } = resolveReduction(context, inputSince);
    if (count > 0 && sizeOf(x.shape) > 0) return lowering(context);
    if (start === undefined && sizeOf(shape) > 0) throw context.shapeError('there is nothing to reduce');
    return [constant(x.type, shape, filled(context.bounded(shape), start ?? 0))];
  };

function emitMean(
  context: NodeContext,
  x: Activation,
  { shape, groups }: Reduction,
  divisor: number,
  step?: string,
): Activation {
  return context.emit({ op: 'mean', shape, groups, divisors: filled(shape, divisor) }, [x], { step });
}

function requireFloat(context: NodeContext, { x }: Reduction): void {
  if (!isFloat(x.type))
    throw context.unsupported(`it is computed on floats, and its input is of type ${x.type}; cast it before`);
}

export const lowerReduceSum: Lowering = from(0, 13, (context) => {
  const reduction = resolveReduction(context, 13);
  return [emitMean(context, reduction.x, reduction, 1)];
});

export const lowerReduceMean: Lowering = from(undefined, 18, (context) => {
  const reduction = resolveReduction(context, 18);
  if (!isFloat(reduction.x.type)) throw context.unsupported('it averages integers; cast them to float before');
  return [emitMean(context, reduction.x, reduction, reduction.count)];
});

export const lowerReduceL1: Lowering = from(0, 18, (context) => {
  const reduction = resolveReduction(context, 18);
  const { x } = reduction;
  const absolute = context.emit({ op: 'prelu', shape: x.shape, slope: Float64Array.of(-1) }, [x], { step: 'absolute' });
  return [emitMean(context, absolute, reduction, 1)];
});

export const lowerReduceSumSquare: Lowering = from(0, 18, (context) => {
  const reduction = resolveReduction(context, 18);
  const { x } = reduction;
  const squares = context.emit({ op: 'multiply', shape: x.shape }, [x, x], { step: 'squares' });
  return [emitMean(context, squares, reduction, 1)];
});

/** The square root of the sum of squares. */
export const lowerReduceL2: Lowering = from(0, 18, (context) => {
  const reduction = resolveReduction(context, 18);
  requireFloat(context, reduction);
  const { x } = reduction;
  const squares = context.emit({ op: 'multiply', shape: x.shape }, [x, x], { step: 'squares' });
  return [emitFunction(context, emitMean(context, squares, reduction, 1, 'sum'), scalarFunction('Sqrt', {}))];
});

export const lowerReduceLogSum: Lowering = from(undefined, 18, (context) => {
  const reduction = resolveReduction(context, 18);
  requireFloat(context, reduction);
  return [emitFunction(context, emitMean(context, reduction.x, reduction, 1, 'sum'), scalarFunction('Log', {}))];
});

/**
 * log(sum exp(x)) = m + log(sum exp(x - m)), m the maximum: the exponentials then lie in [0, 1], and their sum at 1 or
 * above.
 */
export const lowerReduceLogSumExp: Lowering = from(undefined, 18, (context) => {
  const reduction = resolveReduction(context, 18);
  requireFloat(context, reduction);
  return [emitLogSumExp(context, reduction)];
});

/** The logarithm of sums of exponentials, which is exact only where the largest argument is taken out of the sum. */
function emitLogSumExp(context: NodeContext, { x, shape, groups }: Omit<Reduction, 'count'>): Activation {
  const largest = context.emit({ op: 'max', shape, groups }, [x], { step: 'max' });
  const index = groupOfElement(groups, sizeOf(x.shape));
  const spread = context.emit({ op: 'move', shape: x.shape, index, constants: new Float64Array() }, [largest], {
    step: 'expand',
  });
  const below = context.emit({ op: 'sum', shape: x.shape, coefficients: [1, -1] }, [x, spread], { step: 'below' });
  const exponentials = emitFunction(context, below, scalarFunction('Exp', {}), 'exp');
  const logarithm = emitFunction(
    context,
    context.emit({ op: 'mean', shape, groups, divisors: filled(shape, 1) }, [exponentials], { step: 'sum' }),
    scalarFunction('Log', {}),
    'log',
  );
  return context.emit({ op: 'sum', shape, coefficients: [1, 1] }, [largest, logarithm]);
}

/**
 * Log, also as the last step of Log(ReduceSum(Exp(x))), which is a ReduceLogSumExp; where x is what remains below a
 * largest element, it is written as it should be already. Sums that share elements, as those of CumSum do, have no
 * largest element each that could be taken out of them.
 */
export const lowerLog: Lowering = (context) => {
  const sums = context.activation(0);
  const sum = context.makerOf(sums);
  const exponential = sum?.op === 'mean' ? context.makerOf({ ...sums, tensor: sum.inputs[0] }) : undefined;
  const x = exponential && { ...sums, tensor: exponential.inputs[0], shape: exponential.shape };
  if (
    sum?.op !== 'mean' ||
    exponential?.op !== 'function' ||
    exponential.f.formula !== 'Exp' ||
    x === undefined ||
    sum.divisors.some((divisor) => divisor !== 1) ||
    !isPartition(sum.groups, sizeOf(x.shape)) ||
    isBelowLargest(context, x)
  )
    return logarithm(context);
  return [emitLogSumExp(context, { x, shape: [...sums.shape], groups: sum.groups })];
};

const logarithm = FUNCTION_OPERATORS.Log.lower as Lowering;

/** Whether these are differences from something that is made of a largest element. */
function isBelowLargest(context: NodeContext, x: Activation): boolean {
  const difference = context.makerOf(x);
  if (difference?.op !== 'sum') return false;
  return difference.inputs.some((tensor, k) => {
    if (difference.coefficients[k] >= 0) return false;
    let maker = context.makerOf({ ...x, tensor });
    while (maker?.op === 'move') maker = context.makerOf({ ...x, tensor: maker.inputs[0] });
    return maker?.op === 'max';
  });
}

export const lowerReduceMax: Lowering = from(undefined, 18, (context) => {
  const { x, shape, groups } = resolveReduction(context, 18);
  return [context.emit({ op: 'max', shape, groups }, [x])];
});

/** min(x) = -max(-x) */
export const lowerReduceMin: Lowering = from(undefined, 18, (context) => {
  const { x, shape, groups } = resolveReduction(context, 18);
  const negated = emitAffine(context, x, x.shape, filled(x.shape, -1), filled(x.shape, 0), 'negate');
  const largest = context.emit({ op: 'max', shape, groups }, [negated], { step: 'max' });
  return [emitAffine(context, largest, shape, filled(shape, -1), filled(shape, 0))];
});

/** One multiplication after the other: a product of n factors takes n - 1. */
export const lowerReduceProd: Lowering = from(1, 18, (context) => {
  const { x, shape, groups, count } = resolveReduction(context, 18);
  context.bounded(shape);
  const results = sizeOf(shape);
  const factor = (k: number): Activation => {
    const index = Int32Array.from({ length: results }, (_, i) => groups.indices[i * count + k]);
    return context.emit({ op: 'move', shape, index, constants: new Float64Array() }, [x], { step: `factor${k + 1}` });
  };
  let product = factor(0);
  for (let k = 1; k < count; k++)
    product = context.emit(
      { op: 'multiply', shape },
      [product, factor(k)],
      k === count - 1 ? {} : { step: `product${k}` },
    );
  return [product];
});
