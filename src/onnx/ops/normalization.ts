/**
 * LayerNormalization and InstanceNormalization: each group of elements less its mean, over its standard deviation, then a scale and a shift.
 * The deviation's reciprocal is one table a group; means are free, squares and quotients one product an element each.
 */
import { scalarFunction } from '../../network/functions/index.js';
import { groupOfElement, reductionGroups } from '../../tensor/groups.js';
import { broadcastShapes, sizeOf } from '../../tensor/shape.js';
import { isFloat } from '../model.js';
import type { Activation } from '../values.js';
import { emitAffine } from './arithmetic.js';
import { expandConstant } from './broadcast.js';
import { constant, type Lowering, type NodeContext } from './context.js';
import { emitFunction } from './functions.js';

/** (x - mean) / sqrt(variance + epsilon), over each group of the axes. */
function normalize(context: NodeContext, x: Activation, axes: readonly number[], epsilon: number): Activation {
  if (!isFloat(x.type)) throw context.unsupported(`it is defined on floats, and its input is of type ${x.type}`);
  const groups = reductionGroups(x.shape, axes);
  const count = axes.reduce((product, axis) => product * x.shape[axis], 1);
  if (count === 0 || sizeOf(x.shape) === 0) throw context.shapeError('there is nothing to normalize');
  const reduced = [groups.offsets.length - 1];
  const filled = (value: number): Float64Array => new Float64Array(reduced[0]).fill(value);
  const mean = (of: Activation, step: string): Activation => context.emit({ op: 'mean', shape: reduced, groups, divisors: filled(count) }, [of], { step });
  const index = groupOfElement(groups, sizeOf(x.shape));
  const spread = (of: Activation, step: string): Activation => context.emit({ op: 'move', shape: x.shape, index, constants: new Float64Array() }, [of], { step });

  const centred = context.emit({ op: 'sum', shape: x.shape, coefficients: [1, -1] }, [x, spread(mean(x, 'mean'), 'means')], { step: 'centred' });
  const squares = context.emit({ op: 'multiply', shape: x.shape }, [centred, centred], { step: 'squares' });
  const variance = emitAffine(context, mean(squares, 'variance'), reduced, filled(1), filled(epsilon), 'epsilon');
  const reciprocal = emitFunction(context, variance, scalarFunction('Pow', { exponent: -0.5 }), 'deviation');
  return context.emit({ op: 'multiply', shape: x.shape }, [centred, spread(reciprocal, 'deviations')], { step: 'normalized' });
}

/** Over all dimensions from `axis` on; the scale and the shift are broadcast to x. */
export const lowerLayerNormalization: Lowering = (context) => {
  const x = context.activation(0);
  const rank = x.shape.length;
  const first = context.axis(context.int('axis', -1), rank);
  // The precision in which onnxruntime computes the mean.
  context.ignore('stash_type');
  const axes = Array.from({ length: rank - first }, (_, k) => first + k);
  const normalized = normalize(context, x, axes, context.float('epsilon', 1e-5));
  const [scale, shift] = [context.constant(1), context.optionalConstant(2) ?? constant(x.type, [], Float64Array.of(0))];
  for (const { shape } of [scale, shift]) {
    if (broadcastShapes(x.shape, shape)?.join() !== x.shape.join()) throw context.shapeError('scale or shift do not broadcast to x');
  }
  return [emitAffine(context, normalized, x.shape, expandConstant(scale, x.shape), expandConstant(shift, x.shape))];
};

/** Over the spatial dimensions of each channel of [N, C, ...]; scale and shift have one entry a channel. */
export const lowerInstanceNormalization: Lowering = (context) => {
  const x = context.activation(0);
  const [scale, shift] = [context.constant(1), context.constant(2)];
  const channels = x.shape[1];
  if (x.shape.length < 3 || scale.data.length !== channels || shift.data.length !== channels) {
    throw context.shapeError('x is [N, C, ...spatial], and scale and shift have one entry a channel');
  }
  const normalized = normalize(context, x, x.shape.map((_, axis) => axis).slice(2), context.float('epsilon', 1e-5));
  const area = sizeOf(x.shape.slice(2));
  const each = (values: Float64Array): Float64Array => Float64Array.from({ length: sizeOf(x.shape) }, (_, i) => values[Math.floor(i / area) % channels]);
  return [emitAffine(context, normalized, x.shape, each(scale.data), each(shift.data))];
};
