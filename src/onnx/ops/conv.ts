/** Conv with constant weights, in any number of spatial dimensions. */
import { showShape, sizeOf } from '../../tensor/shape.js';
import { requireNumeric } from './arithmetic.js';
import type { Lowering } from './context.js';
import { resolveWindow } from './window.js';

export const lowerConv: Lowering = (context) => {
  const x = context.activation(0);
  const weight = context.constant(1);
  const bias = context.optionalConstant(2);
  requireNumeric(context, [x]);
  if (x.shape.length < 3) throw context.shapeError('x must be [N, channels, spatial dimensions...]');
  if (weight.shape.length !== x.shape.length)
    throw context.shapeError('x and the weights must have the same number of dimensions');
  const groups = context.int('group', 1);
  const kernel = context.ints('kernel_shape') ?? weight.shape.slice(2);
  if (kernel.join() !== weight.shape.slice(2).join()) {
    throw context.shapeError(`kernel_shape ${showShape(kernel)} is not that of the weights`);
  }
  const [outChannels, groupChannels] = weight.shape;
  if (groups < 1 || x.shape[1] !== groupChannels * groups || outChannels % groups !== 0) {
    throw context.shapeError(`${x.shape[1]} input channels in ${groups} groups do not fit the weights`);
  }
  if (bias !== undefined && bias.data.length !== outChannels)
    throw context.shapeError(`the bias should have ${outChannels} elements`);
  const { strides, dilations, padsBegin, padsEnd, outSpatial } = resolveWindow(context, x.shape.slice(2), kernel);
  const shape = context.bounded([x.shape[0], outChannels, ...outSpatial]);
  const depth = groupChannels * sizeOf(kernel);
  context.boundWork(sizeOf(shape) * depth, sizeOf(outSpatial) * depth);
  return [
    context.emit(
      {
        op: 'conv',
        shape,
        inputShape: x.shape,
        weightShape: weight.shape,
        weight: weight.data,
        bias: bias?.data ?? new Float64Array(outChannels),
        groups,
        strides,
        dilations,
        padsBegin,
        padsEnd,
      },
      [x],
    ),
  ];
};
