/** Max and Min of several tensors: a clip against one number, else a maximum over the tensors stacked. */
import { leastOf, mostOf } from '../../tensor/extremes.js';
import { reductionGroups } from '../../tensor/groups.js';
import { sizeOf } from '../../tensor/shape.js';
import { concatViews, expandView, reshapeView } from '../../tensor/views.js';
import { emitAffine, requireNumeric } from './arithmetic.js';
import { commonShape, expandActivation } from './broadcast.js';
import { constant, type Lowering, type NodeContext } from './context.js';
import { moveMany } from './moving.js';
import { emitClip } from './rectifiers.js';

function lowerExtremum(context: NodeContext, sign: 1 | -1): ReturnType<Lowering> {
  const values = context.allInputs();
  requireNumeric(context, values);
  const shape = commonShape(context, values);
  const activations = values.filter((value) => value.kind === 'activation');
  const constants = values.filter((value) => value.kind === 'constant');
  if (activations.length === 1 && constants.every(({ data }) => data.length === 1)) {
    const bounds = constants.map(({ data }) => data[0]);
    const x = expandActivation(context, activations[0], shape, 'expand');
    return [
      sign > 0 ? emitClip(context, x, mostOf(bounds), Infinity) : emitClip(context, x, -Infinity, leastOf(bounds)),
    ];
  }
  context.bounded([values.length, ...shape]);
  const signed = values.map((value, i) => {
    if (sign > 0) return value;
    const fill = (number: number) => new Float64Array(sizeOf(value.shape)).fill(number);
    return value.kind === 'constant'
      ? constant(
          value.type,
          value.shape,
          value.data.map((element) => -element),
        )
      : emitAffine(context, value, value.shape, fill(-1), fill(0), `negate${i + 1}`);
  });
  const stacked = moveMany(
    context,
    signed,
    (views) =>
      concatViews(
        views.map((view) => reshapeView(expandView(view, shape), [1, ...shape])),
        0,
      ),
    { step: 'stack' },
  );
  const groups = reductionGroups(stacked.shape, [0]);
  if (sign > 0) return [context.emit({ op: 'max', shape, groups }, [stacked])];
  const largest = context.emit({ op: 'max', shape, groups }, [stacked], { step: 'max' });
  const size = sizeOf(shape);
  return [emitAffine(context, largest, shape, new Float64Array(size).fill(-1), new Float64Array(size))];
}

export const lowerMax: Lowering = (context) => lowerExtremum(context, 1);
export const lowerMin: Lowering = (context) => lowerExtremum(context, -1);
