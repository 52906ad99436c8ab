/** Movement of elements, with constants among them. */
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import type { FloatLayer, LayerBase } from './layer.js';

/**
 * Data movement. Let z be all inputs, flattened and concatenated in order. y[i] = z[index[i]] where index[i] >= 0, and
 * constants[-1 - index[i]] where it is negative. Covers Flatten, Reshape, Transpose, Squeeze, Unsqueeze, Concat, Slice,
 * Pad, Expand, Gather with constant indices.
 */
export interface MoveNode extends LayerBase {
  readonly op: 'move';
  readonly index: Int32Array;
  readonly constants: Float64Array;
}

export const move: FloatLayer<MoveNode> = {
  prepare: ({ index, constants }) => (inputs) => kernels.move(inputs, index, constants),
  bound: ({ index, constants }, inputs) => intervals.moveIntervals(inputs, index, constants),
};
