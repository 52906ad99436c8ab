/**
 * Where each tensor of a network is cut back to few bits, to which grid, and how many values then are: decided from the
 * outputs to the inputs before any integer op is made. What a kind of layer does to its inputs stands in its row of
 * `layers/`.
 */
import type { Graph, GraphNode } from '../network/graph.js';
import { layerOf } from '../network/layers/index.js';
import { leastOf } from '../tensor/extremes.js';
import { sizeOf, type Shape } from '../tensor/shape.js';
import { quantizedLayerOf } from './layers/index.js';
import { gridFor, gridOfClip, operandBits, type Grid } from './scale.js';
import type { TensorStatistics } from './statistics.js';

/** Bits of a tensor whose bits are its own. */
const [LEAST_BITS, MOST_BITS] = [2, 16];
/** Outputs whose ranges differ by this factor have a step for the smallest. */
const UNLIKE = 4;
/** An output's finest step in those of its tensor: values then keep far below the limit of an accumulator. */
const FINEST_OUTPUT = 2 ** -20;

export class CutPlan {
  private readonly readers = new Map<string, GraphNode[]>();
  private readonly outputs: ReadonlySet<string>;
  private readonly grids = new Map<string, Grid | undefined>();
  private readonly counts = new Map<string, number>();
  private readonly shapes = new Map<string, Shape>();
  private readonly leastReads = new Map<string, number>();

  constructor(
    graph: Graph,
    private readonly statistics: ReadonlyMap<string, TensorStatistics>,
    readonly bits: number,
    /** By tensor: bits beyond these that a rectifier's or a clip's result has (`sensitivity.ts`). */
    private readonly spread: ReadonlyMap<string, number> = new Map(),
    /** Whether tensors that several layers read are made as fine as the functions and products among these ask for. */
    readonly asksReaders = true,
  ) {
    this.outputs = new Set(graph.outputs.map((output) => output.tensor));
    for (const input of graph.inputs) this.shapes.set(input.name, input.shape);
    for (const node of graph.nodes) {
      this.shapes.set(node.output, node.shape);
      for (const input of node.inputs) {
        const readers = this.readers.get(input);
        if (readers === undefined) this.readers.set(input, [node]);
        else readers.push(node);
      }
    }
    const names = [...graph.inputs.map((input) => input.name), ...graph.nodes.map((node) => node.output)];
    for (const name of names.reverse()) {
      const readers = this.readersOf(name);
      const [reader] = readers;
      this.grids.set(
        name,
        readers.length === 1 && !this.outputs.has(name) ? quantizedLayerOf(reader).cut(reader, name, this) : undefined,
      );
      this.counts.set(
        name,
        readers.reduce((most, node) => Math.max(most, quantizedLayerOf(node).cutCount(node, name, this)), 0),
      );
    }
  }

  private readersOf(name: string): readonly GraphNode[] {
    return this.readers.get(name) ?? [];
  }

  /** The kinds of layers that read a tensor. */
  readerKinds(name: string): readonly GraphNode['op'][] {
    return this.readersOf(name).map(({ op }) => op);
  }

  statisticsOf(name: string): TensorStatistics {
    return this.statistics.get(name) as TensorStatistics;
  }

  /** Bits to which a rectifier or a clip cuts its result. */
  bitsOf(name: string): number {
    return Math.min(MOST_BITS, Math.max(LEAST_BITS, this.bits + (this.spread.get(name) ?? 0)));
  }

  isOutput(name: string): boolean {
    return this.outputs.has(name);
  }

  /** Bits to which a tensor is cut that layers read as an operand or a factor. */
  get operandBits(): number {
    return operandBits(this.bits);
  }

  /** Whether a tensor is read as the argument of a function and by other layers too. */
  isArgumentAndMore(name: string): boolean {
    const kinds = this.readersOf(name).map(({ op }) => op);
    return kinds.includes('function') && kinds.some((kind) => kind !== 'function');
  }

  /** Whether a product of activations reads the tensor, at once or through moves. */
  isFactor(name: string): boolean {
    return this.readersOf(name).some(
      (reader) =>
        layerOf(reader).errors === 'multiplied' || (layerOf(reader).onlyMoves(reader) && this.isFactor(reader.output)),
    );
  }

  /** Number of elements of a graph tensor. */
  size(name: string): number {
    return sizeOf(this.shapes.get(name) as Shape);
  }

  /**
   * The grid to which the values of this graph tensor will be cut where it is next cut; undefined if nothing cuts it.
   */
  cut(name: string): Grid | undefined {
    return this.grids.get(name);
  }

  /** How many values will be cut when this graph tensor, or what linear layers make of it, is next cut. */
  nextCut(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  /**
   * How many values will next be cut of what linear layers make of this tensor, all of them together: one cut of it
   * serves them all.
   */
  nextCutOfReaders(name: string): number {
    const sharing = this.readersOf(name).filter((reader) => quantizedLayerOf(reader).sharesCut);
    return sharing.reduce((sum, { output }) => sum + this.nextCut(output), 0);
  }

  /**
   * The same for a tensor that `reader`, a layer without cuts of its own, reads: at most as many as it has elements, or
   * its result.
   */
  carriedThrough(reader: GraphNode, name: string): number {
    return Math.min(
      this.nextCut(reader.output),
      Math.max(this.size(name), this.cut(reader.output) ? sizeOf(reader.shape) : 0),
    );
  }

  /**
   * The grid of an activation that leaves a nonlinearity: its range, or that of the concatenation it goes into, so that
   * all parts of a concatenation share one scale.
   */
  activationGrid(name: string, min?: number): Grid {
    const bits = this.bitsOf(name);
    let range = this.statisticsOf(name);
    for (
      let readers = this.readersOf(name);
      readers.length === 1 && layerOf(readers[0]).onlyMoves(readers[0]) && !this.outputs.has(name);
    ) {
      name = readers[0].output;
      if (readers[0].inputs.length > 1) range = this.statisticsOf(name);
      readers = this.readersOf(name);
    }
    return gridFor(min ?? range.min, Math.max(range.max, min ?? range.max), bits);
  }

  /**
   * The step that an accumulator is made for which nothing cuts: that of its tensor's own range; where it is a row of
   * outputs, or moves to one, whose elements differ in size, that of the smallest. Finer steps cost output bits alone.
   */
  uncutStep(name: string): number {
    const { step } = this.ownGrid(name);
    const least = Math.min(this.leastOutput(name) / (2 ** this.bits - 1), this.leastRead(name));
    return least * UNLIKE < step ? Math.max(least, FINEST_OUTPUT * step) : step;
  }

  /** The step to which a tensor is next cut, or else that its accumulator is made for. */
  wantedStep(name: string): number {
    return this.cut(name)?.step ?? this.uncutStep(name);
  }

  /**
   * The finest step that a reader asks for which knows its own: a function that is steep somewhere in its argument's
   * range, such as the exponential of a softmax over scores of hundreds, or a sum in which the largest terms cancel.
   */
  leastRead(name: string): number {
    // From outputs to inputs, so that what a reader's result asks for is known: a chain of readers may be long.
    if (this.leastReads.size === 0) {
      for (const each of this.grids.keys()) this.leastReads.set(each, this.leastReadOfReaders(each));
    }
    return this.leastReads.get(name) ?? Infinity;
  }

  /** The step that the square root of a sum asks of what is added up; undefined where the tensor goes elsewhere. */
  stepForRoot(name: string): number | undefined {
    const [reader, ...others] = this.readersOf(name);
    return reader === undefined || others.length > 0 ? undefined : quantizedLayerOf(reader).stepForRoot(reader, this);
  }

  /** The step that a square root asks of this tensor; undefined where anything else reads it. */
  stepOfRoot(name: string): number | undefined {
    const [root, ...others] = this.readersOf(name);
    if (root === undefined || others.length > 0 || !quantizedLayerOf(root).takesRoot(root)) return undefined;
    return this.cut(name)?.step ?? quantizedLayerOf(root).cut(root, name, this)?.step;
  }

  private leastReadOfReaders(name: string): number {
    return leastOf(this.readersOf(name).map((reader) => this.readStep(reader, name)));
  }

  /** The step that a reader asks of its input `name`; Infinity where it asks for none. */
  readStep(reader: GraphNode, name: string): number {
    return quantizedLayerOf(reader).readStep(reader, name, this);
  }

  /** The smallest range of an output that is an element of this tensor, or of what moves make of it. */
  private leastOutput(name: string): number {
    const own = this.outputs.has(name) ? (this.statisticsOf(name).leastRange ?? Infinity) : Infinity;
    const moved = this.readersOf(name).filter((reader) => layerOf(reader).onlyMoves(reader));
    return leastOf([own, ...moved.map((reader) => this.leastOutput(reader.output))]);
  }

  /** The grid that a clip cuts to, whose ends saturation must keep. */
  clipGrid({ output, min, max }: Extract<GraphNode, { op: 'clip' }>): Grid {
    const known = this.statisticsOf(output);
    return gridOfClip(known.min, known.max, this.bitsOf(output), [min, max]);
  }

  /** The grid of a tensor's own range, of activation bits unless given. */
  ownGrid(name: string, bits = this.bits): Grid {
    const { min, max } = this.statisticsOf(name);
    return gridFor(min, max, bits);
  }
}
