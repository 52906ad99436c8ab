/**
 * Small random float graphs: one of each layer kind, and chains of several. The trap: a window must cover at least one
 * element that is not padding, or its maximum would be empty.
 */
import type { Graph, GraphNode, Groups } from '../../../src/network/graph.js';
import { reductionGroups, windowGroups } from '../../../src/tensor/groups.js';
import { planConv } from '../../../src/tensor/kernels.js';
import { sizeOf, type Shape } from '../../../src/tensor/shape.js';

export type Random = () => number;

export const integer = (random: Random, low: number, high: number): number =>
  low + Math.floor(random() * (high - low + 1));
export const numbers = (random: Random, length: number, size = 1): Float64Array =>
  Float64Array.from({ length }, () => (2 * random() - 1) * size);

type Body<T> = T extends GraphNode ? Omit<T, 'name' | 'source' | 'inputs' | 'output' | 'shape'> : never;

/** Builds a graph node by node; a tensor is its name. */
export class Sketch {
  private readonly nodes: GraphNode[] = [];
  private readonly shapes = new Map<string, Shape>();
  private readonly inputs: string[] = [];

  input(shape: Shape): string {
    const name = `x${this.inputs.length}`;
    this.inputs.push(name);
    this.shapes.set(name, shape);
    return name;
  }

  shape(tensor: string): Shape {
    return this.shapes.get(tensor)!;
  }

  size(tensor: string): number {
    return sizeOf(this.shape(tensor));
  }

  add(body: Body<GraphNode>, inputs: readonly string[], shape: Shape): string {
    const output = `t${this.nodes.length}`;
    this.nodes.push({ ...body, name: `n${this.nodes.length}`, source: body.op, inputs, output, shape } as GraphNode);
    this.shapes.set(output, shape);
    return output;
  }

  graph(...outputs: readonly string[]): Graph {
    return {
      inputs: this.inputs.map((name) => ({ name, shape: this.shape(name) })),
      nodes: this.nodes,
      outputs: outputs.map((tensor, k) => ({ name: `y${k}`, tensor, shape: this.shape(tensor) })),
      notes: [],
    };
  }

  dense(x: string, outFeatures: number, random: Random): string {
    const shape = this.shape(x);
    const inFeatures = shape.length === 2 ? shape[1] : this.size(x);
    const rows = this.size(x) / inFeatures;
    const weight = numbers(random, inFeatures * outFeatures);
    return this.add(
      { op: 'dense', rows, inFeatures, outFeatures, weight, bias: numbers(random, outFeatures) },
      [x],
      [rows, outFeatures],
    );
  }

  relu(x: string): string {
    return this.prelu(x, [0]);
  }

  prelu(x: string, slope: readonly number[]): string {
    return this.add({ op: 'prelu', slope: Float64Array.from(slope) }, [x], this.shape(x));
  }

  conv(x: string, filters: number, random: Random, given: Partial<ConvFields> = {}): string {
    const inputShape = this.shape(x);
    const spatial = inputShape.length - 2;
    const same = (value: number): number[] => new Array<number>(spatial).fill(value);
    const fields = {
      kernel: same(2),
      groups: 1,
      strides: same(1),
      dilations: same(1),
      padsBegin: same(0),
      padsEnd: same(0),
      ...given,
    };
    const { kernel, ...geometry } = fields;
    const weightShape = [filters, inputShape[1] / fields.groups, ...kernel];
    const body = { ...geometry, inputShape, weightShape };
    const weight = numbers(random, sizeOf(weightShape));
    return this.add({ op: 'conv', ...body, weight, bias: numbers(random, filters) }, [x], planConv(body).outputShape);
  }

  affine(x: string, scale: Float64Array, shift: Float64Array): string {
    return this.add({ op: 'affine', scale, shift }, [x], this.shape(x));
  }

  /** One scale and one shift for each channel, as BatchNormalization has them. */
  perChannel(x: string, random: Random): string {
    const shape = this.shape(x);
    const [scale, shift] = [numbers(random, shape[1], 2), numbers(random, shape[1])];
    const area = sizeOf(shape.slice(2));
    const spread = (values: Float64Array): Float64Array =>
      Float64Array.from({ length: this.size(x) }, (_, i) => values[Math.floor(i / area) % shape[1]]);
    return this.affine(x, spread(scale), spread(shift));
  }

  max(x: string, window: { kernel: number[]; strides: number[]; pads?: number[] }): string {
    const { groups, shape } = this.windows(x, window);
    return this.add({ op: 'max', groups }, [x], shape);
  }

  mean(x: string, window: { kernel: number[]; strides: number[]; pads?: number[] }): string {
    const { groups, shape } = this.windows(x, window);
    return this.add({ op: 'mean', groups, divisors: groupSizes(groups) }, [x], shape);
  }

  /** Reduction over the last axis. */
  reduce(x: string, op: 'max' | 'mean' | 'argMax', selectLast = false): string {
    const shape = this.shape(x);
    const groups = reductionGroups(shape, [shape.length - 1]);
    const reduced = shape.slice(0, -1);
    if (op === 'argMax') return this.add({ op, groups, selectLast }, [x], reduced);
    if (op === 'max') return this.add({ op, groups }, [x], reduced);
    return this.add({ op, groups, divisors: groupSizes(groups) }, [x], reduced);
  }

  clip(x: string, min: number, max: number): string {
    return this.add({ op: 'clip', min, max }, [x], this.shape(x));
  }

  move(inputs: readonly string[], index: readonly number[], constants: readonly number[], shape: Shape): string {
    return this.add(
      { op: 'move', index: Int32Array.from(index), constants: Float64Array.from(constants) },
      inputs,
      shape,
    );
  }

  /** Each element against each threshold, in two orders and with repetitions. */
  compare(x: string, thresholds: readonly number[]): string {
    const size = this.size(x);
    const index = Array.from({ length: size * thresholds.length }, (_, i) => i % size);
    const threshold = Float64Array.from(index, (_, i) => thresholds[Math.floor(i / size)]);
    const shape = [1, index.length];
    return this.add({ op: 'step', threshold, strict: false }, [this.move([x], index, [], shape)], shape);
  }

  concat(...inputs: readonly string[]): string {
    const size = inputs.reduce((sum, x) => sum + this.size(x), 0);
    return this.move(
      inputs,
      Array.from({ length: size }, (_, i) => i),
      [],
      [1, size],
    );
  }

  flatten(x: string): string {
    return this.move(
      [x],
      Array.from({ length: this.size(x) }, (_, i) => i),
      [],
      [1, this.size(x)],
    );
  }

  sum(inputs: readonly string[], coefficients: readonly number[]): string {
    return this.add({ op: 'sum', coefficients }, inputs, this.shape(inputs[0]));
  }

  multiply(a: string, b: string): string {
    return this.add({ op: 'multiply' }, [a, b], this.shape(a));
  }

  /** Over the last axis. */
  softmax(x: string, options: { masked?: readonly number[]; logarithm?: boolean } = {}): string {
    const shape = this.shape(x);
    const groups = reductionGroups(shape, [shape.length - 1]);
    const masked = options.masked && { masked: Uint8Array.from(options.masked) };
    return this.add({ op: 'softmax', groups, logarithm: options.logarithm ?? false, ...masked }, [x], shape);
  }

  /** [batch, rows, inner] times [batch, inner, columns]; one of the batches may be 1. */
  matmul(a: string, b: string): string {
    const [[leftBatch, rows, inner], [rightBatch, , columns]] = [this.shape(a), this.shape(b)];
    const batch = Math.max(leftBatch, rightBatch);
    const places = (count: number): Int32Array => Int32Array.from({ length: batch }, (_, k) => k % count);
    return this.add(
      { op: 'matmul', rows, inner, columns, left: places(leftBatch), right: places(rightBatch) },
      [a, b],
      [batch, rows, columns],
    );
  }

  private windows(
    x: string,
    { kernel, strides, pads = kernel.map(() => 0) }: { kernel: number[]; strides: number[]; pads?: number[] },
  ): { groups: Groups; shape: Shape } {
    const inputShape = this.shape(x);
    const outSpatial = kernel.map(
      (size, axis) => Math.floor((inputShape[2 + axis] + 2 * pads[axis] - size) / strides[axis]) + 1,
    );
    const groups = windowGroups({
      inputShape,
      kernel,
      strides,
      dilations: kernel.map(() => 1),
      padsBegin: pads,
      outSpatial,
    });
    return { groups, shape: [...inputShape.slice(0, 2), ...outSpatial] };
  }
}

interface ConvFields {
  readonly kernel: number[];
  readonly groups: number;
  readonly strides: number[];
  readonly dilations: number[];
  readonly padsBegin: number[];
  readonly padsEnd: number[];
}

function groupSizes({ offsets }: Groups): Float64Array {
  return Float64Array.from({ length: offsets.length - 1 }, (_, i) => offsets[i + 1] - offsets[i]);
}

/** A graph about one layer kind. */
export interface LayerCase {
  readonly name: string;
  readonly make: (random: Random) => Graph;
}

function layer(name: string, build: (sketch: Sketch, random: Random) => string): LayerCase {
  return {
    name,
    make(random) {
      const sketch = new Sketch();
      return sketch.graph(build(sketch, random));
    },
  };
}

/** Every layer kind, in the shapes and with the neighbours in which its integer form differs. */
/** Not in order, one twice, two that may round to one integer. */
export const THRESHOLDS = [0.7, -0.5, -0.1, -0.1, 0.3, 0.300001, -0.45, 0];

export const LAYER_CASES: readonly LayerCase[] = [
  layer('dense', (s, r) => s.dense(s.input([1, 6]), 4, r)),
  layer('dense over several rows', (s, r) => s.dense(s.input([3, 4]), 2, r)),
  layer('dense and relu', (s, r) => s.relu(s.dense(s.input([1, 6]), 4, r))),
  layer('dense, relu and dense', (s, r) => s.dense(s.relu(s.dense(s.input([1, 5]), 6, r)), 3, r)),
  layer('dense, relu and a wider dense and relu', (s, r) =>
    s.relu(s.dense(s.relu(s.dense(s.input([1, 5]), 4, r)), 40, r)),
  ),
  layer('convolution, relu and a wider convolution in groups and relu, the first relu read twice', (s, r) => {
    const x = s.relu(s.conv(s.input([1, 2, 2, 2]), 2, r));
    const shape = { groups: 2, padsBegin: [1, 1], padsEnd: [1, 1] };
    const y = s.relu(s.conv(x, 16, r, { ...shape, kernel: [3, 3] }));
    return s.concat(s.reduce(y, 'mean'), s.reduce(x, 'mean'));
  }),
  layer('one-dimensional convolution', (s, r) => s.conv(s.input([1, 2, 7]), 3, r, { kernel: [3] })),
  layer('one-dimensional convolution with stride, dilation and padding', (s, r) =>
    s.conv(s.input([1, 2, 8]), 2, r, { kernel: [2], strides: [2], dilations: [3], padsBegin: [1], padsEnd: [2] }),
  ),
  layer('two-dimensional convolution', (s, r) => s.conv(s.input([1, 2, 4, 5]), 3, r, { kernel: [2, 3] })),
  layer('convolution in groups', (s, r) => s.conv(s.input([1, 4, 3, 3]), 6, r, { groups: 2 })),
  layer('depthwise convolution with padding and relu', (s, r) =>
    s.relu(s.conv(s.input([1, 3, 3, 3]), 3, r, { groups: 3, kernel: [3, 3], padsBegin: [1, 1], padsEnd: [1, 1] })),
  ),
  layer('convolution with strides, dilations and uneven padding', (s, r) =>
    s.conv(s.input([1, 2, 6, 5]), 2, r, { strides: [2, 1], dilations: [2, 1], padsBegin: [1, 0], padsEnd: [0, 2] }),
  ),
  layer('convolution of a batch of two', (s, r) => s.conv(s.input([2, 2, 3, 3]), 2, r)),
  layer('affine map per element', (s, r) => s.affine(s.input([1, 6]), numbers(r, 6, 3), numbers(r, 6))),
  layer('affine map between layers', (s, r) => s.perChannel(s.relu(s.perChannel(s.input([1, 3, 2, 2]), r)), r)),
  layer('softmax', (s, r) => s.softmax(s.affine(s.input([2, 5]), numbers(r, 10, 4), numbers(r, 10)))),
  layer('softmax with masked elements', (s, r) =>
    s.softmax(s.affine(s.input([2, 3]), numbers(r, 6, 4), numbers(r, 6)), { masked: [0, 0, 1, 1, 0, 1] }),
  ),
  layer('logarithm of a softmax', (s, r) =>
    s.softmax(s.affine(s.input([2, 5]), numbers(r, 10, 4), numbers(r, 10)), { logarithm: true }),
  ),
  layer('products of matrices', (s) => s.matmul(s.input([2, 3, 4]), s.input([2, 4, 2]))),
  layer('products of matrices with one matrix', (s, r) =>
    s.matmul(s.affine(s.input([2, 2, 3]), numbers(r, 12, 2), numbers(r, 12)), s.input([1, 3, 2])),
  ),
  // The sums are long enough to be packed: of a matrix by a matrix, and of one row by it.
  layer('products of matrices with long sums', (s) => s.matmul(s.input([2, 2, 40]), s.input([1, 40, 3]))),
  layer('products of a row with long sums', (s) => s.matmul(s.input([1, 1, 60]), s.input([1, 60, 2]))),
  layer('average pooling', (s) => s.mean(s.input([1, 2, 4, 4]), { kernel: [2, 2], strides: [2, 2] })),
  layer('average pooling with windows of different sizes', (s) =>
    s.mean(s.input([1, 1, 4, 4]), { kernel: [3, 3], strides: [1, 1], pads: [1, 1] }),
  ),
  layer('global mean after relu', (s, r) => s.reduce(s.relu(s.dense(s.input([2, 4]), 5, r)), 'mean')),
  layer('max pooling', (s) => s.max(s.input([1, 2, 4, 4]), { kernel: [2, 2], strides: [2, 2] })),
  layer('max pooling with overlapping windows', (s) =>
    s.max(s.input([1, 1, 5, 5]), { kernel: [3, 3], strides: [2, 2], pads: [1, 1] }),
  ),
  layer('convolution, relu and max pooling', (s, r) =>
    s.max(s.relu(s.conv(s.input([1, 1, 5, 5]), 2, r)), { kernel: [2, 2], strides: [2, 2] }),
  ),
  layer('convolution, overlapping max pooling and relu', (s, r) =>
    s.relu(s.max(s.conv(s.input([1, 1, 5, 5]), 2, r), { kernel: [2, 2], strides: [1, 1] })),
  ),
  layer('maximum of all', (s) => s.reduce(s.input([2, 9]), 'max')),
  layer('transposition', (s) => s.move([s.input([2, 3])], [0, 3, 1, 4, 2, 5], [], [3, 2])),
  layer('slice and repetition', (s) => s.move([s.input([1, 5])], [4, 4, 1, 0], [], [1, 4])),
  layer('padding with zeros', (s) => s.move([s.input([1, 3])], [-1, 0, 1, 2, -1], [0], [1, 5])),
  layer('padding with a constant', (s) => s.move([s.input([1, 3])], [-1, 0, 1, 2, -2], [0.37, -0.81], [1, 5])),
  layer('concatenation of two scales', (s, r) => {
    const [a, b] = [s.input([1, 3]), s.input([1, 4])];
    return s.concat(s.relu(s.dense(a, 3, r)), s.affine(b, numbers(r, 4, 9), numbers(r, 4)));
  }),
  layer('concatenation of two scales before a dense layer', (s, r) => {
    const x = s.input([1, 4]);
    return s.dense(s.concat(s.relu(s.dense(x, 3, r)), s.affine(x, numbers(r, 4, 9), numbers(r, 4))), 3, r);
  }),
  layer('leaky relu', (s, r) => s.prelu(s.dense(s.input([1, 5]), 4, r), [0.01 + 0.3 * r()])),
  layer('prelu with a slope per element', (s, r) => s.prelu(s.dense(s.input([1, 5]), 4, r), Array.from(numbers(r, 4)))),
  layer('prelu with slopes above one and below zero', (s) => s.prelu(s.input([1, 4]), [1.75, -0.5, 0, 1])),
  layer('clip of a dense layer', (s, r) => s.clip(s.dense(s.input([1, 5]), 5, r), -0.4, 0.9)),
  layer('clip of an input', (s) => s.clip(s.input([1, 5]), -0.2, 0.31)),
  layer('clip from above', (s, r) => s.clip(s.dense(s.input([1, 5]), 5, r), -Infinity, 0.5)),
  layer('clip read twice', (s, r) => {
    const wide = s.dense(s.input([1, 5]), 4, r);
    return s.sum([s.clip(wide, 0, 0.3), wide], [1, 0.5]);
  }),
  layer('clip in a concatenation with a wider tensor', (s, r) => {
    const x = s.input([1, 4]);
    return s.concat(s.clip(s.dense(x, 4, r), 0, 0.5), s.relu(s.affine(x, numbers(r, 4, 20), numbers(r, 4))));
  }),
  layer('comparisons of one sum with several constants', (s, r) =>
    s.compare(s.dense(s.input([1, 6]), 2, r), THRESHOLDS),
  ),
  layer('sum of two branches', (s, r) => {
    const x = s.input([1, 4]);
    return s.relu(s.sum([s.dense(x, 3, r), s.relu(s.dense(x, 3, r))], [1, -0.7]));
  }),
  layer('product of two branches', (s, r) => {
    const x = s.input([1, 4]);
    return s.multiply(s.dense(x, 3, r), s.relu(s.dense(x, 3, r)));
  }),
  layer('square', (s, r) => {
    const x = s.dense(s.input([1, 4]), 3, r);
    return s.dense(s.multiply(x, x), 2, r);
  }),
];

/** A random chain of two to five layers on at most some sixty elements, ending in one or two outputs. */
export function randomGraph(random: Random): Graph {
  const sketch = new Sketch();
  let x = sketch.input(
    random() < 0.5
      ? [1, integer(random, 2, 8)]
      : [1, integer(random, 1, 3), integer(random, 2, 4), integer(random, 2, 4)],
  );
  const early: string[] = [];
  const count = integer(random, 2, 5);
  for (let i = 0; i < count; i += 1) {
    early.push(x);
    x = grow(sketch, x, early, random);
  }
  return random() < 0.3 ? sketch.graph(x, early[early.length - 1]) : sketch.graph(x);
}

function grow(s: Sketch, x: string, early: readonly string[], random: Random): string {
  const image = s.shape(x).length === 4;
  const choices: (() => string)[] = [
    () => s.dense(image ? s.flatten(x) : x, integer(random, 1, 6), random),
    () => s.relu(x),
    () => s.prelu(x, [integer(random, 1, 15) / 16]),
    () => s.clip(x, -random(), random()),
    () => s.affine(x, numbers(random, s.size(x), 2), numbers(random, s.size(x))),
    () => s.concat(x, early[integer(random, 0, early.length - 1)]),
    () => s.sum([x, x], [1, random()]),
    () => s.multiply(x, x),
    ...(image
      ? [
          () =>
            s.conv(x, integer(random, 1, 3), random, {
              kernel: s
                .shape(x)
                .slice(2)
                .map((size) => integer(random, 1, Math.min(2, size))),
              padsBegin: [integer(random, 0, 1), 0],
            }),
          () => s.max(x, { kernel: [2, 2], strides: [1, 1], pads: [1, 1] }),
          () => s.mean(x, { kernel: [1, s.shape(x)[3]], strides: [1, 1] }),
          () => s.perChannel(x, random),
        ]
      : [
          () => s.reduce(x, 'max'),
          () =>
            s.move(
              [x],
              Array.from({ length: s.size(x) }, (_, i) => s.size(x) - 1 - i),
              [],
              s.shape(x),
            ),
        ]),
  ];
  const next = choices[integer(random, 0, choices.length - 1)]();
  // A scalar has no row to go on with.
  return s.shape(next).length < 2
    ? s.move(
        [next],
        Array.from({ length: s.size(next) }, (_, i) => i),
        [],
        [1, s.size(next)],
      )
    : next;
}
