/** ReverseSequence with constant lengths: of each sequence of a batch the first elements in reverse order. */
import { stridesOf } from '../../tensor/shape.js';
import type { Lowering } from './context.js';
import { moveValue } from './moving.js';

export const lowerReverseSequence: Lowering = (context) => {
  const x = context.input(0);
  const rank = x.shape.length;
  if (rank < 2) throw context.shapeError('its input should have a batch and a time dimension');
  const [batch, time] = [
    context.axis(context.int('batch_axis', 1), rank),
    context.axis(context.int('time_axis', 0), rank),
  ];
  const lengths = context.integers(1) ?? [];
  if (batch === time || lengths.length !== x.shape[batch])
    throw context.shapeError('there should be a length for each position of the batch dimension, and time be another');
  const wrong = lengths.find((length) => length < 0 || length > x.shape[time]);
  if (wrong !== undefined)
    throw context.shapeError(`a sequence of length ${wrong} does not fit a dimension of ${x.shape[time]}`);
  const strides = stridesOf(x.shape);
  return [
    moveValue(context, x, ({ shape, index }) => ({
      shape,
      index: index.map((at) => {
        const step = Math.floor(at / strides[time]) % shape[time];
        const length = lengths[Math.floor(at / strides[batch]) % shape[batch]];
        return step < length ? at + (length - 1 - 2 * step) * strides[time] : at;
      }),
    })),
  ];
};
