/**
 * Random integer models that no quantizer would make: every op kind, weights of all sizes, grids far from zero,
 * windows that repeat elements or have one, accumulators up to the limits that the compiler promises to keep exact.
 */
import type { Groups } from '../../src/network/graph.js';
import type { OpBody } from '../../src/quantize/integer-model-builder.js';
import {
  ACCUMULATOR_LIMIT,
  REACH_LIMIT,
  type IntegerInput,
  type IntegerModel,
  type IntegerOp,
  type TensorId,
} from '../../src/integer/integer-model.js';
import { inputIntervals } from '../../src/integer/intervals.js';
import { boundOp, reachOp } from '../../src/integer/semantics.js';
import { hull, type Intervals } from '../../src/tensor/intervals.js';
import { sizeOf, type Shape } from '../../src/tensor/shape.js';
import { integer, type Random } from '../quantize/support/graphs.js';

interface Tensor {
  readonly id: TensorId;
  readonly shape: Shape;
  readonly bounds: Intervals;
}

const pick = <T>(random: Random, choices: readonly T[]): T => choices[integer(random, 0, choices.length - 1)];

/** A model of some ten ops on at most some twenty elements a tensor, and one to three outputs. */
export function randomIntegerModel(random: Random): IntegerModel {
  const inputs = Array.from({ length: integer(random, 1, 2) }, (_, k) => randomInput(k, random));
  const tensors: Tensor[] = inputs.map((input) => ({
    id: input.tensor,
    shape: input.shape,
    bounds: inputIntervals(input),
  }));
  const ops: IntegerOp[] = [];
  const wanted = integer(random, 2, 9);
  for (let tries = 0; ops.length < wanted && tries < 60; tries += 1) {
    const made = randomOp(tensors, inputs.length + ops.length, random);
    if (made === undefined) continue;
    ops.push(made.op);
    tensors.push(made.tensor);
  }
  const shown = new Set([
    tensors[tensors.length - 1],
    ...Array.from({ length: integer(random, 0, 2) }, () => pick(random, tensors)),
  ]);
  const outputs = [...shown].map(({ id, shape }, k) => ({ name: `y${k}`, tensor: id, shape, scale: 1 }));
  const layers = ops.map(({ layer, kind, shape }) => ({ name: layer, op: kind, shape }));
  return { activationBits: 8, inputs, ops, outputs, layers, notes: [] };
}

function randomInput(k: number, random: Random): IntegerInput {
  const shape = [1, integer(random, 1, 6)];
  const bits = pick(random, [1, 2, 4, 8, 8, 12]);
  const base = pick(random, [0, 0, -(2 ** (bits - 1)), 1, -(2 ** bits), 2 ** 20, -(2 ** 30) + 1]);
  const each = random() < 0.3;
  const low = Float64Array.from({ length: each ? shape[1] : 1 }, () => base + (each ? integer(random, -9, 9) : 0));
  return { name: `x${k}`, tensor: k, shape, bits, scale: new Float64Array(low.length).fill(1), low };
}

/** A random op on tensors made before; undefined where its accumulators would leave exact arithmetic. */
function randomOp(
  tensors: readonly Tensor[],
  output: TensorId,
  random: Random,
): { op: IntegerOp; tensor: Tensor } | undefined {
  // The newest tensor more often than the others, so that models are deep.
  const x = random() < 0.6 ? tensors[tensors.length - 1] : pick(random, tensors);
  const made = pick(random, BODIES)(x, tensors, random);
  if (made === undefined) return undefined;
  const { body, from, shape } = made;
  const op = { ...body, inputs: from.map(({ id }) => id), output, shape, scale: 1, layer: `op ${output}` } as IntegerOp;
  const bounds = from.map((tensor) => tensor.bounds);
  if (!(reachOp(op, bounds) <= REACH_LIMIT)) return undefined;
  const result = boundOp(op, bounds);
  const [low, high] = hull(result);
  if (!(Math.max(-low, high) <= ACCUMULATOR_LIMIT)) return undefined;
  return { op, tensor: { id: output, shape, bounds: result } };
}

interface Made {
  readonly body: OpBody;
  readonly from: readonly Tensor[];
  readonly shape: Shape;
}

type Maker = (x: Tensor, tensors: readonly Tensor[], random: Random) => Made | undefined;

const MOST_ELEMENTS = 24;

const requantize: Maker = (x, _, random) => {
  const [low, high] = hull(x.bounds);
  const bits = pick(random, [1, 2, 4, 8, 8]);
  const shift = pick(random, [0, 1, 2, 4, 8, 12, 20]);
  const step = 2 ** shift;
  // Around zero, at an end of what comes, inside it, or nowhere near it.
  const grid =
    pick(random, [
      0,
      0,
      0,
      -(2 ** (bits - 1)),
      Math.floor(low / step),
      Math.ceil(high / step) - 2 ** bits,
      Math.round((low + high) / 2 / step),
      1000,
    ]) + 0;
  return { body: { kind: 'requantize', shift, low: grid, bits }, from: [x], shape: x.shape };
};

/** A table around the values that come, some of it often out of their reach; entries with and without regularity. */
const table: Maker = (x, _, random) => {
  const [low, high] = hull(x.bounds);
  const bits = pick(random, [4, 5, 8]);
  const made = pick(random, [Math.floor(low), Math.floor((low + high) / 2), 0, -(2 ** (bits - 1))]) + 0;
  const size = pick(random, [1, 30, 2 ** 20]);
  const entries = pick(random, [
    integers(2 ** bits, size, random),
    Float64Array.from({ length: 2 ** bits }, (__, k) => Math.max(0, k - 2 ** (bits - 1)) * size),
    Float64Array.from({ length: 2 ** bits }, (__, k) => Math.floor(k / 2 ** (bits - 1))),
    Float64Array.from({ length: 2 ** bits }, (__, k) => k % 2),
  ]);
  return { body: { kind: 'table', low: made, bits, entries }, from: [x], shape: x.shape };
};

/** One group of all elements, or two; the last element first. */
const softmax: Maker = (x, _, random) => {
  const size = sizeOf(x.shape);
  const split = integer(random, 0, size);
  const offsets = split === 0 || split === size ? [0, size] : [0, split, size];
  const groups = {
    offsets: Uint32Array.from(offsets),
    indices: Uint32Array.from({ length: size }, (__, i) => size - 1 - i),
  };
  const [reach, most] = [pick(random, [0.3, 3, 40]), pick(random, [1, 300])];
  const entries = Float64Array.from({ length: 2 ** pick(random, [4, 5, 8]) }, (__, k) =>
    Math.round(most * Math.exp(-k / reach)),
  );
  const numerator = size * most * pick(random, [1, 77, 2 ** 12]);
  return {
    body: { kind: 'softmax', groups, shift: pick(random, [1, 2, 6]), entries, numerator },
    from: [x],
    shape: x.shape,
  };
};

/** A tensor by itself, as a row by a column or as a column by a row. */
const matmul: Maker = (x, _, random) => {
  const size = sizeOf(x.shape);
  const [rows, inner] = random() < 0.5 || size > 4 ? [1, size] : [size, 1];
  const one = Int32Array.of(0);
  return {
    body: { kind: 'matmul', rows, inner, columns: rows, left: one, right: one },
    from: [x, x],
    shape: [rows, rows],
  };
};

const BODIES: readonly Maker[] = [
  table,
  softmax,
  matmul,
  requantize,
  requantize,
  requantize,
  (x, _, random) => {
    const inFeatures = sizeOf(x.shape);
    const outFeatures = integer(random, 1, 6);
    const size = pick(random, [1, 3, 100, 2 ** 12, 2 ** 20, 2 ** 32]);
    const weight = integers(inFeatures * outFeatures, size, random);
    return {
      body: { kind: 'dense', rows: 1, inFeatures, outFeatures, weight, bias: integers(outFeatures, size * 4, random) },
      from: [x],
      shape: [1, outFeatures],
    };
  },
  (x, _, random) => {
    const inputShape = [1, 1, 1, sizeOf(x.shape)];
    const kernel = integer(random, 1, Math.min(3, inputShape[3]));
    const pads = [integer(random, 0, kernel - 1), integer(random, 0, kernel - 1)];
    const filters = integer(random, 1, 2);
    const stride = integer(random, 1, 2);
    const width = Math.floor((inputShape[3] + pads[0] + pads[1] - kernel) / stride) + 1;
    const size = pick(random, [1, 30, 2 ** 16]);
    const body: OpBody = {
      kind: 'conv',
      inputShape,
      weightShape: [filters, 1, 1, kernel],
      weight: integers(filters * kernel, size, random),
      bias: integers(filters, size, random),
      groups: 1,
      strides: [1, stride],
      dilations: [1, 1],
      padsBegin: [0, pads[0]],
      padsEnd: [0, pads[1]],
    };
    return { body, from: [x], shape: [1, filters, 1, width] };
  },
  (x, _, random) => {
    const count = sizeOf(x.shape);
    const size = pick(random, [1, 5, 2 ** 10, 2 ** 24]);
    return {
      body: { kind: 'affine', factor: integers(count, size, random), shift: integers(count, size * 2, random) },
      from: [x],
      shape: x.shape,
    };
  },
  (x, _, random) => {
    const groups = randomGroups(sizeOf(x.shape), random, false);
    const count = groups.offsets.length - 1;
    return {
      body: { kind: 'groupSum', groups, factor: integers(count, pick(random, [1, 7, 2 ** 12]), random) },
      from: [x],
      shape: [1, count],
    };
  },
  (x, _, random) => {
    const groups = randomGroups(sizeOf(x.shape), random, true);
    return { body: { kind: 'max', groups }, from: [x], shape: [1, groups.offsets.length - 1] };
  },
  (x, _, random) => {
    const groups = randomGroups(sizeOf(x.shape), random, true);
    return {
      body: { kind: 'argMax', groups, selectLast: random() < 0.5 },
      from: [x],
      shape: [1, groups.offsets.length - 1],
    };
  },
  (x, tensors, random) => {
    const from = [x, ...(random() < 0.5 ? [pick(random, tensors)] : [])];
    const all = from.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const constants = integers(integer(random, 0, 2), pick(random, [1, 300, 2 ** 30]), random);
    const count = integer(random, 1, Math.min(MOST_ELEMENTS, all + 2));
    const index = Int32Array.from({ length: count }, () =>
      constants.length > 0 && random() < 0.2
        ? -1 - integer(random, 0, constants.length - 1)
        : integer(random, 0, all - 1),
    );
    return { body: { kind: 'move', index, constants }, from, shape: [1, count] };
  },
  (x, tensors, random) => {
    const alike = tensors.filter(({ shape }) => sizeOf(shape) === sizeOf(x.shape));
    const from = [x, ...Array.from({ length: integer(random, 0, 2) }, () => pick(random, alike))];
    return {
      body: { kind: 'sum', coefficients: Array.from(integers(from.length, pick(random, [1, 4, 2 ** 15]), random)) },
      from,
      shape: x.shape,
    };
  },
  (x, tensors, random) => {
    const alike = tensors.filter(({ shape }) => sizeOf(shape) === sizeOf(x.shape));
    return { body: { kind: 'multiply' }, from: [x, pick(random, alike)], shape: x.shape };
  },
];

/** In [-size, size], zeros and the ends among them. */
function integers(count: number, size: number, random: Random): Float64Array {
  return Float64Array.from(
    { length: count },
    () => pick(random, [integer(random, -size, size), integer(random, -size, size), 0, size, -size]) + 0,
  );
}

/**
 * Some groups of elements, overlapping. `distinct`: no element twice in one group, as windows and reductions have
 * them.
 */
function randomGroups(size: number, random: Random, distinct: boolean): Groups {
  const lists = Array.from({ length: integer(random, 1, 4) }, () => {
    const list = Array.from({ length: integer(random, 1, Math.min(size, 6)) }, () => integer(random, 0, size - 1));
    return distinct ? [...new Set(list)].sort((a, b) => a - b) : list;
  });
  const offsets = lists.reduce((ends, list) => [...ends, ends[ends.length - 1] + list.length], [0]);
  return { offsets: Uint32Array.from(offsets), indices: Uint32Array.from(lists.flat()) };
}
