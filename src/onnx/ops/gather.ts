/**
 * Gather and GatherElements. Constant indices move elements; computed ones choose among all that they can name (see
 * lookup.ts). A computed index outside the dimension names its nearest end, where onnxruntime would stop.
 */
import { sizeOf, stridesOf } from '../../tensor/shape.js';
import { identityView, reshapeView, selectAlong } from '../../tensor/views.js';
import { leastOf, mostOf } from '../../tensor/extremes.js';
import type { Constant } from '../model.js';
import type { Activation } from '../values.js';
import type { Lowering, NodeContext } from './context.js';
import { emitHot, emitTable, emitTaken, positionsOf, type Positions } from './lookup.js';
import { moveOne } from './moving.js';

function checkedIndices(context: NodeContext, size: number): number[] {
  return (context.integers(1) ?? []).map((index) => {
    if (index < -size || index >= size)
      throw context.shapeError(`index ${index} is outside a dimension of size ${size}`);
    return index < 0 ? index + size : index;
  });
}

/** Positions in a dimension of `size`; negative ones count from its end. */
function computedPositions(context: NodeContext, size: number): { positions: Positions; wrap: (k: number) => number } {
  const indices = context.activation(1);
  if (size === 0) throw context.shapeError('the indexed dimension is empty');
  return { positions: positionsOf(context, indices, -size, size - 1), wrap: (k) => (k < 0 ? k + size : k) };
}

function gatherComputed(context: NodeContext): Activation {
  const [x, indices] = [context.input(0), context.activation(1)];
  const axis = context.axis(context.int('axis', 0), x.shape.length);
  const size = x.shape[axis];
  const { positions, wrap } = computedPositions(context, size);
  const shape = context.bounded([...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]);
  const [count, inner] = [sizeOf(indices.shape), sizeOf(x.shape.slice(axis + 1))];
  if (x.kind === 'constant' && sizeOf(shape) === count) {
    return {
      ...emitTable(context, { ...positions, x: { ...indices, shape } }, (_, k) => x.data[wrap(k)], x.type),
      ...(x.labels === undefined ? {} : { labels: x.labels }),
    };
  }
  if (x.type === 'string') throw context.unsupported('it chooses among rows of strings');
  if (x.kind === 'constant' && sizeOf(x.shape.slice(0, axis)) === 1)
    return gatherRows(context, x, positions, wrap, shape);
  const taken = Array.from({ length: sizeOf(shape) }, (_, j) => {
    const outer = Math.floor(j / (count * inner)) * size;
    return { by: Math.floor(j / inner) % count, at: (k: number) => (outer + wrap(k)) * inner + (j % inner) };
  });
  return emitTaken(context, x, positions, shape, taken);
}

/**
 * Rows of a constant matrix, such as embeddings: all indices have the bits of one range, and one dense layer makes the
 * rows of them.
 */
function gatherRows(
  context: NodeContext,
  { data, type }: Constant,
  positions: Positions,
  wrap: (k: number) => number,
  shape: number[],
): Activation {
  const [least, most] = [leastOf(positions.low), mostOf(positions.high)];
  const { bits } = emitHot(context, {
    x: positions.x,
    low: positions.low.map(() => least),
    high: positions.high.map(() => most),
  });
  const [rows, inFeatures] = [positions.low.length, most - least + 1];
  const outFeatures = sizeOf(shape) / Math.max(rows, 1);
  context.boundWork(rows * inFeatures * outFeatures);
  const weight = new Float64Array(outFeatures * inFeatures);
  for (let k = 0; k < inFeatures; k++) {
    for (let o = 0; o < outFeatures; o++) weight[o * inFeatures + k] = data[wrap(least + k) * outFeatures + o];
  }
  const fields = {
    op: 'dense',
    shape,
    rows,
    inFeatures,
    outFeatures,
    weight,
    bias: new Float64Array(outFeatures),
  } as const;
  return { ...context.emit(fields, [bits]), type };
}

/** The indexed dimension is replaced by the dimensions of the indices. */
export const lowerGather: Lowering = (context) => {
  if (context.input(1).kind === 'activation') return [gatherComputed(context)];
  const x = context.activation(0);
  const indices = context.constant(1);
  const axis = context.axis(context.int('axis', 0), x.shape.length);
  const shape = context.bounded([...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]);
  const along = Int32Array.from(checkedIndices(context, x.shape[axis]));
  return [moveOne(context, x, reshapeView(selectAlong(identityView(x.shape), new Map([[axis, along]])), shape))];
};

/** Each index replaces one coordinate of its own position. */
export const lowerGatherElements: Lowering = (context) => {
  const [x, indices] = [context.input(0), context.input(1)];
  const axis = context.axis(context.int('axis', 0), x.shape.length);
  const { shape } = indices;
  if (shape.length !== x.shape.length || shape.some((size, i) => i !== axis && size > x.shape[i])) {
    throw context.shapeError('the indices do not fit the data');
  }
  const strides = stridesOf(x.shape);
  const steps = stridesOf(shape);
  /** Where element i reads, its coordinate along the axis being 0. */
  const origin = Int32Array.from({ length: sizeOf(shape) }, (_, i) =>
    shape.reduce(
      (at, size, dimension) =>
        at + (dimension === axis ? 0 : Math.floor(i / steps[dimension]) % size) * strides[dimension],
      0,
    ),
  );
  if (indices.kind === 'activation') {
    if (x.type === 'string') throw context.unsupported('it chooses among strings');
    const { positions, wrap } = computedPositions(context, x.shape[axis]);
    return [
      emitTaken(
        context,
        x,
        positions,
        shape,
        Array.from(origin, (start, by) => ({ by, at: (k: number) => start + wrap(k) * strides[axis] })),
      ),
    ];
  }
  const along = checkedIndices(context, x.shape[axis]);
  return [
    moveOne(context, context.activation(0), {
      shape,
      index: origin.map((start, i) => start + along[i] * strides[axis]),
    }),
  ];
};
