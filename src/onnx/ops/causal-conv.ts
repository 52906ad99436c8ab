/**
 * CausalConvWithState: a convolution along time, channel by channel, that continues from the values of a state, and
 * gives the last values as the next state.
 */
import { scalarFunction } from '../../network/functions/index.js';
import { sizeOf } from '../../tensor/shape.js';
import { concatViews } from '../../tensor/views.js';
import { requireNumeric } from './arithmetic.js';
import { constant, type Lowering } from './context.js';
import { emitFunction } from './functions.js';
import { moveMany } from './moving.js';

/** x [N, C, length], weights [C, 1, k], a state [N, C, k - 1] of zeros unless given. */
export const lowerCausalConvWithState: Lowering = (context) => {
  const x = context.activation(0);
  const weight = context.constant(1);
  const bias = context.optionalConstant(2);
  requireNumeric(context, [x]);
  const activation = context.string('activation', 'none');
  if (!['none', 'silu', 'swish'].includes(activation))
    throw context.unsupportedAttribute('activation', activation, 'none, silu and swish are');
  const [batch, channels, length] = x.shape;
  const kernel = weight.shape[2];
  if (x.shape.length !== 3 || weight.shape.join() !== [channels, 1, kernel].join())
    throw context.shapeError('x should be [N, C, length] and the weights [C, 1, k]');
  if (bias !== undefined && bias.data.length !== channels)
    throw context.shapeError(`the bias should have ${channels} elements`);
  const stateShape = context.bounded([batch, channels, kernel - 1]);
  const state = context.inputs[3] ?? constant(x.type, stateShape, new Float64Array(sizeOf(stateShape)));
  if (state.shape.join() !== stateShape.join())
    throw context.shapeError(`the state should be [${stateShape.join(', ')}]`);
  const inputShape = context.bounded([batch, channels, kernel - 1 + length]);
  const joined = moveMany(context, [state, x], (views) => concatViews(views, 2), { step: 'joined', type: x.type });
  const fields = {
    op: 'conv',
    shape: x.shape,
    inputShape,
    weightShape: weight.shape,
    weight: weight.data,
    bias: bias?.data ?? new Float64Array(channels),
    groups: channels,
    strides: [1],
    dilations: [1],
    padsBegin: [0],
    padsEnd: [0],
  } as const;
  const made = context.emit(fields, [joined], activation === 'none' ? {} : { step: 'convolved' });
  const output = activation === 'none' ? made : emitFunction(context, made, scalarFunction('Swish', { alpha: 1 }));
  const index = Int32Array.from(
    { length: sizeOf(stateShape) },
    (_, i) => Math.floor(i / Math.max(kernel - 1, 1)) * inputShape[2] + length + (i % Math.max(kernel - 1, 1)),
  );
  return [
    output,
    context.emit({ op: 'move', shape: stateShape, index, constants: new Float64Array() }, [joined], { output: 1 }),
  ];
};
