/** SwiGLU: one half's swish times the other half. */
import { scalarFunction } from '../../network/functions/index.js';
import { isFloat } from '../model.js';
import { emitAffine, filled } from './arithmetic.js';
import { commonShape, expandActivation, expandConstant } from './broadcast.js';
import { constant, type Lowering } from './context.js';
import { emitFunction } from './functions.js';

export const lowerSwiGlu: Lowering = (context) => {
  const [a, b] = [context.input(0), context.input(1)];
  if (!isFloat(a.type)) throw context.unsupported(`it is defined on floats, and its input is of type ${a.type}`);
  const shape = commonShape(context, [a, b]);
  const swish = scalarFunction('Swish', { alpha: context.float('alpha', 1) });
  if (a.kind === 'constant') {
    if (b.kind === 'constant') throw context.unsupported('both of its halves are constants');
    const gate = constant(a.type, a.shape, a.data.map(swish.apply));
    return [
      emitAffine(
        context,
        expandActivation(context, b, shape, 'expand'),
        shape,
        expandConstant(gate, shape),
        filled(shape, 0),
      ),
    ];
  }
  const gate = expandActivation(context, emitFunction(context, a, swish, 'gate'), shape, 'expand');
  if (b.kind === 'constant') return [emitAffine(context, gate, shape, expandConstant(b, shape), filled(shape, 0))];
  return [context.emit({ op: 'multiply', shape }, [gate, expandActivation(context, b, shape, 'expand2')])];
};
