/** Piecewise-linear activations: Relu, LeakyRelu, PRelu, Abs, Clip, HardSigmoid and HardSwish. */
import { broadcastShapes, sizeOf } from '../../tensor/shape.js';
import type { Activation } from '../values.js';
import { emitAffine, requireNumeric } from './arithmetic.js';
import { expandConstant } from './broadcast.js';
import { emitStep } from './comparison.js';
import type { Lowering, NodeContext } from './context.js';

function numeric(context: NodeContext): Activation {
  const x = context.activation(0);
  requireNumeric(context, [x]);
  return x;
}

/** PReLU with one slope for all elements. */
function sloped(slope: (context: NodeContext) => number): Lowering {
  return (context) => {
    const x = numeric(context);
    return [context.emit({ op: 'prelu', shape: x.shape, slope: Float64Array.of(slope(context)) }, [x])];
  };
}

export const lowerRelu = sloped(() => 0);
export const lowerLeakyRelu = sloped((context) => context.float('alpha', 0.01));
export const lowerAbs = sloped(() => -1);

/**
 * x above alpha, else 0: The function jumps at alpha, so x is multiplied by the comparison; a rectified x - alpha would
 * not jump.
 */
export const lowerThresholdedRelu: Lowering = (context) => {
  const x = numeric(context);
  const above = emitStep(context, x, Float64Array.of(context.float('alpha', 1)), true, 'above');
  return [context.emit({ op: 'multiply', shape: x.shape }, [x, above])];
};

/** The slope is broadcast to x, in that direction only. */
export const lowerPRelu: Lowering = (context) => {
  const x = numeric(context);
  const slope = context.constant(1);
  if (broadcastShapes(x.shape, slope.shape)?.join() !== x.shape.join())
    throw context.shapeError('the slope does not broadcast to x');
  const shared = slope.data.every((value) => value === slope.data[0]);
  return [
    context.emit(
      { op: 'prelu', shape: x.shape, slope: shared ? slope.data.slice(0, 1) : expandConstant(slope, x.shape) },
      [x],
    ),
  ];
};

/** Bounds are attributes before opset 11 and optional scalar inputs since. */
export const lowerClip: Lowering = (context) => {
  const x = numeric(context);
  const bounds = [-Infinity, Infinity].map((unbounded, i) => {
    if (context.opset < 11) return context.float(i === 0 ? 'min' : 'max', unbounded);
    const bound = context.optionalConstant(i + 1);
    if (bound !== undefined && bound.data.length !== 1) throw context.shapeError('bounds must be scalars');
    return bound === undefined ? unbounded : bound.data[0];
  });
  return [emitClip(context, x, bounds[0], bounds[1])];
};

/** min(max(x, low), high); a lower bound of 0 alone is a ReLU, and low > high gives high everywhere. */
export function emitClip(context: NodeContext, x: Activation, low: number, high: number): Activation {
  if (Number.isNaN(low) || Number.isNaN(high)) throw context.unsupported('a bound is NaN');
  if (low === 0 && high >= FLOAT32_MAX)
    return context.emit({ op: 'prelu', shape: x.shape, slope: Float64Array.of(0) }, [x]);
  const min = low <= -FLOAT32_MAX ? -Infinity : low;
  const max = high >= FLOAT32_MAX ? Infinity : high;
  if (min >= max)
    return emitAffine(
      context,
      x,
      x.shape,
      new Float64Array(sizeOf(x.shape)),
      new Float64Array(sizeOf(x.shape)).fill(max),
    );
  return context.emit({ op: 'clip', shape: x.shape, min, max }, [x]);
}

/** Exporters write a missing bound as the largest float. */
const FLOAT32_MAX = 3.4028234663852886e38;

function emitLine(context: NodeContext, x: Activation, scale: number, shift: number): Activation {
  const size = sizeOf(x.shape);
  return emitAffine(
    context,
    x,
    x.shape,
    new Float64Array(size).fill(scale),
    new Float64Array(size).fill(shift),
    'line',
  );
}

/** max(0, min(1, alpha * x + beta)) */
export const lowerHardSigmoid: Lowering = (context) => {
  const line = emitLine(context, numeric(context), context.float('alpha', 0.2), context.float('beta', 0.5));
  return [context.emit({ op: 'clip', shape: line.shape, min: 0, max: 1 }, [line])];
};

/** x * max(0, min(1, x / 6 + 1 / 2)) */
export const lowerHardSwish: Lowering = (context) => {
  const x = numeric(context);
  const gate = context.emit({ op: 'clip', shape: x.shape, min: 0, max: 1 }, [emitLine(context, x, 1 / 6, 0.5)], {
    step: 'gate',
  });
  return [context.emit({ op: 'multiply', shape: x.shape }, [x, gate])];
};
