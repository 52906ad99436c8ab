/**
 * Where and Trilu: each element is taken from one side, or replaced by zero. With a constant mask nothing is computed.
 */
import { expandView, identityView } from '../../tensor/views.js';
import { commonShape, expandConstant } from './broadcast.js';
import { emitChoice } from './comparison.js';
import type { Lowering } from './context.js';
import { moveMany, moveOne } from './moving.js';

export const lowerWhere: Lowering = (context) => {
  const condition = context.input(0);
  const x = context.input(1);
  const y = context.input(2);
  if (condition.kind === 'activation') {
    // Between 0 and 1 it would mix both sides.
    if (condition.type !== 'bool')
      throw context.shapeError(`its condition is of type ${condition.type} and should be boolean`);
    return [emitChoice(context, condition, x, y)];
  }
  const shape = commonShape(context, [condition, x, y]);
  const mask = expandConstant(condition, shape);
  return [
    moveMany(context, [x, y], ([fromX, fromY]) => {
      const a = expandView(fromX, shape).index;
      const b = expandView(fromY, shape).index;
      return { shape, index: Int32Array.from(mask, (chosen, i) => (chosen !== 0 ? a[i] : b[i])) };
    }),
  ];
};

/** Keeps the upper or lower triangle of the last two dimensions, `k` diagonals off the main one. */
export const lowerTrilu: Lowering = (context) => {
  const x = context.activation(0);
  const upper = context.flag('upper', true);
  const k = context.integers(1)?.[0] ?? 0;
  if (x.shape.length < 2) throw context.shapeError('it must have two dimensions or more');
  const [rows, columns] = x.shape.slice(-2);
  const index = identityView(x.shape).index.map((position) => {
    const distance = (position % columns) - (Math.floor(position / columns) % rows) - k;
    return (upper ? distance >= 0 : distance <= 0) ? position : -1;
  });
  return [moveOne(context, x, { shape: x.shape, index }, {}, 0)];
};
