/** Convolutions in any dimension. */
import { mostOf } from '../../tensor/extremes.js';
import * as kernels from '../../tensor/kernels.js';
import type { Weights } from '../../tensor/weights.js';
import type { IntegerLayer, OpBase } from '../layer.js';
import { aroundMiddles } from '../linear-bounds.js';

/** Cross-correlation with zero padding; fields as in the graph's ConvNode. */
export interface IntegerConv extends OpBase, kernels.ConvGeometry {
  readonly kind: 'conv';
  readonly weight: Weights;
  readonly bias: Float64Array;
}

export const conv: IntegerLayer<IntegerConv> = {
  evaluate: (op, [x]) => kernels.conv(x, planOf(op), op.weight, op.bias),
  bound: (op, [x]) =>
    aroundMiddles(x, op.bias, (values, bias, part) => kernels.conv(values, planOf(op), op.weight, bias, part)),
  reach: (op, [x]) => mostOf(kernels.conv(x, planOf(op), op.weight, op.bias.map(Math.abs), 'magnitudes')),
};

const plans = new WeakMap<kernels.ConvGeometry, kernels.ConvPlan>();

/** A convolution's geometry is planned once, however many inputs run through it. */
export function planOf(geometry: kernels.ConvGeometry): kernels.ConvPlan {
  const known = plans.get(geometry);
  if (known) return known;
  const plan = kernels.planConv(geometry);
  plans.set(geometry, plan);
  return plan;
}
