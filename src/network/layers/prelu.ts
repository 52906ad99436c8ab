/** Rectifiers: Relu, LeakyRelu, PRelu. */
import type { Intervals } from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import {
  allWhole,
  besideAffine,
  joinPlaceByPlace,
  noGains,
  unchanged,
  type FloatLayer,
  type LayerBase,
} from './layer.js';

/**
 * y[i] = x[i] if x[i] >= 0, else slope[i] * x[i]. `slope` has one entry (all elements) or one per element. Relu: [0].
 */
export interface PReluNode extends LayerBase {
  readonly op: 'prelu';
  readonly slope: Float64Array;
}

export const prelu: FloatLayer<PReluNode> = {
  prepare:
    ({ slope }) =>
    ([x]) =>
      kernels.prelu(x, slope),
  bound: ({ slope }, [x]) => boundPRelu(x, slope),
  isMonotone: ({ slope }) => slope.length === 1 && slope[0] >= 0,
  onlyMoves: () => false,
  maximumOf: () => undefined,
  tieUnits: joinPlaceByPlace,
  inUnits: unchanged,
  gains: noGains,
  errors: 'held',
  onlyCompares: () => false,
  ...besideAffine,
  makesWhole: ({ slope }, fromWhole) => fromWhole && allWhole(slope),
  ofOneValue({ slope }) {
    if (slope.length !== 1) return undefined;
    const [factor] = slope;
    return {
      formula: `prelu(x, ${factor})`,
      apply: ([x]) => (x >= 0 ? x : factor * x),
      monotone: factor >= 0,
      cost: 'cut',
    };
  },
};

/** A negative slope makes the function fall and rise again, with its least value 0 inside. */
function boundPRelu(x: Intervals, slope: Float64Array): Intervals {
  const apply = (value: number, i: number): number => (value >= 0 ? value : value * slope[slope.length === 1 ? 0 : i]);
  const low = x.low.map((value, i) =>
    Math.min(apply(value, i), apply(x.high[i], i), value < 0 && x.high[i] > 0 ? 0 : Infinity),
  );
  const high = x.high.map((value, i) => Math.max(apply(value, i), apply(x.low[i], i)));
  return { low, high };
}
