/**
 * BatchNormalization in inference: an affine map per channel. In training form it takes mean and variance of its input
 * (normalization.ts).
 */
import { sizeOf } from '../../tensor/shape.js';
import { emitAffine, requireNumeric } from './arithmetic.js';
import type { Lowering } from './context.js';
import { lowerBatchTraining } from './normalization.js';

/** y = scale * (x - mean) / sqrt(variance + epsilon) + bias; the channel is dimension 1. */
export const lowerBatchNormalization: Lowering = (context) => {
  const x = context.activation(0);
  requireNumeric(context, [x]);
  const epsilon = context.float('epsilon', 1e-5);
  context.ignore('momentum');
  if (x.shape.length < 2) throw context.shapeError('x must be [N, channels, ...]');
  if (context.flag('training_mode', false)) return lowerBatchTraining(context);
  if (!context.flag('spatial', true))
    throw context.unsupportedAttribute('spatial', 0, 'only one mean and variance per channel is');
  const channels = x.shape[1];
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((position) => {
    const { data } = context.constant(position);
    if (data.length !== channels) throw context.shapeError(`its parameters should have ${channels} elements each`);
    return data;
  });
  const factor = scale.map((value, channel) => value / Math.sqrt(variance[channel] + epsilon));
  const offset = bias.map((value, channel) => value - mean[channel] * factor[channel]);
  const inner = sizeOf(x.shape.slice(2));
  const channelOf = (i: number) => Math.floor(i / inner) % channels;
  const size = sizeOf(x.shape);
  return [
    emitAffine(
      context,
      x,
      x.shape,
      Float64Array.from({ length: size }, (_, i) => factor[channelOf(i)]),
      Float64Array.from({ length: size }, (_, i) => offset[channelOf(i)]),
    ),
  ];
};
