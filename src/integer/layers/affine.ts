/** A factor and a shift an element. */
import { mostOf } from '../../tensor/extremes.js';
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import type { IntegerLayer, OpBase } from '../layer.js';

/** y[i] = factor[i] x[i] + shift[i] */
export interface IntegerAffine extends OpBase {
  readonly kind: 'affine';
  readonly factor: Float64Array;
  readonly shift: Float64Array;
}

export const affine: IntegerLayer<IntegerAffine> = {
  evaluate: (op, [x]) => kernels.affine(x, op.factor, op.shift),
  bound: (op, [x]) => intervals.affineIntervals(x, op.factor, op.shift),
  reach: (op, [x]) => mostOf(x.map((value, i) => Math.abs(op.factor[i]) * value + Math.abs(op.shift[i]))),
};
