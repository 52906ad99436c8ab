/**
 * The workbench of quantization: it keeps the integer ops made so far, each tensor's scale and worst-case interval, and
 * offers the steps that every layer kind needs: choosing an accumulator's scale from what reads it, cutting a wide
 * tensor back to few bits, giving tensors one common scale.
 *
 * The trap: a tensor of the graph may be read at two precisions; `narrow` makes a second tensor beside the first.
 */
import type { Graph, GraphNode } from '../onnx/graph.js';
import { hull, type Intervals } from '../tensor/intervals.js';
import { sizeOf, type Shape } from '../tensor/shape.js';
import { AccumulatorOverflowError } from './errors.js';
import { ACCUMULATOR_LIMIT, type IntegerInput, type IntegerOp } from './integer-model.js';
import { bitsOf, boundOp, inputIntervals } from './intervals.js';
import { accumulatorShift, gridFor, NOISE_AT_OUTPUT, NOISE_BEFORE_REQUANTIZE, type Grid, type Term } from './scale.js';
import type { TensorStatistics } from './statistics.js';

/** A tensor of the integer model while it is being made. */
export interface Quantized {
  readonly name: string;
  readonly shape: Shape;
  /** One entry, or one per element (graph inputs with scales of their own). */
  readonly scale: Float64Array;
  readonly bounds: Intervals;
  /** Mean square of the integers, over elements and calibration samples. */
  readonly meanSquare: number;
}

type OpFields<T> = T extends IntegerOp ? Omit<T, 'output' | 'inputs' | 'shape' | 'scale' | 'layer'> : never;
/** What distinguishes an op from others of its kind: everything but its place in the model. */
export type OpBody = OpFields<IntegerOp>;

/** Constraints that cutting one value costs beyond one per bit. */
const REQUANTIZE_OVERHEAD = 5;

export class Lowering {
  readonly ops: IntegerOp[] = [];
  private readonly tensors = new Map<string, Quantized>();
  private readonly readers = new Map<string, GraphNode[]>();
  private readonly outputs: ReadonlySet<string>;
  private readonly narrowed = new Map<string, Quantized>();
  private layer = '';

  constructor(
    graph: Graph,
    inputs: readonly IntegerInput[],
    private readonly statistics: ReadonlyMap<string, TensorStatistics>,
    readonly bits: number,
  ) {
    this.outputs = new Set(graph.outputs.map((output) => output.tensor));
    for (const node of graph.nodes) {
      for (const input of node.inputs) this.readers.set(input, [...(this.readers.get(input) ?? []), node]);
    }
    for (const input of inputs) {
      const meanSquare = input.scale.length === 1 ? this.statisticsOf(input.name).meanSquare / input.scale[0] ** 2 : uniformMeanSquare(input);
      this.tensors.set(input.name, { name: input.name, shape: input.shape, scale: input.scale, bounds: inputIntervals(input), meanSquare });
    }
  }

  /** Ops emitted from now on belong to this layer of the network. */
  enter(node: GraphNode): void {
    this.layer = node.name;
  }

  tensor(name: string): Quantized {
    return this.tensors.get(name) as Quantized;
  }

  statisticsOf(name: string): TensorStatistics {
    return this.statistics.get(name) as TensorStatistics;
  }

  /** Appends an op; its result stands for the graph tensor `output` if it has that name. */
  emit(body: OpBody, inputs: readonly Quantized[], output: string, shape: Shape, scale: number): Quantized {
    const op = { ...body, inputs: inputs.map((input) => input.name), output, shape, scale, layer: this.layer } as IntegerOp;
    const bounds = boundOp(op, inputs.map((input) => input.bounds));
    const statistics = this.statistics.get(output);
    const meanSquare = statistics ? statistics.meanSquare / scale ** 2 : Math.max(...inputs.map((input) => input.meanSquare));
    const made: Quantized = { name: output, shape, scale: Float64Array.of(scale), bounds, meanSquare };
    this.ops.push(op);
    this.tensors.set(output, made);
    return made;
  }

  /** Emits a linear op, and refuses it if an accumulator could leave exact arithmetic. */
  emitLinear(body: OpBody, inputs: readonly Quantized[], output: string, shape: Shape, scale: number): Quantized {
    const made = this.emit(body, inputs, output, shape, scale);
    const magnitude = magnitudeOf(made.bounds);
    if (!(magnitude <= ACCUMULATOR_LIMIT)) {
      throw new AccumulatorOverflowError(
        `layer '${this.layer}': its accumulators reach ${magnitude}, over 2^50; use fewer --activation-bits or calibration data with a wider range`,
      );
    }
    return made;
  }

  /** The grid to which the values of this graph tensor will be cut where it is next cut; undefined if nothing cuts it. */
  private cut(name: string): Grid | undefined {
    const readers = this.readers.get(name) ?? [];
    if (readers.length !== 1 || this.outputs.has(name)) return undefined;
    const [reader] = readers;
    switch (reader.op) {
      case 'prelu':
        return reader.slope.every((slope) => slope === 0) ? this.activationGrid(reader.output, 0) : this.ownGrid(name);
      case 'clip':
        return this.activationGrid(reader.output);
      case 'max':
      case 'sum':
        return this.cut(reader.output);
      case 'move':
        return reader.inputs.length === 1 ? this.cut(reader.output) : undefined;
      default:
        return undefined;
    }
  }

  /**
   * The grid of an activation that leaves a nonlinearity: its range, or that of the concatenation it goes into, so that
   * all parts of a concatenation share one scale.
   */
  activationGrid(name: string, min?: number): Grid {
    let range = this.statisticsOf(name);
    for (let readers = this.readers.get(name) ?? []; readers.length === 1 && readers[0].op === 'move' && !this.outputs.has(name); ) {
      name = readers[0].output;
      if (readers[0].inputs.length > 1) range = this.statisticsOf(name);
      readers = this.readers.get(name) ?? [];
    }
    return gridFor(min ?? range.min, Math.max(range.max, min ?? range.max), this.bits);
  }

  private ownGrid(name: string): Grid {
    const { min, max } = this.statisticsOf(name);
    return gridFor(min, max, this.bits);
  }

  /** Scale of an accumulator for graph tensor `name` made of these terms: a power-of-two fraction of the next cut's step. */
  accumulatorScale(name: string, terms: readonly Term[], rows: number): number {
    const cut = this.cut(name);
    const { step } = cut ?? this.ownGrid(name);
    return step / 2 ** accumulatorShift(terms, rows, step, cut ? NOISE_BEFORE_REQUANTIZE : NOISE_AT_OUTPUT);
  }

  /** Cuts x to a grid. The step becomes the nearest power-of-two multiple of x's scale at or above the one wished for. */
  requantize(x: Quantized, grid: Grid, output: string): Quantized {
    const scale = x.scale[0];
    const shift = Math.max(0, Math.ceil(Math.log2(grid.step / scale) - 1e-9));
    const step = scale * 2 ** shift;
    const low = Math.round((grid.low * grid.step) / step) + 0;
    return this.emit({ kind: 'requantize', shift, low, bits: this.bits }, [x], output, x.shape, step);
  }

  /** x cut to activation bits over its calibrated range, if it is wider than that; x itself otherwise. */
  narrow(x: Quantized): Quantized {
    if (bitsOf(spanOf(x.bounds)) <= this.bits) return x;
    const known = this.narrowed.get(x.name);
    if (known) return known;
    const uniform = this.uniform(x);
    const cut = this.requantize(uniform, this.ownGrid(x.name), `${x.name}/narrow`);
    this.narrowed.set(x.name, cut);
    return cut;
  }

  /**
   * x as a linear layer should read it: cut first where that costs fewer constraints than carrying its extra bits into
   * the `cuts` accumulators that will be cut afterwards.
   */
  operand(x: Quantized, reader: GraphNode): Quantized {
    const bits = bitsOf(spanOf(x.bounds));
    const extra = bits - this.bits;
    if (extra <= 0) return x;
    const cuts = this.cut(reader.output) ? sizeOf(reader.shape) : 0;
    const tooWide = bits > 34;
    return tooWide || cuts * extra > sizeOf(x.shape) * (bits + REQUANTIZE_OVERHEAD) ? this.narrow(x) : x;
  }

  /** x with one scale for all elements. */
  uniform(x: Quantized): Quantized {
    if (x.scale.length === 1) return x;
    const smallest = x.scale.reduce((least, scale) => Math.min(least, scale), Infinity);
    const output = `${x.name}/uniform`;
    return this.tensors.get(output) ?? this.rescale(x, smallest, output);
  }

  /** x expressed in units of `scale` or of a fraction of it small enough that the factors are precise. */
  private rescale(x: Quantized, scale: number, output: string): Quantized {
    const unit = scale / 2 ** accumulatorShift([{ coefficients: x.scale, meanSquare: x.meanSquare }], x.scale.length, scale, NOISE_AT_OUTPUT);
    const size = sizeOf(x.shape);
    const factor = new Float64Array(size).map((_, i) => Math.round(x.scale[x.scale.length === 1 ? 0 : i] / unit));
    return this.emitLinear({ kind: 'affine', factor, shift: new Float64Array(size) }, [x], output, x.shape, unit);
  }

  /** All tensors in one scale, the finest of theirs or a fraction of it. */
  align(inputs: readonly Quantized[], output: string): { readonly inputs: readonly Quantized[]; readonly scale: number } {
    const uniform = inputs.map((input) => this.uniform(input));
    const scales = uniform.map((input) => input.scale[0]);
    const finest = Math.min(...scales);
    if (scales.every((scale) => scale === finest)) return { inputs: uniform, scale: finest };
    const terms = uniform.map((input) => ({ coefficients: input.scale, meanSquare: input.meanSquare }));
    const unit = finest / 2 ** accumulatorShift(terms, 1, Math.max(...scales), NOISE_AT_OUTPUT);
    const aligned = uniform.map((input, k) => {
      const factor = Math.round(input.scale[0] / unit);
      if (factor === 1) return input;
      const size = sizeOf(input.shape);
      const body: OpBody = { kind: 'affine', factor: new Float64Array(size).fill(factor), shift: new Float64Array(size) };
      return this.emitLinear(body, [input], `${output}/aligned${k}`, input.shape, unit);
    });
    return { inputs: aligned, scale: unit };
  }

  /** Makes `name` another name of x. */
  alias(name: string, x: Quantized): void {
    this.tensors.set(name, x);
  }
}

/** Largest magnitude of any element. */
function magnitudeOf(bounds: Intervals): number {
  const [low, high] = hull(bounds);
  return Math.max(Math.abs(low), Math.abs(high));
}

/** Widest interval of any one element. */
export function spanOf(bounds: Intervals): number {
  return bounds.low.reduce((widest, low, i) => Math.max(widest, bounds.high[i] - low), 0);
}

/** Inputs with their own scales have no common unit; assume a uniform spread over the codes. */
function uniformMeanSquare(input: IntegerInput): number {
  const top = 2 ** input.bits - 1;
  const squares = input.low.map((low) => (low * low + low * (low + top) + (low + top) ** 2) / 3);
  return squares.reduce((sum, value) => sum + value, 0) / squares.length;
}
