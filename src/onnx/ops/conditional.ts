/**
 * If: by a constant condition one branch is taken; by a computed one both are, and each element is chosen between them.
 */
import { showShape, sizeOf } from '../../tensor/shape.js';
import { emitChoice } from './comparison.js';
import type { Lowering } from './context.js';

export const lowerIf: Lowering = (context) => {
  const condition = context.input(0);
  if (condition.kind === 'constant') {
    if (condition.data.length !== 1) throw context.shapeError('the condition must be one boolean');
    const [taken, left] = condition.data[0] !== 0 ? ['then_branch', 'else_branch'] : ['else_branch', 'then_branch'];
    context.ignore(left);
    return context.subgraph(taken);
  }
  // Between 0 and 1 it would mix the branches; of several elements only the first would be looked at.
  if (sizeOf(condition.shape) !== 1 || condition.type !== 'bool')
    throw context.shapeError('the condition must be one boolean');
  const [yes, no] = [context.subgraph('then_branch'), context.subgraph('else_branch')];
  return context.node.outputs.map((name, i) => {
    const [x, y] = [yes[i], no[i]];
    if (x === undefined || y === undefined) throw context.shapeError(`its branches do not both make ${name}`);
    if (x.shape.join() !== y.shape.join()) {
      throw context.unsupported(
        `its condition is computed and its branches make ${name} of shapes ${showShape(x.shape)} and ${showShape(y.shape)}`,
      );
    }
    if (x.type === 'string') throw context.unsupported('its condition is computed and its branches make strings');
    return emitChoice(context, { ...condition, shape: [] }, context.settled(x), context.settled(y));
  });
};
