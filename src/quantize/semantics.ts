/**
 * What each integer op means, one row a kind: its result on values, and bounds of its result from bounds of its inputs. The
 * trap: a bound must hold for every input inside the bounds, for it decides bit-widths on which a proof's existence rests.
 */
import * as intervals from '../tensor/intervals.js';
import type { Intervals } from '../tensor/intervals.js';
import * as kernels from '../tensor/kernels.js';
import type { IntegerOp, IntegerRequantize } from './integer-model.js';

interface Semantics<Op> {
  evaluate(op: Op, inputs: readonly Float64Array[]): Float64Array;
  bound(op: Op, inputs: readonly Intervals[]): Intervals;
}

type Table = { readonly [Kind in IntegerOp['kind']]: Semantics<Extract<IntegerOp, { kind: Kind }>> };

const TABLE: Table = {
  dense: {
    evaluate: (op, [x]) => kernels.dense(x, op.rows, op.inFeatures, op.outFeatures, op.weight, op.bias),
    bound: (op, [x]) =>
      intervals.weightedIntervals(x, (values, weight, bias) => kernels.dense(values, op.rows, op.inFeatures, op.outFeatures, weight, bias), op.weight, op.bias),
  },
  conv: {
    evaluate: (op, [x]) => kernels.conv(x, planOf(op), op.weight, op.bias),
    bound: (op, [x]) => intervals.weightedIntervals(x, (values, weight, bias) => kernels.conv(values, planOf(op), weight, bias), op.weight, op.bias),
  },
  affine: {
    evaluate: (op, [x]) => kernels.affine(x, op.factor, op.shift),
    bound: (op, [x]) => intervals.affineIntervals(x, op.factor, op.shift),
  },
  groupSum: {
    evaluate: (op, [x]) => kernels.multiply(kernels.groupSum(x, op.groups), op.factor),
    bound: (op, [x]) => intervals.affineIntervals(intervals.groupSumIntervals(x, op.groups), op.factor, new Float64Array(op.factor.length)),
  },
  max: {
    evaluate: (op, [x]) => kernels.groupMax(x, op.groups),
    bound: (op, [x]) => intervals.maxIntervals(x, op.groups),
  },
  move: {
    evaluate: (op, inputs) => kernels.move(inputs, op.index, op.constants),
    bound: (op, inputs) => intervals.moveIntervals(inputs, op.index, op.constants),
  },
  sum: {
    evaluate: (op, inputs) => kernels.weightedSum(inputs, op.coefficients),
    bound: (op, inputs) => intervals.sumIntervals(inputs, op.coefficients),
  },
  multiply: {
    evaluate: (_, [x, y]) => kernels.multiply(x, y),
    bound: (_, [x, y]) => intervals.multiplyIntervals(x, y),
  },
  argMax: {
    evaluate: (op, [x]) => kernels.argMax(x, op.groups, op.selectLast),
    bound: (op) => intervals.argMaxIntervals(op.groups),
  },
  requantize: {
    evaluate: (op, [x]) => x.map((value) => requantize(op, value)),
    bound: (op, [x]) => intervals.monotoneIntervals(x, (value) => requantize(op, value)),
  },
};

/** Evaluates one op on the values of its inputs. */
export function evaluateOp(op: IntegerOp, inputs: readonly Float64Array[]): Float64Array {
  return semanticsOf(op).evaluate(op, inputs);
}

/** Bounds of one op's result from bounds of its inputs. */
export function boundOp(op: IntegerOp, inputs: readonly Intervals[]): Intervals {
  return semanticsOf(op).bound(op, inputs);
}

function semanticsOf(op: IntegerOp): Semantics<IntegerOp> {
  return TABLE[op.kind] as Semantics<IntegerOp>;
}

/** The requantization function on one accumulator (see {@link IntegerRequantize}). */
export function requantize(op: Pick<IntegerRequantize, 'shift' | 'low' | 'bits'>, x: number): number {
  const half = op.shift === 0 ? 0 : 2 ** (op.shift - 1);
  const rounded = Math.floor((x + half) / 2 ** op.shift);
  return Math.min(Math.max(rounded, op.low), op.low + 2 ** op.bits - 1);
}

const plans = new WeakMap<kernels.ConvGeometry, kernels.ConvPlan>();

/** A convolution's geometry is planned once, however many inputs run through it. */
export function planOf(geometry: kernels.ConvGeometry): kernels.ConvPlan {
  const known = plans.get(geometry);
  if (known) return known;
  const plan = kernels.planConv(geometry);
  plans.set(geometry, plan);
  return plan;
}
