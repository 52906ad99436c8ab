/** Gather and GatherElements with constant indices. */
import { sizeOf, stridesOf } from '../../tensor/shape.js';
import { identityView, reshapeView, selectAlong } from '../../tensor/views.js';
import type { Lowering, NodeContext } from './context.js';
import { moveOne } from './moving.js';

function checkedIndices(context: NodeContext, size: number): number[] {
  return (context.integers(1) ?? []).map((index) => {
    if (index < -size || index >= size) throw context.shapeError(`index ${index} is outside a dimension of size ${size}`);
    return index < 0 ? index + size : index;
  });
}

/** The indexed dimension is replaced by the dimensions of the indices. */
export const lowerGather: Lowering = (context) => {
  const x = context.activation(0);
  const indices = context.constant(1);
  const axis = context.axis(context.int('axis', 0), x.shape.length);
  const shape = context.bounded([...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]);
  const along = Int32Array.from(checkedIndices(context, x.shape[axis]));
  return [moveOne(context, x, reshapeView(selectAlong(identityView(x.shape), new Map([[axis, along]])), shape))];
};

/** Each index replaces one coordinate of its own position. */
export const lowerGatherElements: Lowering = (context) => {
  const x = context.activation(0);
  const indices = context.constant(1);
  const axis = context.axis(context.int('axis', 0), x.shape.length);
  const { shape } = indices;
  if (shape.length !== x.shape.length || shape.some((size, i) => i !== axis && size > x.shape[i])) {
    throw context.shapeError('the indices do not fit the data');
  }
  const strides = stridesOf(x.shape);
  const steps = stridesOf(shape);
  const along = checkedIndices(context, x.shape[axis]);
  const index = Int32Array.from({ length: sizeOf(shape) }, (_, i) =>
    shape.reduce((at, size, dimension) => {
      const coordinate = dimension === axis ? along[i] : Math.floor(i / steps[dimension]) % size;
      return at + coordinate * strides[dimension];
    }, 0),
  );
  return [moveOne(context, x, { shape, index })];
};
