/**
 * ScatterElements (Scatter before opset 11), ScatterND and TensorScatter with constant indices: each update has its
 * place, so elements are moved, summed, multiplied or compared. OneHot, whose indices may be computed.
 */
import { scalarFunction } from '../../network/functions/index.js';
import { sizeOf, stridesOf } from '../../tensor/shape.js';
import { isFloat, type Constant } from '../model.js';
import { emitAffine, filled, requireNumeric } from './arithmetic.js';
import type { Activation, Value } from '../values.js';
import type { Lowering, NodeContext } from './context.js';
import { emitFunction } from './functions.js';
import { emitTable, positionsOf } from './lookup.js';
import { moveMany } from './moving.js';

type Reduction = 'none' | 'add' | 'mul' | 'max' | 'min';
const REDUCTIONS: readonly Reduction[] = ['none', 'add', 'mul', 'max', 'min'];

function readReduction(context: NodeContext): Reduction {
  if (context.opset < 16) return 'none';
  const given = context.string('reduction', 'none');
  const reduction = REDUCTIONS.find((known) => known === given);
  if (reduction === undefined) throw context.unsupportedAttribute('reduction', given, `${REDUCTIONS.join(', ')} are`);
  return reduction;
}

/** The data with update j put, or reduced, into position `places[j]`; of several for one position the last is put. */
function emitScattered(
  context: NodeContext,
  data: Value,
  updates: Value,
  places: readonly number[],
  reduction: Reduction,
): Activation {
  const { shape } = data;
  const size = sizeOf(shape);
  if (reduction === 'none') {
    return moveMany(context, [data, updates], ([own, given]) => {
      const index = own.index.slice();
      places.forEach((place, j) => (index[place] = given.index[j]));
      return { shape, index };
    });
  }
  requireNumeric(context, [data, updates]);
  const all = moveMany(
    context,
    [data, updates],
    ([own, given]) => ({ shape: [size + places.length], index: Int32Array.from([...own.index, ...given.index]) }),
    { step: 'both', type: data.type },
  );
  const members = Array.from({ length: size }, (_, i) => [i]);
  places.forEach((place, j) => members[place].push(size + j));
  if (reduction === 'mul') return emitProducts(context, all, shape, members);
  const offsets = new Uint32Array(size + 1);
  members.forEach((of, i) => (offsets[i + 1] = offsets[i] + of.length));
  const groups = { offsets, indices: Uint32Array.from(members.flat()) };
  if (reduction === 'add') return context.emit({ op: 'mean', shape, groups, divisors: filled(shape, 1) }, [all]);
  if (reduction === 'max') return context.emit({ op: 'max', shape, groups }, [all]);
  const negated = emitAffine(context, all, all.shape, filled(all.shape, -1), filled(all.shape, 0), 'negated');
  const largest = context.emit({ op: 'max', shape, groups }, [negated], { step: 'largest' });
  return emitAffine(context, largest, shape, filled(shape, -1), filled(shape, 0));
}

/** The product of each group: one multiplication for each element after the first, of the groups that have so many. */
function emitProducts(
  context: NodeContext,
  all: Activation,
  shape: readonly number[],
  members: readonly (readonly number[])[],
): Activation {
  const longest = members.reduce((most, of) => Math.max(most, of.length), 0);
  const pick = (positions: readonly number[], step: string): Activation =>
    context.emit(
      { op: 'move', shape: [positions.length], index: Int32Array.from(positions), constants: new Float64Array() },
      [all],
      { step },
    );
  let product = pick(
    members.map(([first]) => first),
    'first',
  );
  for (let k = 1; k < longest; k += 1) {
    const owners = members.flatMap((of, i) => (of.length > k ? [i] : []));
    const before = context.emit(
      { op: 'move', shape: [owners.length], index: Int32Array.from(owners), constants: new Float64Array() },
      [product],
      { step: `before${k}` },
    );
    const changed = context.emit(
      { op: 'multiply', shape: [owners.length] },
      [
        before,
        pick(
          owners.map((i) => members[i][k]),
          `factor${k}`,
        ),
      ],
      { step: `product${k}` },
    );
    const index = Int32Array.from(members, (_, i) => i);
    owners.forEach((owner, j) => (index[owner] = members.length + j));
    product = context.emit(
      { op: 'move', shape: [members.length], index, constants: new Float64Array() },
      [product, changed],
      { step: `products${k}` },
    );
  }
  return { ...product, shape };
}

/** A position of a dimension, counted from its end where negative. */
function position(context: NodeContext, index: number, size: number): number {
  if (index < -size || index >= size) throw context.shapeError(`index ${index} is outside a dimension of size ${size}`);
  return index < 0 ? index + size : index;
}

/** Element i of the updates goes to its own place, with the index of element i for the coordinate along the axis. */
export const lowerScatterElements: Lowering = (context) => {
  const [data, indices, updates] = [context.input(0), context.constant(1), context.input(2)];
  const axis = context.axis(context.int('axis', 0), data.shape.length);
  const reduction = readReduction(context);
  const { shape } = indices;
  if (
    shape.join() !== updates.shape.join() ||
    shape.length !== data.shape.length ||
    shape.some((size, i) => i !== axis && size > data.shape[i])
  ) {
    throw context.shapeError('data, indices and updates do not fit');
  }
  const [strides, steps] = [stridesOf(data.shape), stridesOf(shape)];
  const places = Array.from(indices.data, (index, i) =>
    shape.reduce(
      (at, size, dimension) =>
        at +
        (dimension === axis ? position(context, index, data.shape[axis]) : Math.floor(i / steps[dimension]) % size) *
          strides[dimension],
      0,
    ),
  );
  return [emitScattered(context, data, updates, places, reduction)];
};

/** Each row of the indices names where a slice of the updates goes. */
export const lowerScatterNd: Lowering = (context) => {
  const [data, indices, updates] = [context.input(0), context.constant(1), context.input(2)];
  const reduction = readReduction(context);
  const places = slicePlaces(context, data.shape, indices.shape, indices.data);
  if (sizeOf(updates.shape) !== places.length) throw context.shapeError('updates do not fit the indices');
  return [emitScattered(context, data, updates, places, reduction)];
};

/** The positions in a tensor of this shape that rows of indices name, slice after slice. */
export function slicePlaces(
  context: NodeContext,
  shape: readonly number[],
  rows: readonly number[],
  indices: Float64Array,
  skip = 0,
): number[] {
  const depth = rows[rows.length - 1] ?? 0;
  if (rows.length === 0 || depth > shape.length - skip)
    throw context.shapeError(`its indices name ${depth} of ${shape.length - skip} dimensions`);
  const strides = stridesOf(shape);
  const slice = sizeOf(shape.slice(skip + depth));
  const count = sizeOf(rows.slice(0, -1));
  return Array.from({ length: count }, (_, row) => {
    let at = 0;
    for (let k = 0; k < depth; k += 1)
      at += position(context, indices[row * depth + k], shape[skip + k]) * strides[skip + k];
    return Array.from({ length: slice }, (_unused, i) => at + i);
  }).flat();
}

/** Slices of `data` that rows of constant indices name, within each batch. */
export const lowerGatherNd: Lowering = (context) => {
  const [data, indices] = [context.activation(0), context.constant(1)];
  const batch = context.opset < 12 ? 0 : context.int('batch_dims', 0);
  if (batch < 0 || batch >= Math.min(data.shape.length, indices.shape.length))
    throw context.shapeError(`batch_dims ${batch} does not fit`);
  const lead = data.shape.slice(0, batch);
  if (lead.join() !== indices.shape.slice(0, batch).join())
    throw context.shapeError('data and indices have different batches');
  const rows = indices.shape.slice(batch);
  const depth = rows[rows.length - 1];
  const [inner, each] = [sizeOf(data.shape.slice(batch)), sizeOf(rows)];
  const index = Array.from({ length: sizeOf(lead) }, (_, n) =>
    slicePlaces(context, data.shape.slice(batch), rows, indices.data.subarray(n * each, (n + 1) * each)).map(
      (place) => n * inner + place,
    ),
  ).flat();
  const shape = context.bounded([...lead, ...rows.slice(0, -1), ...data.shape.slice(batch + depth)]);
  return [context.emit({ op: 'move', shape, index: Int32Array.from(index), constants: new Float64Array() }, [data])];
};

/** Updates [batch, ..., n, ...] written into a cache along one axis, from a constant index for each batch on. */
export const lowerTensorScatter: Lowering = (context) => {
  const [cache, update] = [context.input(0), context.input(1)];
  const { shape } = cache;
  const rank = shape.length;
  const axis = context.axis(context.int('axis', -2), rank);
  const mode = context.string('mode', 'linear');
  if (mode !== 'linear' && mode !== 'circular')
    throw context.unsupportedAttribute('mode', mode, 'linear and circular are');
  const starts = context.integers(2) ?? new Array<number>(shape[0]).fill(0);
  if (
    axis === 0 ||
    update.shape.length !== rank ||
    update.shape.some((size, i) => i !== axis && size !== shape[i]) ||
    starts.length !== shape[0]
  )
    throw context.shapeError('cache, update and indices do not fit');
  const [strides, steps] = [stridesOf(shape), stridesOf(update.shape)];
  const places = Array.from({ length: sizeOf(update.shape) }, (_, i) =>
    update.shape.reduce((at, size, dimension) => {
      const coordinate = Math.floor(i / steps[dimension]) % size;
      if (dimension !== axis) return at + coordinate * strides[dimension];
      const written = starts[Math.floor(i / steps[0])] + coordinate;
      if (mode === 'linear' && (written < 0 || written >= shape[axis]))
        throw context.shapeError(`position ${written} is outside the cache`);
      return at + (((written % shape[axis]) + shape[axis]) % shape[axis]) * strides[axis];
    }, 0),
  );
  return [emitScattered(context, cache, update, places, 'none')];
};

/** A new dimension with the on-value at each index, negative ones counted from its end, and the off-value elsewhere. */
export const lowerOneHot: Lowering = (context) => {
  const [given, values] = [context.input(0), context.input(2)];
  const [depth] = context.integers(1)?.map(Math.trunc) ?? [];
  if (depth === undefined || sizeOf(values.shape) !== 2)
    throw context.shapeError('depth must be one number, and values two');
  if (given.kind === 'constant') return [placeValues(context, given, depth, values)];
  if (values.kind === 'activation')
    throw context.unsupported('its indices and its values are both computed; constants are supported for either');
  const indices =
    isFloat(given.type) && !context.facts(given).whole
      ? emitFunction(context, given, scalarFunction('Trunc', {}), 'whole')
      : given;
  const rank = indices.shape.length + 1;
  const axis = context.axis(context.int('axis', -1), rank);
  const shape = context.bounded([...indices.shape.slice(0, axis), depth, ...indices.shape.slice(axis)]);
  const inner = sizeOf(indices.shape.slice(axis));
  // One position below and one above the range stand for all indices outside it, which switch nothing on.
  const positions = positionsOf(context, indices, -depth - 1, depth);
  const [off, on] = values.data;
  const index = Int32Array.from(
    { length: sizeOf(shape) },
    (_, i) => Math.floor(i / (depth * inner)) * inner + (i % inner),
  );
  const spread = context.emit({ op: 'move', shape, index, constants: new Float64Array() }, [indices], {
    step: 'spread',
  });
  const at = (i: number): number => Math.floor(i / inner) % depth;
  const low = Float64Array.from(index, (from) => positions.low[from]);
  const high = Float64Array.from(index, (from) => positions.high[from]);
  return [
    emitTable(
      context,
      { x: spread, low, high },
      (i, k) => (k === at(i) || k === at(i) - depth ? on : off),
      values.type,
    ),
  ];
};

/** Values that the network computes, put where constant indices say. */
function placeValues(context: NodeContext, indices: Constant, depth: number, values: Value): Activation {
  const axis = context.axis(context.int('axis', -1), indices.shape.length + 1);
  const shape = context.bounded([...indices.shape.slice(0, axis), depth, ...indices.shape.slice(axis)]);
  const inner = sizeOf(indices.shape.slice(axis));
  return moveMany(context, [values], ([{ index }]) => ({
    shape,
    index: Int32Array.from({ length: sizeOf(shape) }, (_, i) => {
      const of = Math.trunc(indices.data[Math.floor(i / (depth * inner)) * inner + (i % inner)]);
      return index[Number((of < 0 ? of + depth : of) === Math.floor(i / inner) % depth)];
    }),
  }));
}
