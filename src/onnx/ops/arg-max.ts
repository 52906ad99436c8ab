/**
 * ArgMax and ArgMin along one dimension. A softmax just before, over the same dimension, keeps the order of its scores
 * and is left out; one over others is computed.
 */
import { reductionGroups } from '../../tensor/groups.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Activation } from '../values.js';
import { emitAffine, requireNumeric } from './arithmetic.js';
import type { Lowering, NodeContext } from './context.js';

function emitArgMax(context: NodeContext, given: Activation): Activation {
  const axis = context.axis(context.int('axis', 0), given.shape.length);
  const x = given.omitted?.axes.join() === String(axis) ? given : context.settled(given);
  const keep = context.flag('keepdims', true);
  const selectLast = context.opset >= 12 && context.flag('select_last_index', false);
  if (x.shape[axis] === 0) throw context.shapeError(`dimension ${axis} is empty`);
  if (x.omitted !== undefined) {
    context.note(
      `${x.omitted.op} ${x.omitted.node} is left out: ${context.node.op} ${context.node.name} finds the same position without it.`,
    );
  }
  const shape = x.shape.flatMap((size, i) => (i !== axis ? [size] : keep ? [1] : []));
  return context.emit({ op: 'argMax', shape, groups: reductionGroups(x.shape, [axis]), selectLast }, [x], {
    type: 'int64',
  });
}

export const lowerArgMax: Lowering = (context) => {
  const x = context.activation(0);
  requireNumeric(context, [x]);
  return [emitArgMax(context, x)];
};

export const lowerArgMin: Lowering = (context) => {
  const x = context.activation(0);
  requireNumeric(context, [x]);
  const size = sizeOf(x.shape);
  const negated = emitAffine(context, x, x.shape, new Float64Array(size).fill(-1), new Float64Array(size), 'negate');
  return [emitArgMax(context, negated)];
};
