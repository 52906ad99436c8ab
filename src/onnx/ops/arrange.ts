/**
 * Operators that put elements elsewhere: CenterCropPad, Col2Im, Compress; and constants that follow from shapes or
 * other constants alone: EyeLike, NonZero, Unique.
 */
import { sizeOf, stridesOf } from '../../tensor/shape.js';
import { identityView, selectAlong, selectView } from '../../tensor/views.js';
import { isFloat } from '../model.js';
import { elementType } from '../tensor-data.js';
import { constant, type Lowering } from './context.js';
import { moveOne } from './moving.js';
import { Taps } from './taps.js';

/** Dimensions are cut, or padded with zeros, on both sides alike; of an odd number the one more at the end. */
export const lowerCenterCropPad: Lowering = (context) => {
  const x = context.activation(0);
  const wanted = context.integers(1) ?? [];
  const axes = (context.ints('axes') ?? x.shape.map((_, axis) => axis)).map((axis) =>
    context.axis(axis, x.shape.length),
  );
  if (wanted.length !== axes.length) throw context.shapeError(`shape should have ${axes.length} entries`);
  const shape = context.bounded(x.shape.map((size, axis) => (axes.includes(axis) ? wanted[axes.indexOf(axis)] : size)));
  const positions = shape.map((length, axis) => {
    const size = x.shape[axis];
    const start = length < size ? Math.floor((size - length) / 2) : -Math.floor((length - size) / 2);
    return Int32Array.from({ length }, (_, i) => (start + i >= 0 && start + i < size ? start + i : -1));
  });
  return [moveOne(context, x, selectView(identityView(x.shape), positions), {}, 0)];
};

/** Columns [N, C * block, blocks] summed where their windows overlap: [N, C, ...image]. */
export const lowerCol2Im: Lowering = (context) => {
  const x = context.activation(0);
  const [image, block] = [context.integers(1) ?? [], context.integers(2) ?? []];
  const rank = image.length;
  const perAxis = (name: string, count: number, otherwise: number): readonly number[] => {
    const values = context.ints(name) ?? new Array<number>(count).fill(otherwise);
    if (values.length !== count) throw context.shapeError(`${name} should have ${count} entries`);
    return values;
  };
  const [dilations, strides, pads] = [
    perAxis('dilations', rank, 1),
    perAxis('strides', rank, 1),
    perAxis('pads', 2 * rank, 0),
  ];
  const size = sizeOf(block);
  const [batch, rows, blocks] = x.shape;
  const counts = image.map(
    (length, axis) =>
      Math.floor((length + pads[axis] + pads[axis + rank] - dilations[axis] * (block[axis] - 1) - 1) / strides[axis]) +
      1,
  );
  if (x.shape.length !== 3 || block.length !== rank || rows % size !== 0 || sizeOf(counts) !== blocks)
    throw context.shapeError('columns, image_shape and block_shape do not fit');
  const channels = rows / size;
  const shape = context.bounded([batch, channels, ...image]);
  const [inImage, inBlock, inCounts] = [stridesOf(image), stridesOf(block), stridesOf(counts)];
  const area = sizeOf(image);
  /** What each pixel is the sum of: entries of a channel's columns. */
  const members: number[][] = Array.from({ length: area }, () => []);
  for (let k = 0; k < size; k += 1) {
    for (let b = 0; b < blocks; b += 1) {
      let at = 0;
      const inside = image.every((length, axis) => {
        const coordinate =
          (Math.floor(b / inCounts[axis]) % counts[axis]) * strides[axis] -
          pads[axis] +
          (Math.floor(k / inBlock[axis]) % block[axis]) * dilations[axis];
        at += coordinate * inImage[axis];
        return coordinate >= 0 && coordinate < length;
      });
      if (inside) members[at].push(k * blocks + b);
    }
  }
  const sums = new Taps();
  for (let plane = 0; plane < batch * channels; plane += 1) {
    for (const entries of members) {
      for (const entry of entries) sums.add(plane * size * blocks + entry, 1);
      sums.end();
    }
  }
  return [sums.emit(context, x, shape)];
};

/** The slices along an axis, or the elements of the whole, that a constant condition names. */
export const lowerCompress: Lowering = (context) => {
  const x = context.activation(0);
  const condition = context.constant(1).data;
  const given = context.int('axis');
  const flat = given === undefined ? { ...x, shape: [sizeOf(x.shape)] } : x;
  const axis = given === undefined ? 0 : context.axis(given, x.shape.length);
  if (condition.length > flat.shape[axis]) throw context.shapeError(`its condition is longer than dimension ${axis}`);
  const kept = Int32Array.from(condition.keys()).filter((i) => condition[i] !== 0);
  return [moveOne(context, flat, selectAlong(identityView(flat.shape), new Map([[axis, kept]])))];
};

/** Ones on the k-th diagonal of a matrix of the input's shape. */
export const lowerEyeLike: Lowering = (context) => {
  const { shape, type } = context.input(0);
  const to = context.has('dtype') ? elementType(context.int('dtype')) : type;
  const k = context.int('k', 0);
  if (shape.length !== 2) throw context.shapeError('it must be a matrix');
  if (to === 'undefined' || to === 'string' || to.startsWith('complex'))
    throw context.unsupportedAttribute('dtype', to, 'numbers are');
  const columns = shape[1];
  return [
    constant(
      to,
      shape,
      Float64Array.from({ length: sizeOf(context.bounded(shape)) }, (_, i) =>
        Number((i % columns) - Math.floor(i / columns) === k),
      ),
    ),
  ];
};

/** Coordinates of the elements that are not zero, one column each. */
export const foldNonZero: Lowering = (context) => {
  const { shape, data } = context.constant(0);
  const strides = stridesOf(shape);
  const found = Array.from(data.keys()).filter((i) => data[i] !== 0);
  return [
    constant(
      'int64',
      [shape.length, found.length],
      Float64Array.from(shape.flatMap((size, axis) => found.map((i) => Math.floor(i / strides[axis]) % size))),
    ),
  ];
};

/**
 * Outputs: the different elements or slices, where each comes first, which of them each is, and how often each comes.
 */
export const foldUnique: Lowering = (context) => {
  const { type, shape, data, labels } = context.constant(0);
  const sorted = context.flag('sorted', true);
  const given = context.int('axis');
  if (labels !== undefined) throw context.unsupported('it compares strings');
  const flat = given === undefined ? [data.length] : shape;
  const axis = given === undefined ? 0 : context.axis(given, shape.length);
  const count = flat[axis];
  const inner = sizeOf(flat.slice(axis + 1));
  const outer = sizeOf(flat.slice(0, axis));
  const slice = (k: number): number[] =>
    Array.from({ length: outer * inner }, (_, i) => data[(Math.floor(i / inner) * count + k) * inner + (i % inner)]);
  const slices = Array.from({ length: count }, (_, k) => slice(k));
  const first = new Map<string, number>();
  slices.forEach((values, k) => {
    const key = values.join();
    if (!first.has(key)) first.set(key, k);
  });
  const before = (a: readonly number[], b: readonly number[]): number => {
    const at = a.findIndex((value, i) => value !== b[i]);
    return at < 0 ? 0 : a[at] - b[at];
  };
  const order = [...first.values()].sort((a, b) => (sorted ? before(slices[a], slices[b]) : a - b));
  const place = new Map(order.map((k, position) => [slices[k].join(), position]));
  const inverse = slices.map((values) => place.get(values.join()) as number);
  const made = flat.map((size, i) => (i === axis ? order.length : size));
  const values = Float64Array.from(
    { length: sizeOf(made) },
    (_, i) =>
      slices[order[Math.floor(i / inner) % order.length]][Math.floor(i / (inner * order.length)) * inner + (i % inner)],
  );
  const list = (numbers: readonly number[]) => constant('int64', [numbers.length], Float64Array.from(numbers));
  return [
    constant(type, made, values),
    list(order),
    list(inverse),
    list(order.map((_, position) => inverse.filter((of) => of === position).length)),
  ];
};

/** No value of a proved network is NaN or infinite: what would be has no proof. */
export const lowerNever: Lowering = (context) => {
  const x = context.activation(0);
  if (!isFloat(x.type)) throw context.unsupported(`it is defined on floats, and its input is of type ${x.type}`);
  context.ignore('detect_negative', 'detect_positive');
  context.note(
    `${context.label} is false everywhere: inputs and what is computed of them are finite, and a row with NaN or infinities is refused.`,
  );
  return [constant('bool', x.shape, new Float64Array(sizeOf(x.shape)))];
};

const foldTest =
  (test: (value: number) => boolean): Lowering =>
  (context) => {
    const { shape, data } = context.constant(0);
    return [
      constant(
        'bool',
        shape,
        data.map((value) => Number(test(value))),
      ),
    ];
  };
export const foldIsNaN = foldTest(Number.isNaN);
export const foldIsInf: Lowering = (context) => {
  const [negative, positive] = [context.flag('detect_negative', true), context.flag('detect_positive', true)];
  return foldTest((value) => (positive && value === Infinity) || (negative && value === -Infinity))(context);
};
