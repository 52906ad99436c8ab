/**
 * What each integer op means, one row a kind: its result on values, and bounds of its result from bounds of its inputs.
 * The trap: a bound must hold for every input inside the bounds, for it decides bit-widths on which a proof's existence
 * rests.
 */
import { integerRoot } from '../gadgets/index.js';
import * as intervals from '../tensor/intervals.js';
import type { Intervals } from '../tensor/intervals.js';
import { leastOf, mostOf } from '../tensor/extremes.js';
import * as kernels from '../tensor/kernels.js';
import type { WeightPart } from '../tensor/weights.js';
import type { IntegerOp, IntegerPart, IntegerRequantize, IntegerSoftmax, IntegerTable } from './integer-model.js';

interface Semantics<Op> {
  evaluate(op: Op, inputs: readonly Float64Array[]): Float64Array;
  bound(op: Op, inputs: readonly Intervals[]): Intervals;
  /**
   * Largest sum of magnitudes of any element's terms, from the magnitudes of its inputs: no partial sum, in whatever
   * order, exceeds it.
   */
  reach(op: Op, magnitudes: readonly Float64Array[]): number;
}

type Table = { readonly [Kind in IntegerOp['kind']]: Semantics<Extract<IntegerOp, { kind: Kind }>> };

const TABLE: Table = {
  dense: {
    evaluate: (op, [x]) => kernels.dense(x, op.rows, op.inFeatures, op.outFeatures, op.weight, op.bias),
    bound: (op, [x]) =>
      aroundMiddles(x, op.bias, (values, bias, part) =>
        kernels.dense(values, op.rows, op.inFeatures, op.outFeatures, op.weight, bias, part),
      ),
    reach: (op, [x]) =>
      mostOf(kernels.dense(x, op.rows, op.inFeatures, op.outFeatures, op.weight, op.bias.map(Math.abs), 'magnitudes')),
  },
  conv: {
    evaluate: (op, [x]) => kernels.conv(x, planOf(op), op.weight, op.bias),
    bound: (op, [x]) =>
      aroundMiddles(x, op.bias, (values, bias, part) => kernels.conv(values, planOf(op), op.weight, bias, part)),
    reach: (op, [x]) => mostOf(kernels.conv(x, planOf(op), op.weight, op.bias.map(Math.abs), 'magnitudes')),
  },
  affine: {
    evaluate: (op, [x]) => kernels.affine(x, op.factor, op.shift),
    bound: (op, [x]) => intervals.affineIntervals(x, op.factor, op.shift),
    reach: (op, [x]) => mostOf(x.map((value, i) => Math.abs(op.factor[i]) * value + Math.abs(op.shift[i]))),
  },
  groupSum: {
    evaluate: (op, [x]) => kernels.multiply(kernels.groupSum(x, op.groups), op.factor),
    bound: (op, [x]) =>
      intervals.affineIntervals(
        intervals.groupSumIntervals(x, op.groups),
        op.factor,
        new Float64Array(op.factor.length),
      ),
    reach: (op, [x]) =>
      mostOf(kernels.groupSum(x, op.groups).map((sum, i) => sum * Math.max(1, Math.abs(op.factor[i])))),
  },
  max: {
    evaluate: (op, [x]) => kernels.groupMax(x, op.groups),
    bound: (op, [x]) => intervals.maxIntervals(x, op.groups),
    // Members are compared by their differences.
    reach: (_, [x]) => 2 * mostOf(x),
  },
  move: {
    evaluate: (op, inputs) => kernels.move(inputs, op.index, op.constants),
    bound: (op, inputs) => intervals.moveIntervals(inputs, op.index, op.constants),
    reach: (op, inputs) => Math.max(0, mostOf(op.constants.map(Math.abs)), mostOf(inputs.map(mostOf))),
  },
  sum: {
    evaluate: (op, inputs) => kernels.weightedSum(inputs, op.coefficients),
    bound: (op, inputs) => intervals.sumIntervals(inputs, op.coefficients),
    reach: (op, inputs) => mostOf(kernels.weightedSum(inputs, op.coefficients.map(Math.abs))),
  },
  multiply: {
    evaluate: (_, [x, y]) => kernels.multiply(x, y),
    bound: ({ inputs: [a, b] }, [x, y]) => (a === b ? intervals.squareIntervals(x) : intervals.multiplyIntervals(x, y)),
    reach: (_, [x, y]) => mostOf(kernels.multiply(x, y)),
  },
  argMax: {
    evaluate: (op, [x]) => kernels.argMax(x, op.groups, op.selectLast),
    bound: (op) => intervals.argMaxIntervals(op.groups),
    reach: (_, [x]) => 2 * mostOf(x),
  },
  requantize: {
    evaluate: (op, [x]) => x.map((value) => requantizeValue(op, value)),
    bound: (op, [x]) => intervals.monotoneIntervals(x, (value) => requantizeValue(op, value)),
    // The circuit adds half a unit and takes the low end away before it divides.
    reach: (op, [x]) => mostOf(x) + 2 ** op.shift * (1 + Math.abs(op.low)),
  },
  part: {
    evaluate: (op, [x]) => x.map((value) => partOf(op, value)),
    bound: boundPart,
    reach: (op, [x]) => mostOf(x) + Math.abs(op.low),
  },
  squareRoot: {
    evaluate: (_, [x]) => x.map(integerRoot),
    bound: (_, [x]) => intervals.monotoneIntervals(x, integerRoot),
    reach: (_, [x]) => mostOf(x),
  },
  table: {
    evaluate: (op, [x]) => x.map((value) => op.entries[tableIndex(op, value)]),
    bound: boundTable,
    // Where the index saturates, the circuit adds differences of entries.
    reach: (op, [x]) => Math.max(mostOf(x) + Math.abs(op.low), 3 * mostOf(op.entries.map(Math.abs))),
  },
  softmax: {
    evaluate: (op, [x]) => softmax(op, x),
    bound: boundSoftmax,
    // Members are compared by their differences.
    reach: (op, [x]) => Math.max(2 * mostOf(x) + 1, op.numerator, x.length * op.entries[0]),
  },
  matmul: {
    evaluate: (op, [a, b]) => kernels.matrixProducts(a, b, op),
    bound: (op, [a, b]) => intervals.matrixProductIntervals(a, b, op),
    reach: (op, [a, b]) => mostOf(kernels.matrixProducts(a, b, op)),
  },
};

/** Values of a softmax (see {@link IntegerSoftmax}). */
function softmax({ groups, shift, entries, numerator }: IntegerSoftmax, x: Float64Array): Float64Array {
  const y = new Float64Array(x.length);
  for (let g = 0; g + 1 < groups.offsets.length; g += 1) {
    const members = groups.indices.subarray(groups.offsets[g], groups.offsets[g + 1]);
    const first = members.reduce((best, member, k) => (x[member] > x[members[best]] ? k : best), 0);
    let sum = 0;
    members.forEach((member, k) => {
      const gap = x[members[first]] - x[member] - (k < first ? 1 : 0);
      y[member] = entries[Math.min(Math.floor(gap / 2 ** shift), entries.length - 1)];
      sum += y[member];
    });
    const factor = Math.floor(numerator / sum);
    for (const member of members) y[member] *= factor;
  }
  return y;
}

/** An element's share is least with the least entry beside the largest ones, and greatest alone. */
function boundSoftmax({ groups, entries, numerator }: IntegerSoftmax, [x]: readonly Intervals[]): Intervals {
  const [low, high] = [new Float64Array(x.low.length), new Float64Array(x.low.length)];
  const [least, most] = [leastOf(entries), entries[0]];
  for (let g = 0; g + 1 < groups.offsets.length; g += 1) {
    const members = groups.indices.subarray(groups.offsets[g], groups.offsets[g + 1]);
    for (const member of members) {
      high[member] = most * Math.floor(numerator / most);
      low[member] = members.length === 1 ? high[member] : least * Math.floor(numerator / (members.length * most));
    }
  }
  return { low, high };
}

/**
 * Bounds of a linear layer on integers: what it makes of the intervals' middles, and on either side what the weights'
 * magnitudes make of half their widths. Middles are halves of integers, so that sums of them are exact up to 2^52, as
 * far as a layer's terms may reach.
 */
function aroundMiddles(
  x: Intervals,
  bias: Float64Array,
  layer: (values: Float64Array, bias: Float64Array, part: WeightPart) => Float64Array,
): Intervals {
  const middle = layer(
    x.low.map((low, i) => (low + x.high[i]) / 2),
    bias,
    'all',
  );
  const radius = layer(
    x.low.map((low, i) => (x.high[i] - low) / 2),
    new Float64Array(bias.length),
    'magnitudes',
  );
  return { low: middle.map((value, i) => value - radius[i]), high: middle.map((value, i) => value + radius[i]) };
}

function partOf({ low, first, count }: IntegerPart, x: number): number {
  const rest = Math.floor((x - low) / 2 ** first);
  return rest - Math.floor(rest / 2 ** count) * 2 ** count;
}

/** Digits rise with the value until the ones above them do; then they may be anything. */
function boundPart(op: IntegerPart, [x]: readonly Intervals[]): Intervals {
  const above = (value: number): number => Math.floor((value - op.low) / 2 ** (op.first + op.count));
  const isRising = (i: number): boolean => above(x.low[i]) === above(x.high[i]);
  return {
    low: x.low.map((value, i) => (isRising(i) ? partOf(op, value) : 0)),
    high: x.high.map((value, i) => (isRising(i) ? partOf(op, value) : 2 ** op.count - 1)),
  };
}

/** Position in a table's entries that this value reads. */
function tableIndex({ low, entries }: Pick<IntegerTable, 'low' | 'entries'>, x: number): number {
  return Math.min(Math.max(x - low, 0), entries.length - 1);
}

/** Least and largest entry of each element's range of the index; elements often share theirs. */
function boundTable(op: IntegerTable, [x]: readonly Intervals[]): Intervals {
  const known = new Map<number, readonly [number, number]>();
  const [low, high] = [new Float64Array(x.low.length), new Float64Array(x.low.length)];
  for (let i = 0; i < low.length; i += 1) {
    const [from, to] = [tableIndex(op, x.low[i]), tableIndex(op, x.high[i])];
    const key = from * op.entries.length + to;
    let range = known.get(key);
    if (range === undefined) {
      const reached = op.entries.subarray(from, to + 1);
      range = [leastOf(reached), mostOf(reached)];
      known.set(key, range);
    }
    [low[i], high[i]] = range;
  }
  return { low, high };
}

/** Evaluates one op on the values of its inputs. */
export function evaluateOp(op: IntegerOp, inputs: readonly Float64Array[]): Float64Array {
  return semanticsOf(op).evaluate(op, inputs);
}

/** Bounds of one op's result from bounds of its inputs. */
export function boundOp(op: IntegerOp, inputs: readonly Intervals[]): Intervals {
  return semanticsOf(op).bound(op, inputs);
}

/** Largest sum of magnitudes of any element's terms, from bounds of the op's inputs. */
export function reachOp(op: IntegerOp, inputs: readonly Intervals[]): number {
  return semanticsOf(op).reach(
    op,
    inputs.map(({ low, high }) => low.map((value, i) => Math.max(Math.abs(value), Math.abs(high[i])))),
  );
}

function semanticsOf(op: IntegerOp): Semantics<IntegerOp> {
  return TABLE[op.kind] as Semantics<IntegerOp>;
}

/** The requantization function on one accumulator (see {@link IntegerRequantize}). */
export function requantizeValue(op: Pick<IntegerRequantize, 'shift' | 'low' | 'bits'>, x: number): number {
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
