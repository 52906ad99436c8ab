/**
 * Tables of constants with a computed position: y = v_0 + sum over k of (v_k - v_(k-1)) [x >= k], one comparison for
 * each position that x can be at and where the table changes. Exact, since positions are whole numbers.
 */
import { sizeOf, type Shape } from '../../tensor/shape.js';
import type { ElementType } from '../model.js';
import type { Activation, Value } from '../values.js';
import { emitAffine } from './arithmetic.js';
import { emitStep } from './comparison.js';
import type { NodeContext } from './context.js';

/** Comparisons in one table or one choice, so that a tiny file cannot ask for a circuit beyond all measure. */
const MOST_COMPARISONS = 2 ** 22;

/** The least and greatest whole number that each element of an activation can be. */
export interface Positions {
  readonly x: Activation;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/**
 * Bounds of an activation of whole numbers, kept to [least, most]. @throws UnsupportedOpError where it may have
 * fractions
 */
export function positionsOf(context: NodeContext, x: Activation, least: number, most: number): Positions {
  const { bounds, whole } = context.facts(x);
  if (!whole) throw context.unsupported('it looks up positions that may have fractions');
  const keep = (value: number): number => Math.min(Math.max(value, least), most);
  return { x, low: bounds.low.map(keep), high: bounds.high.map(keep) };
}

/**
 * For element i of x the function `value(i, k)` of its whole number k, in [low[i], high[i]]; below and above that the
 * ends' values.
 */
export function emitTable(
  context: NodeContext,
  { x, low, high }: Positions,
  value: (i: number, k: number) => number,
  type: ElementType,
  step?: string,
): Activation {
  const size = sizeOf(x.shape);
  const positions: number[] = [];
  const thresholds: number[] = [];
  const jumps: number[] = [];
  const offsets = new Uint32Array(size + 1);
  const base = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    base[i] = value(i, low[i]);
    for (let k = low[i] + 1; k <= high[i]; k++) {
      const jump = value(i, k) - value(i, k - 1);
      if (jump === 0) continue;
      if (positions.length >= MOST_COMPARISONS)
        throw context.unsupported(`its table takes more than ${MOST_COMPARISONS} comparisons`);
      positions.push(i);
      thresholds.push(k);
      jumps.push(jump);
    }
    offsets[i + 1] = positions.length;
  }
  const suffix = (name: string): string => (step === undefined ? name : `${step}/${name}`);
  if (positions.length === 0)
    return { ...emitAffine(context, x, x.shape, new Float64Array(size), base, step), type, labels: undefined };
  const spread = context.emit(
    { op: 'move', shape: [positions.length], index: Int32Array.from(positions), constants: new Float64Array() },
    [x],
    { step: suffix('positions') },
  );
  const reached = emitStep(context, spread, Float64Array.from(thresholds), false, suffix('reached'));
  const weighted = emitAffine(
    context,
    reached,
    reached.shape,
    Float64Array.from(jumps),
    new Float64Array(jumps.length),
    suffix('jumps'),
  );
  const groups = { offsets, indices: Uint32Array.from({ length: positions.length }, (_, i) => i) };
  const sum = context.emit(
    { op: 'mean', shape: x.shape, groups, divisors: new Float64Array(size).fill(1) },
    [weighted],
    { step: suffix('sum') },
  );
  const ones = new Float64Array(size).fill(1);
  return { ...emitAffine(context, sum, x.shape, ones, base, step), type, labels: undefined };
}

/** For each element of x the bits [x = k], k from its least to its greatest position, one after the other. */
export interface Hot {
  readonly bits: Activation;
  /** The bits of element i are offsets[i] .. offsets[i + 1], for the positions from low[i] on. */
  readonly offsets: Uint32Array;
  readonly low: Float64Array;
}

/** One bit for each position that an element can be at; they sum to one. */
export function emitHot(context: NodeContext, { x, low, high }: Positions): Hot {
  const size = sizeOf(x.shape);
  const offsets = new Uint32Array(size + 1);
  let total = 0;
  for (let i = 0; i < size; i++) {
    total += high[i] - low[i] + 1;
    if (total > MOST_COMPARISONS)
      throw context.unsupported(`its positions take more than ${MOST_COMPARISONS} comparisons`);
    offsets[i + 1] = total;
  }
  const owners = new Int32Array(total);
  const thresholds = new Float64Array(total);
  for (let i = 0; i < size; i++) {
    owners.fill(i, offsets[i], offsets[i + 1]);
    for (let j = offsets[i]; j < offsets[i + 1]; j++) thresholds[j] = low[i] + j - offsets[i];
  }
  const shape = [total];
  const spread = context.emit({ op: 'move', shape, index: owners, constants: new Float64Array() }, [x], {
    step: 'positions',
    type: 'int64',
  });
  const reached = emitStep(context, spread, thresholds, false, 'reached');
  // Positions outside are taken for the nearest end: the comparison with the least position is always true, and none is
  // made beyond the greatest.
  const first = Int32Array.from({ length: total }, (_, j) => (j === offsets[owners[j]] ? -1 : j));
  const next = Int32Array.from({ length: total }, (_, j) => (j + 1 === offsets[owners[j] + 1] ? -1 : j + 1));
  const here = context.emit({ op: 'move', shape, index: first, constants: Float64Array.of(1) }, [reached], {
    step: 'here',
  });
  const beyond = context.emit({ op: 'move', shape, index: next, constants: Float64Array.of(0) }, [reached], {
    step: 'beyond',
  });
  const bits = context.emit({ op: 'sum', shape, coefficients: [1, -1] }, [here, beyond], { step: 'hot', type: 'bool' });
  return { bits, offsets, low };
}

/**
 * One element of a result that is taken from `data` by a computed position: which element of x says the position, and
 * where position k is.
 */
export interface Taken {
  readonly by: number;
  readonly at: (k: number) => number;
}

/**
 * The elements that computed positions name: a product for each position that each can be at, none where the data are
 * constants.
 */
export function emitTaken(
  context: NodeContext,
  data: Value,
  positions: Positions,
  shape: Shape,
  taken: readonly Taken[],
): Activation {
  const { bits, offsets, low } = emitHot(context, positions);
  const ends = new Uint32Array(taken.length + 1);
  taken.forEach(({ by }, j) => (ends[j + 1] = ends[j] + offsets[by + 1] - offsets[by]));
  const total = ends[taken.length];
  if (total > MOST_COMPARISONS)
    throw context.unsupported(`it chooses among more than ${MOST_COMPARISONS} elements in all`);
  const [hot, from] = [new Int32Array(total), new Int32Array(total)];
  taken.forEach(({ by, at }, j) => {
    for (let i = 0; i < ends[j + 1] - ends[j]; i++) {
      hot[ends[j] + i] = offsets[by] + i;
      from[ends[j] + i] = at(low[by] + i);
    }
  });
  const none = new Float64Array();
  const chosen = context.emit({ op: 'move', shape: [total], index: hot, constants: none }, [bits], { step: 'chosen' });
  const products =
    data.kind === 'constant'
      ? emitAffine(
          context,
          chosen,
          [total],
          Float64Array.from(from, (position) => data.data[position]),
          new Float64Array(total),
          'products',
        )
      : context.emit(
          { op: 'multiply', shape: [total] },
          [
            chosen,
            context.emit({ op: 'move', shape: [total], index: from, constants: none }, [data], { step: 'candidates' }),
          ],
          { step: 'products' },
        );
  const groups = { offsets: ends, indices: Uint32Array.from({ length: total }, (_, i) => i) };
  return context.emit({ op: 'mean', shape, groups, divisors: new Float64Array(taken.length).fill(1) }, [products], {
    type: data.type,
  });
}

/** [x = key], for whole numbers and reals alike. */
export function emitEquals(context: NodeContext, x: Activation, key: Float64Array, step: string): Activation {
  const reached = emitStep(context, x, key, false, `${step}/reached`);
  const passed = emitStep(context, x, key, true, `${step}/passed`);
  return context.emit({ op: 'sum', shape: x.shape, coefficients: [1, -1] }, [reached, passed], { step });
}

/** values[j] where x is keys[j], else `otherwise`; keys are distinct. */
export function emitLookup(
  context: NodeContext,
  x: Activation,
  keys: readonly number[],
  values: readonly number[],
  otherwise: number,
  type: ElementType,
): Activation {
  const { bounds, whole } = context.facts(x);
  const table = new Map(keys.map((key, j) => [key, values[j]]));
  const read = (key: number): number => table.get(key) ?? otherwise;
  const integers = keys.filter(Number.isInteger);
  if (whole && integers.length > 0) {
    // One position below the least key and one above the greatest stand for all values beyond them.
    const [least, most] = [
      integers.reduce((a, b) => Math.min(a, b)) - 1,
      integers.reduce((a, b) => Math.max(a, b)) + 1,
    ];
    if (bounds.low.every((low, i) => Math.min(bounds.high[i], most) - Math.max(low, least) < 4 * keys.length + 4)) {
      return emitTable(context, positionsOf(context, x, least, most), (_, k) => read(k), type);
    }
  }
  const size = sizeOf(x.shape);
  const filled = (value: number) => new Float64Array(size).fill(value);
  const finite = keys
    .map((key, j) => ({ key, change: values[j] - otherwise }))
    .filter(({ key, change }) => !Number.isNaN(key) && change !== 0);
  const parts = finite.map(({ key }, j) => emitEquals(context, x, filled(key), `key${j}`));
  if (parts.length === 0) return { ...emitAffine(context, x, x.shape, filled(0), filled(otherwise)), type };
  const sum = context.emit({ op: 'sum', shape: x.shape, coefficients: finite.map(({ change }) => change) }, parts, {
    step: 'found',
  });
  return { ...emitAffine(context, sum, x.shape, filled(1), filled(otherwise)), type };
}
