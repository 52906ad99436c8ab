/**
 * Tables of constants with a computed position: y = v_0 + sum over k of (v_k - v_(k-1)) [x >= k], one comparison for each position that x
 * can be at and where the table changes. Exact, since positions are whole numbers.
 */
import { sizeOf } from '../../tensor/shape.js';
import type { ElementType } from '../model.js';
import type { Activation } from '../values.js';
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

/** Bounds of an activation of whole numbers, kept to [least, most]. @throws UnsupportedOpError where it may have fractions */
export function positionsOf(context: NodeContext, x: Activation, least: number, most: number): Positions {
  const { bounds, whole } = context.facts(x);
  if (!whole) throw context.unsupported('it looks up positions that may have fractions');
  const keep = (value: number): number => Math.min(Math.max(value, least), most);
  return { x, low: bounds.low.map(keep), high: bounds.high.map(keep) };
}

/** For element i of x the function `value(i, k)` of its whole number k, in [low[i], high[i]]; below and above that the ends' values. */
export function emitTable(context: NodeContext, { x, low, high }: Positions, value: (i: number, k: number) => number, type: ElementType, step?: string): Activation {
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
      if (positions.length >= MOST_COMPARISONS) throw context.unsupported(`its table takes more than ${MOST_COMPARISONS} comparisons`);
      positions.push(i);
      thresholds.push(k);
      jumps.push(jump);
    }
    offsets[i + 1] = positions.length;
  }
  const suffix = (name: string): string => (step === undefined ? name : `${step}/${name}`);
  if (positions.length === 0) return { ...emitAffine(context, x, x.shape, new Float64Array(size), base, step), type, labels: undefined };
  const spread = context.emit({ op: 'move', shape: [positions.length], index: Int32Array.from(positions), constants: new Float64Array() }, [x], { step: suffix('positions') });
  const reached = emitStep(context, spread, Float64Array.from(thresholds), false, suffix('reached'));
  const weighted = emitAffine(context, reached, reached.shape, Float64Array.from(jumps), new Float64Array(jumps.length), suffix('jumps'));
  const groups = { offsets, indices: Uint32Array.from({ length: positions.length }, (_, i) => i) };
  const sum = context.emit({ op: 'mean', shape: x.shape, groups, divisors: new Float64Array(size).fill(1) }, [weighted], { step: suffix('sum') });
  const ones = new Float64Array(size).fill(1);
  return { ...emitAffine(context, sum, x.shape, ones, base, step), type, labels: undefined };
}

/** [x = key], for whole numbers and reals alike. */
export function emitEquals(context: NodeContext, x: Activation, key: Float64Array, step: string): Activation {
  const reached = emitStep(context, x, key, false, `${step}/reached`);
  const passed = emitStep(context, x, key, true, `${step}/passed`);
  return context.emit({ op: 'sum', shape: x.shape, coefficients: [1, -1] }, [reached, passed], { step });
}

/** values[j] where x is keys[j], else `otherwise`; keys are distinct. */
export function emitLookup(context: NodeContext, x: Activation, keys: readonly number[], values: readonly number[], otherwise: number, type: ElementType): Activation {
  const { bounds, whole } = context.facts(x);
  const table = new Map(keys.map((key, j) => [key, values[j]]));
  const read = (key: number): number => table.get(key) ?? otherwise;
  const integers = keys.filter(Number.isInteger);
  if (whole && integers.length > 0) {
    // One position beyond the keys at either end stands for everything farther out.
    const [least, most] = [integers.reduce((a, b) => Math.min(a, b)) - 1, integers.reduce((a, b) => Math.max(a, b)) + 1];
    if (bounds.low.every((low, i) => Math.min(bounds.high[i], most) - Math.max(low, least) < 4 * keys.length + 4)) {
      return emitTable(context, positionsOf(context, x, least, most), (_, k) => read(k), type);
    }
  }
  const size = sizeOf(x.shape);
  const filled = (value: number) => new Float64Array(size).fill(value);
  const finite = keys.map((key, j) => ({ key, change: values[j] - otherwise })).filter(({ key, change }) => !Number.isNaN(key) && change !== 0);
  const parts = finite.map(({ key }, j) => emitEquals(context, x, filled(key), `key${j}`));
  if (parts.length === 0) return { ...emitAffine(context, x, x.shape, filled(0), filled(otherwise)), type };
  const sum = context.emit({ op: 'sum', shape: x.shape, coefficients: finite.map(({ change }) => change) }, parts, { step: 'found' });
  return { ...emitAffine(context, sum, x.shape, filled(1), filled(otherwise)), type };
}
