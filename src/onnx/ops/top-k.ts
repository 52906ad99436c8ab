/**
 * TopK by counting: an element's rank is how many come before it, larger ones and equal ones at lower positions, and
 * the element of rank p is the sum of x_i [rank_i = p]. One comparison for each pair of elements, one product for each
 * element and each rank that is wanted.
 */
import { sizeOf } from '../../tensor/shape.js';
import type { Activation } from '../values.js';
import { emitAffine, filled, requireNumeric } from './arithmetic.js';
import { emitStep } from './comparison.js';
import type { Lowering, NodeContext } from './context.js';

/** Pairs that are compared, so that a tiny file cannot ask for a circuit beyond all measure. */
const MOST_PAIRS = 2 ** 22;

/** Outputs: the k largest or smallest along one axis in order, and their positions. */
export const lowerTopK: Lowering = (context) => {
  const x = context.activation(0);
  requireNumeric(context, [x]);
  const [k] = context.opset < 10 ? [context.int('k', 0)] : (context.integers(1) ?? []);
  const axis = context.axis(context.int('axis', -1), x.shape.length);
  const largest = context.opset < 11 || context.flag('largest', true);
  // Unsorted results may stand in any order: they are sorted too.
  if (context.opset >= 11) context.ignore('sorted');
  const length = x.shape[axis];
  if (k === undefined || k < 0 || k > length) throw context.shapeError(`${k} elements cannot be taken of ${length}`);
  const shape = context.bounded(x.shape.map((size, i) => (i === axis ? k : size)));
  const inner = sizeOf(x.shape.slice(axis + 1));
  const lines = sizeOf(x.shape) / Math.max(length, 1);
  const pairs = (length * (length - 1)) / 2;
  if (lines * pairs + lines * length * k > MOST_PAIRS)
    throw context.unsupported(
      `it orders ${lines} lines of ${length} elements; at most ${MOST_PAIRS} pairs are compared`,
    );
  const at = (line: number, i: number): number => (Math.floor(line / inner) * length + i) * inner + (line % inner);
  if (k === 0 || lines === 0) {
    const none = (output: number, type: Activation['type']) =>
      context.emit({ op: 'move', shape, index: new Int32Array(), constants: new Float64Array() }, [x], {
        output,
        type,
      });
    return [none(0, x.type), none(1, 'int64')];
  }
  const ranks = emitRanks(context, x, { lines, length, at, sign: largest ? 1 : -1 });
  const places = emitPlaces(context, ranks, lines, length, k);
  const total = lines * k * length;
  const candidates = context.emit(
    {
      op: 'move',
      shape: [total],
      index: Int32Array.from({ length: total }, (_, j) => at(Math.floor(j / (k * length)), j % length)),
      constants: new Float64Array(),
    },
    [x],
    { step: 'candidates' },
  );
  const chosen = context.emit({ op: 'multiply', shape: [total] }, [places, candidates], {
    step: 'chosen',
    type: x.type,
  });
  const numbered = emitAffine(
    context,
    places,
    [total],
    Float64Array.from({ length: total }, (_, j) => j % length),
    filled([total], 0),
    'numbered',
  );
  // Groups in the order of the result: line, rank and what lies inside the axis.
  const order = Array.from({ length: sizeOf(shape) }, (_, i) => {
    const [outer, rank, rest] = [Math.floor(i / (k * inner)), Math.floor(i / inner) % k, i % inner];
    return ((outer * inner + rest) * k + rank) * length;
  });
  const groups = {
    offsets: Uint32Array.from({ length: order.length + 1 }, (_, i) => i * length),
    indices: Uint32Array.from(order.flatMap((start) => Array.from({ length }, (_, i) => start + i))),
  };
  const sum = (of: Activation, output: number, type: Activation['type']) =>
    context.emit({ op: 'mean', shape, groups, divisors: filled(shape, 1) }, [of], { output, type });
  const positions = sum(numbered, 1, 'int64');
  context.assume(positions, 0, length - 1);
  return [sum(chosen, 0, x.type), positions];
};

interface Lines {
  readonly lines: number;
  readonly length: number;
  /** Position in x of element i of a line. */
  readonly at: (line: number, i: number) => number;
  /** -1 where the smallest come first. */
  readonly sign: 1 | -1;
}

/** How many elements of its line come before each: [lines, length]. */
function emitRanks(context: NodeContext, x: Activation, { lines, length, at, sign }: Lines): Activation {
  const shape = [lines, length];
  const first: number[] = [];
  const second: number[] = [];
  const members: number[][] = Array.from({ length: lines * length }, () => []);
  const signs: number[][] = Array.from({ length: lines * length }, () => []);
  for (let line = 0; line < lines; line += 1) {
    for (let i = 0; i < length; i += 1) {
      for (let j = i + 1; j < length; j += 1) {
        // The bit says that j comes before i: it is larger, since of equal ones i is first.
        members[line * length + i].push(first.length);
        signs[line * length + i].push(1);
        members[line * length + j].push(first.length);
        signs[line * length + j].push(-1);
        first.push(at(line, i));
        second.push(at(line, j));
      }
    }
  }
  if (first.length === 0)
    return {
      ...emitAffine(context, x, x.shape, filled(x.shape, 0), filled(x.shape, 0), 'ranks'),
      shape,
      type: 'int64',
    };
  const pick = (positions: readonly number[], step: string) =>
    context.emit(
      { op: 'move', shape: [positions.length], index: Int32Array.from(positions), constants: new Float64Array() },
      [x],
      { step },
    );
  const difference = context.emit(
    { op: 'sum', shape: [first.length], coefficients: [-sign, sign] },
    [pick(first, 'first'), pick(second, 'second')],
    { step: 'difference' },
  );
  const later = emitStep(context, difference, Float64Array.of(0), true, 'later');
  // The bit says that the later element comes before j; otherwise j comes before it: one minus the bit.
  const offsets = new Uint32Array(lines * length + 1);
  members.forEach((of, i) => (offsets[i + 1] = offsets[i] + of.length));
  const flat = members.flat();
  const bits = context.emit(
    { op: 'move', shape: [flat.length], index: Int32Array.from(flat), constants: new Float64Array() },
    [later],
    { step: 'bits' },
  );
  const factors = Float64Array.from(signs.flat());
  const signed = emitAffine(
    context,
    bits,
    [flat.length],
    factors,
    factors.map((factor) => (factor < 0 ? 1 : 0)),
    'before',
  );
  const groups = { offsets, indices: Uint32Array.from({ length: flat.length }, (_, i) => i) };
  const ranks = context.emit({ op: 'mean', shape, groups, divisors: filled(shape, 1) }, [signed], {
    step: 'ranks',
    type: 'int64',
  });
  context.assume(ranks, 0, length - 1);
  return ranks;
}

/** [rank_i = p] for each line, each p below k and each i. */
function emitPlaces(context: NodeContext, ranks: Activation, lines: number, length: number, k: number): Activation {
  const shape = [lines * length * k];
  const owner = (j: number): number => Math.floor(j / (k * length)) * length + (j % length);
  const wanted = (j: number): number => Math.floor(j / length) % k;
  const spread = context.emit(
    {
      op: 'move',
      shape,
      index: Int32Array.from({ length: shape[0] }, (_, j) => owner(j)),
      constants: new Float64Array(),
    },
    [ranks],
    { step: 'spread' },
  );
  const thresholds = Float64Array.from({ length: shape[0] }, (_, j) => wanted(j));
  const reached = emitStep(context, spread, thresholds, false, 'reached');
  const passed = emitStep(context, spread, thresholds, true, 'passed');
  return context.emit({ op: 'sum', shape, coefficients: [1, -1] }, [reached, passed], { step: 'places', type: 'bool' });
}
