/** A function of one value, applied to each element. */
import type { Intervals } from '../../tensor/intervals.js';
import type { ScalarFunction } from '../functions/index.js';
import type { FloatLayer, LayerBase } from './layer.js';

/** y[i] = f(x[i]) */
export interface FunctionNode extends LayerBase {
  readonly op: 'function';
  readonly f: ScalarFunction;
}

export const scalar: FloatLayer<FunctionNode> = {
  prepare: ({ f }) => ([x]) => x.map(f.apply),
  bound: ({ f }, [x]) => boundFunction(f, x),
  isMonotone: ({ f }) => f.monotone,
  onlyMoves: () => false,
  maximumOf: () => undefined,
  elementScales: () => 'refuses',
  affineMap: () => undefined,
  withAffineAfter: () => undefined,
  withAffineBefore: () => undefined,
  ofOneValue: ({ f }) => ({ cost: 'table', ...f, apply: ([x]) => f.apply(x) }),
};

/** Points at which a function that rises and falls is looked at over an interval. */
const POINTS = 256;

/**
 * Bounds from the ends of a monotone function's intervals, and of others from many points between them, as close as their scale needs.
 * Poles and arguments outside the domain are left out: the table saturates there.
 */
function boundFunction({ apply, monotone }: ScalarFunction, x: Intervals): Intervals {
  const known = new Map<string, readonly [number, number]>();
  const [low, high] = [new Float64Array(x.low.length), new Float64Array(x.low.length)];
  for (let i = 0; i < x.low.length; i += 1) {
    const [from, to] = [x.low[i], x.high[i]];
    const key = `${from} ${to}`;
    let range = known.get(key);
    if (range === undefined) {
      const ends = [apply(from), apply(to)];
      const points = monotone && ends.every(Number.isFinite)
        ? ends
        : Array.from({ length: POINTS + 1 }, (_, k) => apply(from + ((to - from) * k) / POINTS)).filter(Number.isFinite);
      range = points.length === 0 ? [0, 0] : [points.reduce((a, b) => Math.min(a, b)), points.reduce((a, b) => Math.max(a, b))];
      known.set(key, range);
    }
    [low[i], high[i]] = range;
  }
  return { low, high };
}
