/**
 * NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss with constant targets and weights: the scores [N, C, ...] of
 * the targets, weighed and summed. The softmax's logarithm is x - max - log(sum exp(x - max)), whose exponentials lie
 * in [0, 1].
 */
import { scalarFunction } from '../../network/functions/index.js';
import { groupOfElement, reductionGroups } from '../../tensor/groups.js';
import { sizeOf } from '../../tensor/shape.js';
import { isFloat } from '../model.js';
import type { Activation } from '../values.js';
import { filled } from './arithmetic.js';
import type { Lowering, NodeContext } from './context.js';
import { emitFunction } from './functions.js';
import { Taps } from './taps.js';

function emitLoss(context: NodeContext, scores: Activation): Activation {
  const [batch, classes, ...rest] = scores.shape;
  if (!isFloat(scores.type))
    throw context.unsupported(`it is defined on floats, and its input is of type ${scores.type}; cast it before`);
  const targets = context.integers(1) ?? [];
  const weight = context.optionalConstant(2)?.data;
  const reduction = context.string('reduction', 'mean');
  if (reduction !== 'none' && reduction !== 'mean' && reduction !== 'sum')
    throw context.unsupportedAttribute('reduction', reduction, 'none, mean and sum are');
  const ignored = context.int('ignore_index');
  const area = sizeOf(rest);
  if (scores.shape.length < 2 || targets.length !== batch * area)
    throw context.shapeError('the scores should be [N, classes, ...], with a target for each of [N, ...]');
  if (weight !== undefined && weight.length !== classes)
    throw context.shapeError(`there should be a weight for each of ${classes} classes`);
  const weights = targets.map((target) => {
    if (target === ignored) return 0;
    if (target < 0 || target >= classes) throw context.shapeError(`target ${target} is none of ${classes} classes`);
    return weight?.[target] ?? 1;
  });
  const total = weights.reduce((sum, value) => sum + value, 0);
  if (reduction === 'mean' && total === 0)
    throw context.unsupported('its mean is taken over targets whose weights sum to zero');
  const sums = new Taps();
  targets.forEach((target, i) => {
    const [n, place] = [Math.floor(i / area), i % area];
    if (weights[i] !== 0)
      sums.add((n * classes + target) * area + place, -weights[i] / (reduction === 'mean' ? total : 1));
    if (reduction === 'none') sums.end();
  });
  if (reduction !== 'none') sums.end();
  return sums.emit(context, scores, reduction === 'none' ? [batch, ...rest] : []);
}

export const lowerNegativeLogLikelihoodLoss: Lowering = (context) => [emitLoss(context, context.activation(0))];

/** Outputs: the loss, and the logarithms of the probabilities. */
export const lowerSoftmaxCrossEntropyLoss: Lowering = (context) => {
  const x = context.activation(0);
  if (x.shape.length < 2) throw context.shapeError('the scores should be [N, classes, ...]');
  const groups = reductionGroups(x.shape, [1]);
  const index = groupOfElement(groups, sizeOf(x.shape));
  const reduced = [groups.offsets.length - 1];
  const spread = (of: Activation, step: string) =>
    context.emit({ op: 'move', shape: x.shape, index, constants: new Float64Array() }, [of], { output: 1, step });
  const less = (a: Activation, b: Activation, step?: string) =>
    context.emit({ op: 'sum', shape: x.shape, coefficients: [1, -1] }, [a, b], { output: 1, step });
  const largest = context.emit({ op: 'max', shape: reduced, groups }, [x], { output: 1, step: 'max' });
  const below = less(x, spread(largest, 'largest'), 'below');
  const exponentials = emitFunction(context, below, scalarFunction('Exp', {}), 'exp');
  const sum = context.emit({ op: 'mean', shape: reduced, groups, divisors: filled(reduced, 1) }, [exponentials], {
    output: 1,
    step: 'sum',
  });
  const logarithms = less(below, spread(emitFunction(context, sum, scalarFunction('Log', {}), 'log'), 'logs'));
  return [emitLoss(context, logarithms), logarithms];
};
