/**
 * Layer, instance, group, RMS and batch normalization, MeanVarianceNormalization, LpNormalization and LRN: each group
 * of elements less its mean, over its standard deviation or another norm, then a scale and a shift. A norm's reciprocal
 * is one table a group; means are free, squares and quotients one product an element each.
 *
 * The trap: a table's argument is coarse, so every table adds an error. This one holds the reciprocal of the root,
 * instead of a table of roots and another of reciprocals.
 */
import { boundByPoints, scalarFunction, type ScalarFunction } from '../../network/functions/index.js';
import { groupOfElement, reductionGroups, type Groups } from '../../tensor/groups.js';
import { broadcastShapes, sizeOf, type Shape } from '../../tensor/shape.js';
import { isFloat } from '../model.js';
import type { Activation, Value } from '../values.js';
import { emitAffine, filled } from './arithmetic.js';
import { expandConstant } from './broadcast.js';
import { constant, type Lowering, type NodeContext } from './context.js';
import { emitFunction } from './functions.js';

/** Sums over groups of a tensor, and what is said of a group spread over its elements again. */
class Reduction {
  private readonly groups: Groups;
  private readonly index: Int32Array;
  /** One value a group. */
  private readonly reduced: Shape;
  readonly count: number;

  constructor(
    private readonly context: NodeContext,
    private readonly x: Activation,
    axes: readonly number[],
  ) {
    if (!isFloat(x.type))
      throw context.unsupported(`it is defined on floats, and its input is of type ${x.type}; cast it before`);
    this.groups = reductionGroups(x.shape, axes);
    this.count = axes.reduce((product, axis) => product * x.shape[axis], 1);
    if (this.count === 0 || sizeOf(x.shape) === 0) throw context.shapeError('there is nothing to normalize');
    this.reduced = [this.groups.offsets.length - 1];
    this.index = groupOfElement(this.groups, sizeOf(x.shape));
  }

  /** Sums over `divisor`. */
  sum(of: Activation, divisor: number, step: string): Activation {
    return this.context.emit(
      { op: 'mean', shape: this.reduced, groups: this.groups, divisors: filled(this.reduced, divisor) },
      [of],
      { step },
    );
  }

  largest(of: Activation, step: string): Activation {
    return this.context.emit({ op: 'max', shape: this.reduced, groups: this.groups }, [of], { step });
  }

  spread(of: Activation, step: string): Activation {
    return this.context.emit(
      { op: 'move', shape: this.x.shape, index: this.index, constants: new Float64Array() },
      [of],
      { step },
    );
  }

  squares(of: Activation): Activation {
    return this.context.emit({ op: 'multiply', shape: this.x.shape }, [of, of], { step: 'squares' });
  }

  /** Each element of `of` times its group's factor. */
  times(of: Activation, factor: Activation, step: string): Activation {
    return this.context.emit({ op: 'multiply', shape: this.x.shape }, [of, this.spread(factor, 'factors')], { step });
  }

  /** (1 / sqrt(value + epsilon)) of each group's value. */
  reciprocalRoot(of: Activation, epsilon: number): Activation {
    const shifted = emitAffine(
      this.context,
      of,
      this.reduced,
      filled(this.reduced, 1),
      filled(this.reduced, epsilon),
      'epsilon',
    );
    return emitFunction(this.context, shifted, scalarFunction('Pow', { exponent: -0.5 }), 'deviation');
  }
}

interface Normalized {
  readonly normalized: Activation;
  /** One value a group. */
  readonly mean: Activation;
  readonly variance: Activation;
  readonly reciprocal: Activation;
}

/** (x - mean) / sqrt(variance + epsilon), over each group of the axes. */
function normalize(context: NodeContext, x: Activation, axes: readonly number[], epsilon: number): Normalized {
  const reduction = new Reduction(context, x, axes);
  const mean = reduction.sum(x, reduction.count, 'mean');
  const centred = context.emit(
    { op: 'sum', shape: x.shape, coefficients: [1, -1] },
    [x, reduction.spread(mean, 'means')],
    { step: 'centred' },
  );
  const variance = reduction.sum(reduction.squares(centred), reduction.count, 'variance');
  const reciprocal = reduction.reciprocalRoot(variance, epsilon);
  return { normalized: reduction.times(centred, reciprocal, 'normalized'), mean, variance, reciprocal };
}

/**
 * A group whose norm is zero is multiplied with one and stays what it is, as onnxruntime has it, instead of meeting the
 * pole.
 */
function oneAtZero(name: string, f: (x: number) => number): ScalarFunction {
  const apply = (x: number): number => (x === 0 ? 1 : f(x));
  return { formula: `${name}, 1 at 0`, apply, monotone: false, whole: false, bound: boundByPoints(apply) };
}

/**
 * Each group of the axes over its norm: the sum of magnitudes, the root of the sum of squares, or its largest element.
 */
export function emitNormalized(
  context: NodeContext,
  x: Activation,
  axes: readonly number[],
  norm: 'L1' | 'L2' | 'MAX',
): Activation {
  const floats: Activation = isFloat(x.type) ? x : { ...x, type: 'float' };
  const reduction = new Reduction(context, floats, axes);
  const reciprocal = (of: Activation): Activation =>
    emitFunction(
      context,
      of,
      oneAtZero('Reciprocal', (x) => 1 / x),
      'reciprocal',
    );
  switch (norm) {
    case 'L1': {
      const magnitudes = context.emit({ op: 'prelu', shape: x.shape, slope: Float64Array.of(-1) }, [floats], {
        step: 'magnitudes',
      });
      return reduction.times(floats, reciprocal(reduction.sum(magnitudes, 1, 'norm')), 'normalized');
    }
    case 'L2': {
      const squares = reduction.sum(reduction.squares(floats), 1, 'norm');
      return reduction.times(
        floats,
        emitFunction(
          context,
          squares,
          oneAtZero('Rsqrt', (x) => 1 / Math.sqrt(x)),
          'reciprocal',
        ),
        'normalized',
      );
    }
    case 'MAX':
      return reduction.times(floats, reciprocal(reduction.largest(floats, 'norm')), 'normalized');
  }
}

/** x * scale + shift, constants that are broadcast to x. */
function scaleAndShift(context: NodeContext, x: Activation, scale: Value, shift?: Value): Activation {
  const [factors, offsets] = [scale, shift ?? constant(x.type, [], Float64Array.of(0))].map((value) => {
    if (broadcastShapes(x.shape, value.shape)?.join() !== x.shape.join())
      throw context.shapeError('scale or shift do not broadcast to x');
    if (value.kind === 'activation')
      throw context.unsupported("its scale or shift is computed from the network's inputs; they must be constants");
    return expandConstant(value, x.shape);
  });
  return emitAffine(context, x, x.shape, factors, offsets);
}

/** Constants with one entry a channel of [N, C, ...], in the shape in which they broadcast. */
function perChannel(context: NodeContext, position: number, channels: number, rank: number): Value {
  const value = context.constant(position);
  if (value.data.length !== channels)
    throw context.shapeError(
      `input ${context.node.inputs[position]} should have one entry for each of ${channels} channels`,
    );
  return { ...value, shape: [channels, ...new Array<number>(rank - 2).fill(1)] };
}

/** The last dimensions, from attribute `axis` on. */
function lastAxes(context: NodeContext, { shape }: Activation): number[] {
  const first = context.axis(context.int('axis', -1), shape.length);
  return Array.from({ length: shape.length - first }, (_, k) => first + k);
}

/** Over all dimensions from `axis` on; also the mean of each group and the reciprocal of its deviation. */
export const lowerLayerNormalization: Lowering = (context) => {
  const x = context.activation(0);
  const axes = lastAxes(context, x);
  // The precision in which onnxruntime computes the mean.
  context.ignore('stash_type');
  const { normalized, mean, reciprocal } = normalize(context, x, axes, context.float('epsilon', 1e-5));
  const shape = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  return [
    scaleAndShift(context, normalized, context.input(1), context.inputs[2]),
    { ...mean, shape },
    { ...reciprocal, shape },
  ];
};

/** Over all dimensions from `axis` on; the mean is taken for zero. */
export const lowerRmsNormalization: Lowering = (context) => {
  const x = context.activation(0);
  context.ignore('stash_type');
  const reduction = new Reduction(context, x, lastAxes(context, x));
  const reciprocal = reduction.reciprocalRoot(
    reduction.sum(reduction.squares(x), reduction.count, 'mean'),
    context.float('epsilon', 1e-5),
  );
  return [scaleAndShift(context, reduction.times(x, reciprocal, 'normalized'), context.input(1))];
};

/** Over the spatial dimensions of each channel of [N, C, ...]; scale and shift have one entry a channel. */
export const lowerInstanceNormalization: Lowering = (context) => {
  const x = context.activation(0);
  const rank = x.shape.length;
  if (rank < 3) throw context.shapeError('x must be [N, channels, spatial dimensions...]');
  const [scale, shift] = [1, 2].map((position) => perChannel(context, position, x.shape[1], rank));
  const { normalized } = normalize(context, x, x.shape.map((_, axis) => axis).slice(2), context.float('epsilon', 1e-5));
  return [scaleAndShift(context, normalized, scale, shift)];
};

/** Over groups of channels of [N, C, ...]; scale and shift have one entry a channel, before opset 21 one a group. */
export const lowerGroupNormalization: Lowering = (context) => {
  const x = context.activation(0);
  context.ignore('stash_type');
  const groups = context.int('num_groups', 0);
  const [batch, channels] = x.shape;
  const rank = x.shape.length;
  if (rank < 3 || groups < 1 || channels % groups !== 0)
    throw context.shapeError(`${channels} channels are not ${groups} equal groups`);
  const split = { ...x, shape: [batch, groups, sizeOf(x.shape.slice(1)) / groups] };
  const { normalized } = normalize(context, split, [2], context.float('epsilon', 1e-5));
  const parameters = [1, 2].map((position): Value => {
    if (context.opset >= 21) return perChannel(context, position, channels, rank);
    const value = context.constant(position);
    if (value.data.length !== groups)
      throw context.shapeError(
        `input ${context.node.inputs[position]} should have one entry for each of ${groups} groups`,
      );
    const data = Float64Array.from(
      { length: channels },
      (_, channel) => value.data[Math.floor(channel / (channels / groups))],
    );
    return { ...value, data, shape: [channels, ...new Array<number>(rank - 2).fill(1)] };
  });
  return [scaleAndShift(context, { ...normalized, shape: x.shape }, parameters[0], parameters[1])];
};

/** The deviation of a constant group is this in the function body of MeanVarianceNormalization. */
const LEAST_DEVIATION = 1e-9;

/** Over `axes`, all but the channels of an image unless given; neither scale nor shift. */
export const lowerMeanVarianceNormalization: Lowering = (context) => {
  const x = context.activation(0);
  const axes = context.axes(context.ints('axes') ?? [0, 2, 3], x.shape.length);
  return [normalize(context, x, axes, LEAST_DEVIATION ** 2).normalized];
};

/**
 * Batch normalization in training form, over all dimensions but the channels, with the running mean and variance after
 * this batch.
 */
export function lowerBatchTraining(context: NodeContext): ReturnType<Lowering> {
  const x = context.activation(0);
  const rank = x.shape.length;
  const channels = x.shape[1];
  const [scale, shift] = [1, 2].map((position) => perChannel(context, position, channels, rank));
  const momentum = context.float('momentum', 0.9);
  const { normalized, mean, variance } = normalize(
    context,
    x,
    x.shape.map((_, axis) => axis).filter((axis) => axis !== 1),
    context.float('epsilon', 1e-5),
  );
  const running = [mean, variance].map((value, i) => {
    const before = context.constant(3 + i);
    if (before.data.length !== channels)
      throw context.shapeError(
        `input ${context.node.inputs[3 + i]} should have one entry for each of ${channels} channels`,
      );
    return emitAffine(
      context,
      value,
      [channels],
      filled([channels], 1 - momentum),
      before.data.map((old) => momentum * old),
      i === 0 ? 'running/mean' : 'running/variance',
    );
  });
  return [scaleAndShift(context, normalized, scale, shift), ...running];
}

/** Along one axis, over the sum of magnitudes or the root of the sum of squares. */
export const lowerLpNormalization: Lowering = (context) => {
  const x = context.activation(0);
  const p = context.int('p', 2);
  if (p !== 1 && p !== 2) throw context.unsupportedAttribute('p', p, '1 and 2 are');
  return [emitNormalized(context, x, [context.axis(context.int('axis', -1), x.shape.length)], p === 1 ? 'L1' : 'L2')];
};

/** Each element over (bias + alpha / size * sum of the squares of `size` channels around it) ^ beta. */
export const lowerLrn: Lowering = (context) => {
  const x = context.activation(0);
  if (!isFloat(x.type))
    throw context.unsupported(`it is defined on floats, and its input is of type ${x.type}; cast it before`);
  const size = context.int('size', 0);
  const [alpha, beta, bias] = [context.float('alpha', 1e-4), context.float('beta', 0.75), context.float('bias', 1)];
  if (x.shape.length < 3) throw context.shapeError('x must be [N, channels, spatial dimensions...]');
  if (size < 1) throw context.unsupportedAttribute('size', size, '1 or more is');
  const channels = x.shape[1];
  const area = sizeOf(x.shape.slice(2));
  const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
  const total = sizeOf(x.shape);
  context.bounded([total * Math.min(size, channels)]);
  const offsets = new Uint32Array(total + 1);
  const indices: number[] = [];
  for (let i = 0; i < total; i += 1) {
    const channel = Math.floor(i / area) % channels;
    for (let c = Math.max(0, channel - before); c <= Math.min(channels - 1, channel + after); c += 1)
      indices.push(i + (c - channel) * area);
    offsets[i + 1] = indices.length;
  }
  const squares = context.emit({ op: 'multiply', shape: x.shape }, [x, x], { step: 'squares' });
  const groups = { offsets, indices: Uint32Array.from(indices) };
  const sums = context.emit({ op: 'mean', shape: x.shape, groups, divisors: filled(x.shape, 1) }, [squares], {
    step: 'sums',
  });
  const shifted = emitAffine(context, sums, x.shape, filled(x.shape, alpha / size), filled(x.shape, bias), 'bias');
  const factors = emitFunction(context, shifted, scalarFunction('Pow', { exponent: -beta }), 'factors');
  return [context.emit({ op: 'multiply', shape: x.shape }, [x, factors])];
};
