/** Values held between two constants. */
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import { besideAffine, joinPlaceByPlace, noGains, type FloatLayer, type LayerBase } from './layer.js';

/** y[i] = min(max(x[i], min), max); either bound may be infinite. */
export interface ClipNode extends LayerBase {
  readonly op: 'clip';
  readonly min: number;
  readonly max: number;
}

export const clip: FloatLayer<ClipNode> = {
  prepare:
    ({ min, max }) =>
    ([x]) =>
      kernels.clip(x, min, max),
  bound: ({ min, max }, [x]) => intervals.monotoneIntervals(x, (value) => Math.min(Math.max(value, min), max)),
  isMonotone: () => true,
  onlyMoves: () => false,
  maximumOf: () => undefined,
  tieUnits: joinPlaceByPlace,
  // The tightest of the ends in the elements' units. `quantize/units.ts` refuses units where these ends would clip other
  // values than each element's own ends.
  inUnits: (node, _, output) => ({
    ...node,
    min: output.reduce((most, unit) => Math.max(most, node.min / unit), -Infinity),
    max: output.reduce((least, unit) => Math.min(least, node.max / unit), Infinity),
  }),
  gains: noGains,
  errors: 'held',
  onlyCompares: () => false,
  ...besideAffine,
  makesWhole: (node, fromWhole) => fromWhole && hasWholeEnds(node),
  ofOneValue: ({ min, max }) => ({
    formula: `clip(x, ${min}, ${max})`,
    apply: ([x]) => Math.min(Math.max(x, min), max),
    monotone: true,
    cost: 'cut',
  }),
};

/** Whether both ends that it has are whole numbers. */
export function hasWholeEnds({ min, max }: ClipNode): boolean {
  return [min, max].every((end) => !Number.isFinite(end) || Number.isInteger(end));
}
