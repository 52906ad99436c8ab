/**
 * Random small ONNX graphs, each in two files: one with plain names, one whose names are chosen to hurt (the names of
 * the compiler's own helpers for other tensors of the graph, of the circuit's parts, of every object). Shapes have
 * ones in them, branches are read twice, outputs lie in the middle. `wild` graphs have layers of very different
 * sizes.
 */
import type { TensorMessage } from '../../src/onnx/schema.js';
import { sizeOf, type Shape } from '../../src/tensor/shape.js';
import { float, floats, int64s, makeModel, node, type NodeSpec } from '../onnx/support/make-model.js';
import { integer, type Random } from '../quantize/support/graphs.js';

/** One graph, written twice. */
export interface Twins {
  readonly plain: Uint8Array;
  readonly hostile: Uint8Array;
  readonly inputs: readonly Shape[];
  /** Names of the hostile file's tensors, for messages. */
  readonly names: readonly string[];
  readonly wild: boolean;
}

interface Tensor {
  readonly id: number;
  readonly shape: Shape;
}

type Attributes = NodeSpec['attributes'];

const pick = <T>(random: Random, choices: readonly T[]): T => choices[integer(random, 0, choices.length - 1)];

/** What the quantizer, the fusion, the front end and the compiler have called tensors of their own, or still do. */
const HELPERS = [
  'scaled',
  'narrow',
  'uniform',
  'aligned0',
  'aligned1',
  'refined0',
  'positive',
  'falling',
  'rising',
  'moved',
  'pooled',
  'expand',
  'step',
  'one',
  '0',
];
const ODD = [
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'x',
  'y',
  'one',
  'main',
  'main.out[0]',
  'out[0]',
  'context',
  'secret[0]',
  '(outputs)',
  '(input range checks)',
  'x,1,2',
  '*/',
  'a\nb',
  ' ',
  '.',
  '../up',
  '\u202egnp',
  '\u0131',
  'K',
  '\u212a',
  'node t1',
  't1#2',
];

class Sketch {
  readonly shapes: Shape[] = [];
  readonly inputs: Tensor[] = [];
  readonly constants: { readonly id: number; readonly data: TensorMessage }[] = [];
  readonly nodes: {
    readonly op: string;
    readonly inputs: readonly number[];
    readonly output: number;
    readonly attributes: Attributes;
  }[] = [];

  constructor(
    readonly random: Random,
    readonly wild: boolean,
  ) {}

  input(shape: Shape): Tensor {
    const made = this.tensor(shape);
    this.inputs.push(made);
    return made;
  }

  /** Numbers of a layer: of size one, or in wild graphs of any. */
  constant(shape: Shape, size = 1, from = -1): Tensor {
    const made = this.tensor(shape);
    const unit = size * (this.wild ? pick(this.random, [0.001, 0.05, 1, 1, 40, 900]) : 1);
    const data = Array.from({ length: sizeOf(shape) }, () => Math.fround(unit * (from + (1 - from) * this.random())));
    this.constants.push({ id: made.id, data: floats([...shape], data) });
    return made;
  }

  integers(values: readonly number[]): Tensor {
    const made = this.tensor([values.length]);
    this.constants.push({ id: made.id, data: int64s([...values]) });
    return made;
  }

  exactly(shape: Shape, values: readonly number[]): Tensor {
    const made = this.tensor(shape);
    this.constants.push({ id: made.id, data: floats([...shape], values.map(Math.fround)) });
    return made;
  }

  add(op: string, inputs: readonly Tensor[], shape: Shape, attributes: Attributes = {}): Tensor {
    const made = this.tensor(shape);
    this.nodes.push({ op, inputs: inputs.map(({ id }) => id), output: made.id, attributes });
    return made;
  }

  private tensor(shape: Shape): Tensor {
    this.shapes.push(shape);
    return { id: this.shapes.length - 1, shape };
  }

  write(names: readonly string[], nodeNames: readonly string[], outputs: readonly Tensor[]): Uint8Array {
    const named = <T>(entries: readonly (readonly [number, T])[]): Record<string, T> => {
      const record = {};
      // A tensor may be called __proto__.
      for (const [id, value] of entries) Object.defineProperty(record, names[id], { value, enumerable: true });
      return record;
    };
    return makeModel({
      inputs: named(this.inputs.map(({ id, shape }) => [id, [...shape]])),
      outputs: outputs.map(({ id }) => names[id]),
      constants: named(this.constants.map(({ id, data }) => [id, data])),
      nodes: this.nodes.map(({ op, inputs, output, attributes }, i) =>
        node(
          op,
          inputs.map((id) => names[id]),
          [names[output]],
          attributes,
          nodeNames[i],
        ),
      ),
    });
  }
}

/** A graph of two to eight nodes. */
export function randomTwins(random: Random): Twins {
  const wild = random() < 0.4;
  const sketch = new Sketch(random, wild);
  const image = random() < 0.4;
  let x = sketch.input(
    image ? [1, integer(random, 1, 3), integer(random, 1, 4), integer(random, 2, 4)] : [1, integer(random, 1, 7)],
  );
  const tensors = [x, ...(random() < 0.3 ? [sketch.input([1, integer(random, 1, 4)])] : [])];
  const count = integer(random, 2, 8);
  while (sketch.nodes.length < count) {
    const from = random() < 0.75 ? x : pick(random, tensors);
    const made = grow(sketch, from, tensors);
    if (sizeOf(made.shape) > 80) continue;
    x = made;
    tensors.push(x);
  }
  const made = new Set(sketch.nodes.map(({ output }) => output));
  const middle = tensors.filter(({ id }) => made.has(id));
  const outputs = [...new Set([x, ...Array.from({ length: integer(random, 0, 2) }, () => pick(random, middle))])];
  const plainNames = sketch.shapes.map((_, id) => `t${id}`);
  const names = hostileNames(sketch.shapes.length, random);
  return {
    plain: sketch.write(
      plainNames,
      sketch.nodes.map((_, i) => `n${i}`),
      outputs,
    ),
    hostile: sketch.write(names, nodeNames(names, sketch.nodes.length, random), outputs),
    inputs: sketch.inputs.map(({ shape }) => shape),
    names,
    wild,
  };
}

/** Distinct names, most of them those of helpers for other tensors. */
function hostileNames(count: number, random: Random): string[] {
  const names: string[] = [];
  const taken = new Set<string>();
  while (names.length < count) {
    const base = names.length > 0 && random() < 0.7 ? pick(random, names) : pick(random, ODD);
    const wanted =
      random() < 0.7
        ? `${base}/${pick(random, HELPERS)}`
        : pick(random, [base, `${base}#2`, `node ${base}`, `t${names.length}`]);
    if (wanted === '' || wanted.length > 60 || taken.has(wanted)) continue;
    taken.add(wanted);
    names.push(wanted);
  }
  // Later tensors lend their names to earlier ones' helpers, too.
  return random() < 0.5 ? names.reverse() : names;
}

/** Distinct, as onnxruntime wants them; or none. */
function nodeNames(names: readonly string[], count: number, random: Random): string[] {
  const left = new Set([...ODD, ...names]);
  return Array.from({ length: count }, () => {
    const name = pick(random, ['', ...left]);
    left.delete(name);
    return name;
  });
}

function grow(s: Sketch, x: Tensor, tensors: readonly Tensor[]): Tensor {
  const { random } = s;
  const size = sizeOf(x.shape);
  const alike = tensors.filter(({ shape }) => String(shape) === String(x.shape));
  const rows = tensors.filter(({ shape }) => shape.length === 2 && shape[0] === 1);
  const image = x.shape.length === 4;
  const flat = (): Tensor => (x.shape.length === 2 && x.shape[0] === 1 ? x : s.add('Flatten', [x], [1, size]));
  const choices: (() => Tensor)[] = [
    () => {
      const out = integer(random, 1, 6);
      return s.add('Gemm', [flat(), s.constant([size, out]), s.constant([out])], [1, out]);
    },
    () => {
      const out = pick(random, [1, 3, 12]);
      return s.add('MatMul', [flat(), s.constant([size, out])], [1, out]);
    },
    () => s.add('Relu', [x], x.shape),
    () => s.add('Relu', [x], x.shape),
    () => s.add('LeakyRelu', [x], x.shape, { alpha: float(pick(random, [0.01, 0.3, 1, 1.5])) }),
    () => s.add('PRelu', [x, s.constant([...x.shape], 0.5)], x.shape),
    () => s.add('Clip', [x, s.exactly([], [-random()]), s.exactly([], [random()])], x.shape),
    () => s.add('Abs', [x], x.shape),
    () => s.add('Neg', [x], x.shape),
    () => s.add('Identity', [x], x.shape),
    () =>
      s.add(pick(random, ['Add', 'Sub', 'Mul']), [x, s.constant(pick(random, [x.shape, [], [1]]), 1, 0.1)], x.shape),
    () => s.add(pick(random, ['Add', 'Sub', 'Mul', 'Max', 'Min']), [x, pick(random, alike)], x.shape),
    () => {
      const own = flat();
      const other = pick(random, [own, ...rows]);
      const parts = [own, other, ...(random() < 0.3 ? [own] : [])];
      return s.add('Concat', parts, [1, parts.reduce((sum, { shape }) => sum + sizeOf(shape), 0)], { axis: 1 });
    },
    () => {
      const axis = x.shape.length - 1;
      return s.add(pick(random, ['ReduceMax', 'ReduceMean']), [x], [...x.shape.slice(0, -1), 1], {
        axes: [axis],
        keepdims: 1,
      });
    },
    () => {
      const order = x.shape.map((_, axis) => axis).reverse();
      const turned = s.add(
        'Transpose',
        [x],
        order.map((axis) => x.shape[axis]),
        { perm: order },
      );
      return s.add('Reshape', [turned, s.integers([1, size])], [1, size]);
    },
    ...(image
      ? [
          () => {
            const [, channels, height, width] = x.shape;
            const kernel = [integer(random, 1, Math.min(2, height)), integer(random, 1, Math.min(3, width))];
            const pads = [integer(random, 0, kernel[0] - 1), integer(random, 0, kernel[1] - 1), 0, 0];
            const groups = random() < 0.3 ? channels : 1;
            const filters = groups * integer(random, 1, groups === 1 ? 3 : 1);
            const shape = [1, filters, height + pads[0] - kernel[0] + 1, width + pads[1] - kernel[1] + 1];
            return s.add(
              'Conv',
              [x, s.constant([filters, channels / groups, ...kernel]), s.constant([filters])],
              shape,
              { kernel_shape: kernel, pads, group: groups },
            );
          },
          () => {
            const [, channels, height, width] = x.shape;
            const kernel = [integer(random, 1, height), integer(random, 1, width)];
            return s.add(
              pick(random, ['MaxPool', 'AveragePool']),
              [x],
              [1, channels, height - kernel[0] + 1, width - kernel[1] + 1],
              { kernel_shape: kernel },
            );
          },
          () => {
            const channels = [x.shape[1]];
            const variance = s.exactly(
              channels,
              Array.from({ length: channels[0] }, () => 0.2 + random()),
            );
            return s.add(
              'BatchNormalization',
              [x, s.constant(channels), s.constant(channels), s.constant(channels), variance],
              x.shape,
            );
          },
          () => s.add('GlobalAveragePool', [x], [1, x.shape[1], 1, 1]),
        ]
      : []),
  ];
  return pick(random, choices)();
}
