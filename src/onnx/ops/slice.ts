/** Slice and Split: ranges of coordinates along dimensions. */
import { identityView, selectAlong } from '../../tensor/views.js';
import type { Lowering, NodeContext } from './context.js';
import { moveOne } from './moving.js';

interface SliceArguments {
  readonly starts: readonly number[] | undefined;
  readonly ends: readonly number[] | undefined;
  readonly axes: readonly number[] | undefined;
  readonly steps: readonly number[] | undefined;
}

/** Attributes before opset 10, inputs since. */
function readArguments(context: NodeContext): SliceArguments {
  if (context.opset >= 10) {
    return {
      starts: context.integers(1),
      ends: context.integers(2),
      axes: context.integers(3),
      steps: context.integers(4),
    };
  }
  return { starts: context.ints('starts'), ends: context.ints('ends'), axes: context.ints('axes'), steps: undefined };
}

/** Bounds are clamped to the dimension, so exporters' "to the end" (the largest integer) works out. */
export const lowerSlice: Lowering = (context) => {
  const x = context.activation(0);
  const { starts, ends, axes, steps } = readArguments(context);
  if (starts === undefined || ends === undefined || starts.length !== ends.length) {
    throw context.shapeError('starts and ends must be given and of equal length');
  }
  const where = axes ?? starts.map((_, axis) => axis);
  const strides = steps ?? starts.map(() => 1);
  if (where.length !== starts.length || strides.length !== starts.length)
    throw context.shapeError('axes and steps must match starts');
  context.axes(where, x.shape.length);
  const selected = new Map<number, Int32Array>();
  where.forEach((given, i) => {
    const axis = context.axis(given, x.shape.length);
    if (strides[i] === 0) throw context.shapeError('a step is 0');
    selected.set(axis, sliceRange(x.shape[axis], starts[i], ends[i], strides[i]));
  });
  return [moveOne(context, x, selectAlong(identityView(x.shape), selected))];
};

function sliceRange(size: number, start: number, end: number, step: number): Int32Array {
  const clamp = (bound: number, low: number, high: number) =>
    Math.max(low, Math.min(high, bound < 0 ? bound + size : bound));
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const from = clamp(start, Math.max(low, 0), high);
  const to = clamp(end, low, high);
  return Int32Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, i) => from + i * step);
}

/** Sizes: an attribute before opset 13, an input since; equal parts where neither is given. */
export const lowerSplit: Lowering = (context) => {
  const x = context.activation(0);
  const axis = context.axis(context.int('axis', 0), x.shape.length);
  const parts = context.node.outputs.length;
  const size = x.shape[axis];
  const declared = context.int('num_outputs');
  if (declared !== undefined && declared !== parts)
    throw context.shapeError(`num_outputs is ${declared} while it has ${parts} outputs`);
  const even = Math.ceil(size / parts);
  const sizes =
    (context.opset < 13 ? context.ints('split') : context.integers(1)) ??
    Array.from({ length: parts }, (_, i) => Math.min(even, size - i * even));
  if (sizes.length !== parts || sizes.some((part) => part < 0) || sizes.reduce((sum, part) => sum + part, 0) !== size) {
    throw context.shapeError(`dimension ${axis} of size ${size} cannot be split into [${sizes.join(', ')}]`);
  }
  let start = 0;
  return sizes.map((length, output) => {
    const from = start;
    start += length;
    const range = Int32Array.from({ length }, (_, i) => from + i);
    return moveOne(context, x, selectAlong(identityView(x.shape), new Map([[axis, range]])), { output });
  });
};
