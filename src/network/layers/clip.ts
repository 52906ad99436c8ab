/** Values held between two constants. */
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import type { FloatLayer, LayerBase } from './layer.js';

/** y[i] = min(max(x[i], min), max); either bound may be infinite. */
export interface ClipNode extends LayerBase {
  readonly op: 'clip';
  readonly min: number;
  readonly max: number;
}

export const clip: FloatLayer<ClipNode> = {
  prepare: ({ min, max }) => ([x]) => kernels.clip(x, min, max),
  bound: ({ min, max }, [x]) => intervals.monotoneIntervals(x, (value) => Math.min(Math.max(value, min), max)),
  isMonotone: () => true,
  onlyMoves: () => false,
  maximumOf: () => undefined,
  elementScales: () => 'refuses',
  onlyCompares: () => false,
  affineMap: () => undefined,
  withAffineAfter: () => undefined,
  withAffineBefore: () => undefined,
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
