/** Expand and Tile: repetition along dimensions. */
import { broadcastShapes } from '../../tensor/shape.js';
import { expandView, identityView, selectView } from '../../tensor/views.js';
import type { Lowering } from './context.js';
import { moveOne } from './moving.js';

/** Broadcasting goes both ways: a 1 in the wanted shape keeps the dimension. */
export const lowerExpand: Lowering = (context) => {
  const x = context.activation(0);
  const wanted = context.integers(1) ?? [];
  const shape = broadcastShapes(x.shape, wanted);
  if (shape === undefined) throw context.shapeError(`it cannot be expanded to [${wanted.join(', ')}]`);
  return [moveOne(context, x, expandView(identityView(x.shape), context.bounded(shape)))];
};

export const lowerTile: Lowering = (context) => {
  const x = context.activation(0);
  const repeats = context.integers(1) ?? [];
  if (repeats.length !== x.shape.length) throw context.shapeError('there must be one repeat per dimension');
  const shape = context.bounded(x.shape.map((size, axis) => size * repeats[axis]));
  const positions = shape.map((length, axis) => Int32Array.from({ length }, (_, i) => i % x.shape[axis]));
  return [moveOne(context, x, selectView(identityView(x.shape), positions))];
};
