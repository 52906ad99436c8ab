/** A function of one value, applied to each element. */
import type { Intervals } from '../../tensor/intervals.js';
import type { ScalarFunction } from '../functions/index.js';
import { besideAffine, inUnitOne, type FloatLayer, type LayerBase } from './layer.js';

/** y[i] = f(x[i]) */
export interface FunctionNode extends LayerBase {
  readonly op: 'function';
  readonly f: ScalarFunction;
}

export const scalar: FloatLayer<FunctionNode> = {
  prepare:
    ({ f }) =>
    ([x]) =>
      x.map(f.apply),
  bound: ({ f }, [x]) => boundFunction(f, x),
  isMonotone: ({ f }) => f.monotone,
  onlyMoves: () => false,
  maximumOf: () => undefined,
  ...inUnitOne,
  errors: 'bent',
  onlyCompares: ({ f }) => f.jumps !== undefined,
  ...besideAffine,
  makesWhole: ({ f }) => f.whole,
  ofOneValue: ({ f }) =>
    f.apart ? undefined : { cost: 'table', formula: f.formula, monotone: f.monotone, apply: ([x]) => f.apply(x) },
};

/** Elements often share their interval. */
function boundFunction(f: ScalarFunction, x: Intervals): Intervals {
  const known = new Map<string, readonly [number, number]>();
  const [low, high] = [new Float64Array(x.low.length), new Float64Array(x.low.length)];
  for (let i = 0; i < x.low.length; i += 1) {
    const key = `${x.low[i]} ${x.high[i]}`;
    const range = known.get(key) ?? f.bound(x.low[i], x.high[i]);
    known.set(key, range);
    [low[i], high[i]] = range;
  }
  return { low, high };
}
