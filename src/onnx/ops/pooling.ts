/**
 * MaxPool, AveragePool, LpPool, the global pools and MaxUnpool. Padding never takes part in a maximum; in an average it
 * counts only with `count_include_pad`, and positions that `ceil_mode` adds beyond the padding never count.
 */
import { scalarFunction } from '../../network/functions/index.js';
import { reductionGroups, windowGroups, windowWork, type Groups, type WindowGeometry } from '../../tensor/groups.js';
import { sizeOf, stridesOf, type Shape } from '../../tensor/shape.js';
import { isFloat } from '../model.js';
import type { Activation } from '../values.js';
import { requireNumeric } from './arithmetic.js';
import type { Lowering, NodeContext } from './context.js';
import { emitFunction } from './functions.js';
import { emitTable } from './lookup.js';
import { moveOne } from './moving.js';
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

/** Outputs: the maxima, and the position of each in the whole tensor, the first of equal ones. */
export const lowerMaxPool: Lowering = (context) => {
  const columnMajor = context.flag('storage_order', false);
  const { x, shape, geometry } = resolvePool(context);
  const groups = windowGroups(geometry);
  for (let i = 1; i < groups.offsets.length; i++) {
    if (groups.offsets[i] === groups.offsets[i - 1]) throw context.shapeError('a window lies wholly in the padding');
  }
  const largest = context.emit({ op: 'max', shape, groups }, [x]);
  if (!context.node.outputs[1]) return [largest];
  const at = context.emit({ op: 'argMax', shape, groups, selectLast: false }, [x], {
    output: 1,
    step: 'place',
    type: 'int64',
  });
  const spatial = x.shape.slice(2);
  const [area, strides] = [sizeOf(spatial), stridesOf(spatial)];
  const columns = stridesOf([...spatial].reverse()).reverse();
  const named = (position: number): number => {
    if (!columnMajor) return position;
    const inside = position % area;
    return (
      position -
      inside +
      spatial.reduce((sum, size, axis) => sum + (Math.floor(inside / strides[axis]) % size) * columns[axis], 0)
    );
  };
  const members = (i: number): number => groups.offsets[i + 1] - groups.offsets[i];
  const size = sizeOf(shape);
  const low = new Float64Array(size);
  const high = Float64Array.from({ length: size }, (_, i) => members(i) - 1);
  return [
    largest,
    emitTable(
      context,
      { x: at, low, high },
      (i, k) => named(groups.indices[groups.offsets[i] + k]),
      'int64',
      'positions',
    ),
  ];
};

/** |x|^p for p = 1, 2, ...; the sum's root is a table. */
function emitPowers(context: NodeContext, x: Activation, p: number): Activation {
  const product = (a: Activation, b: Activation, step: string) =>
    context.emit({ op: 'multiply', shape: x.shape }, [a, b], { step });
  if (p === 2) return product(x, x, 'squares');
  const magnitudes = context.emit({ op: 'prelu', shape: x.shape, slope: Float64Array.of(-1) }, [x], {
    step: 'magnitudes',
  });
  if (p === 1) return magnitudes;
  return emitFunction(context, magnitudes, scalarFunction('Pow', { exponent: p }), 'powers');
}

function emitLpNorm(context: NodeContext, x: Activation, shape: Shape, groups: Groups): Activation {
  if (!isFloat(x.type)) throw context.unsupported('it takes norms of integers; cast them to float before');
  const p = context.int('p', 2);
  if (p < 1) throw context.unsupportedAttribute('p', p, '1 or more is');
  const fields = { op: 'mean', shape, groups, divisors: new Float64Array(sizeOf(shape)).fill(1) } as const;
  const powers = emitPowers(context, x, p);
  if (p === 1) return context.emit(fields, [powers]);
  let root = context.emit(fields, [powers], { step: 'sums' });
  // The p-th root as a power of exact square roots: next to zero it is too steep for any table.
  const exact = Math.ceil(Math.log2(p));
  for (let k = 1; k < exact; k += 1)
    root = emitFunction(context, root, { ...scalarFunction('Sqrt', {}), apart: true }, `root${k}`);
  const last = scalarFunction('Sqrt', {});
  if (2 ** exact === p) return emitFunction(context, root, last);
  root = emitFunction(context, root, { ...last, apart: true }, `root${exact}`);
  return emitFunction(context, root, scalarFunction('Pow', { exponent: 2 ** exact / p }));
}

/** The p-th root of the sum of |x|^p under the window; padding adds nothing. */
export const lowerLpPool: Lowering = (context) => {
  const { x, shape, geometry } = resolvePool(context);
  return [emitLpNorm(context, x, shape, windowGroups(geometry))];
};

export const lowerGlobalLpPool: Lowering = (context) => {
  const { x, shape, groups } = spatialGroups(context);
  return [emitLpNorm(context, x, shape, groups)];
};

/**
 * Elements put back where constant indices say, zeros elsewhere. The indices count over the tensor that a pool of these
 * strides and pads makes x of; a larger output_shape adds zeros after it, as in ONNX's reference.
 */
export const lowerMaxUnpool: Lowering = (context) => {
  const x = context.activation(0);
  const indices = context.integers(1) ?? [];
  const kernel = context.ints('kernel_shape') ?? [];
  const rank = x.shape.length - 2;
  const strides = context.ints('strides') ?? kernel.map(() => 1);
  const pads = context.ints('pads') ?? new Array<number>(2 * rank).fill(0);
  if (rank < 1 || kernel.length !== rank || strides.length !== rank || pads.length !== 2 * rank)
    throw context.shapeError('kernel_shape, strides and pads must fit x');
  if (indices.length !== sizeOf(x.shape)) throw context.shapeError('there must be one index for each element');
  const inferred = x.shape.map((size, axis) =>
    axis < 2 ? size : (size - 1) * strides[axis - 2] + kernel[axis - 2] - pads[axis - 2] - pads[axis - 2 + rank],
  );
  const shape = context.bounded(context.integers(2) ?? inferred);
  if (shape.length !== x.shape.length || shape.some((size, axis) => size < inferred[axis]))
    throw context.shapeError(`it cannot have the shape [${shape.join(', ')}]`);
  const [from, to] = [stridesOf(inferred), stridesOf(shape)];
  const index = new Int32Array(sizeOf(shape)).fill(-1);
  indices.forEach((position, i) => {
    if (position < 0 || position >= sizeOf(inferred))
      throw context.shapeError(`index ${position} is outside the result`);
    const place = inferred.reduce((sum, size, axis) => sum + (Math.floor(position / from[axis]) % size) * to[axis], 0);
    if (index[place] >= 0) throw context.unsupported(`two elements go to position ${position}`);
    index[place] = i;
  });
  return [moveOne(context, x, { shape, index }, {}, 0)];
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
function paddedCounts(
  spatial: readonly number[],
  { kernel, strides, dilations, padsBegin, padsEnd, outSpatial }: Window,
): number[] {
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

function spatialGroups(context: NodeContext): {
  x: Activation;
  shape: number[];
  groups: ReturnType<typeof reductionGroups>;
  count: number;
} {
  const x = context.activation(0);
  requireNumeric(context, [x]);
  if (x.shape.length < 3) throw context.shapeError('x must be [N, channels, spatial dimensions...]');
  const axes = x.shape.map((_, axis) => axis).slice(2);
  const count = sizeOf(x.shape.slice(2));
  if (count === 0) throw context.shapeError('there is nothing to pool');
  return {
    x,
    shape: x.shape.map((size, axis) => (axis < 2 ? size : 1)),
    groups: reductionGroups(x.shape, axes),
    count,
  };
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
