/** Concat of activations and constants along one dimension. */
import { concatViews } from '../../tensor/views.js';
import type { Lowering } from './context.js';
import { moveMany } from './moving.js';

export const lowerConcat: Lowering = (context) => {
  const values = context.allInputs();
  const { shape } = values[0];
  const given = context.int('axis');
  if (given === undefined) throw context.shapeError('attribute axis is missing');
  const axis = context.axis(given, shape.length);
  if (
    values.some(
      (value) => value.shape.length !== shape.length || value.shape.some((size, i) => i !== axis && size !== shape[i]),
    )
  ) {
    throw context.shapeError(`dimensions other than ${axis} must be equal`);
  }
  context.bounded(shape.map((size, i) => (i === axis ? values.reduce((sum, value) => sum + value.shape[i], 0) : size)));
  return [moveMany(context, values, (views) => concatViews(views, axis))];
};
