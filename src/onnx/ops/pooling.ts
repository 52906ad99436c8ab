/**
 * MaxPool, AveragePool and the global pools. Padding never takes part in a maximum; in an average it counts only with
 * `count_include_pad`, and positions that `ceil_mode` adds beyond the padding never count.
 */
import { reductionGroups, windowGroups, windowWork, type WindowGeometry } from '../../tensor/groups.js';
import { sizeOf } from '../../tensor/shape.js';
import { isFloat } from '../model.js';
import type { Activation } from '../values.js';
import { requireNumeric } from './arithmetic.js';
import type { Lowering, NodeContext } from './context.js';
import { resolveWindow, type Window } from './window.js';

interface Pool {
  readonly x: Activation;
  readonly shape: number[];
  readonly window: Window;
  readonly geometry: WindowGeometry;
}

function resolvePool(context: NodeContext): Pool {
  const x = context.activation(0);
  requireNumeric(context, [x]);
  if (x.shape.length < 3) throw context.shapeError('x must be [N, channels, spatial dimensions...]');
  const kernel = context.ints('kernel_shape');
  if (kernel === undefined) throw context.shapeError('attribute kernel_shape is missing');
  const window = resolveWindow(context, x.shape.slice(2), kernel);
  const shape = context.bounded([x.shape[0], x.shape[1], ...window.outSpatial]);
  const geometry = { inputShape: x.shape, ...window };
  context.bounded([windowWork(geometry)]);
  return { x, shape, window, geometry };
}

export const lowerMaxPool: Lowering = (context) => {
  context.ignore('storage_order'); // orders only the second output, which is refused where it is read
  const { x, shape, geometry } = resolvePool(context);
  const groups = windowGroups(geometry);
  for (let i = 1; i < groups.offsets.length; i++) {
    if (groups.offsets[i] === groups.offsets[i - 1]) throw context.shapeError('a window lies wholly in the padding');
  }
  return [context.emit({ op: 'max', shape, groups }, [x])];
};

export const lowerAveragePool: Lowering = (context) => {
  const includePad = context.flag('count_include_pad', false);
  const { x, shape, window, geometry } = resolvePool(context);
  if (!isFloat(x.type)) throw context.unsupported('it averages integers; cast them to float before');
  const groups = windowGroups(geometry);
  const counts = includePad ? paddedCounts(x.shape.slice(2), window) : undefined;
  const divisors = Float64Array.from({ length: groups.offsets.length - 1 }, (_, i) =>
    counts === undefined ? groups.offsets[i + 1] - groups.offsets[i] : counts[i % counts.length],
  );
  if (divisors.includes(0)) throw context.shapeError('a window lies wholly in the padding');
  return [context.emit({ op: 'mean', shape, groups, divisors }, [x])];
};

/** Number of window elements inside the padded input, per output position. */
function paddedCounts(spatial: readonly number[], { kernel, strides, dilations, padsBegin, padsEnd, outSpatial }: Window): number[] {
  let counts = [1];
  spatial.forEach((size, axis) => {
    const along = Array.from({ length: outSpatial[axis] }, (_, out) => {
      const room = size + padsBegin[axis] + padsEnd[axis] - out * strides[axis];
      return Math.min(kernel[axis], Math.ceil(room / dilations[axis]));
    });
    counts = counts.flatMap((count) => along.map((length) => count * length));
  });
  return counts;
}

function spatialGroups(context: NodeContext): { x: Activation; shape: number[]; groups: ReturnType<typeof reductionGroups>; count: number } {
  const x = context.activation(0);
  requireNumeric(context, [x]);
  if (x.shape.length < 3) throw context.shapeError('x must be [N, channels, spatial dimensions...]');
  const axes = x.shape.map((_, axis) => axis).slice(2);
  const count = sizeOf(x.shape.slice(2));
  if (count === 0) throw context.shapeError('there is nothing to pool');
  return { x, shape: x.shape.map((size, axis) => (axis < 2 ? size : 1)), groups: reductionGroups(x.shape, axes), count };
}

export const lowerGlobalMaxPool: Lowering = (context) => {
  const { x, shape, groups } = spatialGroups(context);
  return [context.emit({ op: 'max', shape, groups }, [x])];
};

export const lowerGlobalAveragePool: Lowering = (context) => {
  const { x, shape, groups, count } = spatialGroups(context);
  if (!isFloat(x.type)) throw context.unsupported('it averages integers; cast them to float before');
  return [context.emit({ op: 'mean', shape, groups, divisors: new Float64Array(sizeOf(shape)).fill(count) }, [x])];
};
