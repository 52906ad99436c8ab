/** Flatten, Reshape, Squeeze and Unsqueeze: the same elements in the same order under another shape. */
import { sizeOf } from '../../tensor/shape.js';
import { identityView, reshapeView } from '../../tensor/views.js';
import type { Activation } from '../values.js';
import type { Lowering, NodeContext } from './context.js';
import { moveOne } from './moving.js';

function emitReshape(context: NodeContext, x: Activation, shape: number[]): Activation {
  if (sizeOf(context.bounded(shape)) !== sizeOf(x.shape))
    throw context.shapeError(`it cannot become [${shape.join(', ')}]`);
  return moveOne(context, x, reshapeView(identityView(x.shape), shape));
}

export const lowerFlatten: Lowering = (context) => {
  const x = context.activation(0);
  const given = context.int('axis', 1);
  const axis = given === x.shape.length ? given : context.axis(given, x.shape.length);
  return [emitReshape(context, x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))])];
};

/** 0 keeps the dimension (unless `allowzero`), one -1 takes what remains. */
export const lowerReshape: Lowering = (context) => {
  const x = context.activation(0);
  const wanted = context.integers(1) ?? [];
  const allowZero = context.flag('allowzero', false);
  const shape = wanted.map((dimension, axis) => {
    if (dimension !== 0 || allowZero) return dimension;
    if (axis >= x.shape.length) throw context.shapeError(`dimension ${axis} cannot be kept: the input has none`);
    return x.shape[axis];
  });
  const free = shape.indexOf(-1);
  if (free >= 0) {
    const rest = sizeOf(shape.filter((_, axis) => axis !== free));
    shape[free] = rest === 0 ? 0 : sizeOf(x.shape) / rest;
  }
  return [emitReshape(context, x, shape)];
};

/** Axes are an attribute before opset 13 and an input since. */
function readAxes(context: NodeContext): readonly number[] | undefined {
  return context.opset < 13 ? context.ints('axes') : context.integers(1);
}

export const lowerSqueeze: Lowering = (context) => {
  const x = context.activation(0);
  const given = readAxes(context);
  const axes =
    given === undefined
      ? x.shape.flatMap((size, axis) => (size === 1 ? [axis] : []))
      : context.axes(given, x.shape.length);
  if (axes.some((axis) => x.shape[axis] !== 1))
    throw context.shapeError(`axes [${axes.join(', ')}] are not all of size 1`);
  return [
    emitReshape(
      context,
      x,
      x.shape.filter((_, axis) => !axes.includes(axis)),
    ),
  ];
};

export const lowerUnsqueeze: Lowering = (context) => {
  const x = context.activation(0);
  const given = readAxes(context);
  if (given === undefined) throw context.shapeError('axes are missing');
  const shape = [...x.shape];
  for (const axis of context.axes(given, x.shape.length + given.length)) shape.splice(axis, 0, 1);
  return [emitReshape(context, x, shape)];
};
