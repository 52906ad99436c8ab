/** Collects the nodes of a {@link Graph} while operators are lowered, and keeps names unique and sizes bounded. */
import type { GraphNode } from '../network/graph.js';
import { ModelTooLargeError } from './errors.js';
import type { OnnxNode } from './model.js';
import type { Facts } from './facts.js';
import { showShape, sizeOf, type Shape } from '../tensor/shape.js';

/** Bytes that a model's tensors may take, unless the caller says how much memory there is. */
export const DEFAULT_MEMORY = 2 ** 33;

/** Bytes of an element: a double of its value, and another of the constant that meets it. */
const ELEMENT_BYTES = 16;

/** Of the elements that all tensors may have together, the share that one of them may have. */
const ONE_TENSOR = 1 / 8;

/** Most dimensions of a tensor. */
const MAX_RANK = 32;

/**
 * Most nodes once loops are unrolled and functions expanded: a file of a few nodes must not become a computation
 * without end.
 */
const MAX_NODES = 2 ** 20;

/** Most multiplications in one layer. */
const MAX_WORK = 2 ** 33;

/** Most elements in all windows of one convolution together. */
const MAX_UNROLLED = 2 ** 25;

export class GraphBuilder {
  readonly nodes: GraphNode[] = [];
  readonly notes: string[] = [];
  /** By tensor: what is known of graph inputs, and has been worked out of others (see facts.ts). */
  readonly facts = new Map<string, Facts>();
  /** By what was left out: the softmax that a node computes with, made once (see settle.ts). */
  readonly settled = new Map<string, string>();
  private readonly makers = new Map<string, GraphNode>();
  private readonly names = new Set<string>();
  /** By wanted name: the number to try next. */
  private readonly counts = new Map<string, number>();
  private readonly budget: { left: number; nodes: number; readonly memory: number };

  /**
   * A scratch builder shares the size budget of the one it works for.
   * @param outputs - names of the model's outputs, which somebody reads as the file has them
   * @param memory - bytes that tensors may take
   */
  constructor(
    parent?: GraphBuilder,
    readonly outputs: ReadonlySet<string> = parent?.outputs ?? new Set(),
    memory = DEFAULT_MEMORY,
  ) {
    this.budget = parent?.budget ?? { left: Math.floor(memory / ELEMENT_BYTES), nodes: MAX_NODES, memory };
  }

  add(node: GraphNode): void {
    this.nodes.push(node);
    this.makers.set(node.output, node);
  }

  /** Marks a tensor that has not been reduced to its integer type yet: its range is that of exact whole numbers. */
  widen(tensor: string, integers: readonly [number, number]): void {
    const made = this.makers.get(tensor);
    if (made?.integers === undefined) return;
    const wide = { ...made, integers };
    this.nodes[this.nodes.lastIndexOf(made)] = wide;
    this.makers.set(tensor, wide);
  }

  /** The node that makes a tensor; undefined for graph inputs. */
  makerOf(tensor: string): GraphNode | undefined {
    return this.makers.get(tensor);
  }

  /** Number of elements of a tensor that exists. */
  elementsOf(tensor: string): number {
    const shape = this.makers.get(tensor)?.shape;
    return shape === undefined ? (this.facts.get(tensor)?.bounds.low.length ?? 0) : sizeOf(shape);
  }

  /** `wanted`, or `wanted` with a number after it where the name is taken. */
  unique(wanted: string): string {
    let name = wanted;
    let count = this.counts.get(wanted) ?? 2;
    for (; this.names.has(name); count++) name = `${wanted}#${count}`;
    this.counts.set(wanted, count);
    this.names.add(name);
    return name;
  }

  /** Called for each node that is lowered, those of unrolled loops and of functions among them. */
  countNode({ name, op }: Pick<OnnxNode, 'name' | 'op'>): void {
    this.budget.nodes -= 1;
    if (this.budget.nodes < 0) {
      throw new ModelTooLargeError(
        `Node ${name} (${op}): up to here the model has more than ${MAX_NODES} nodes, its loops unrolled and its functions expanded.`,
      );
    }
  }

  /** The shape itself, once it is known that arrays for a tensor of it may be made. `where` begins the message. */
  bounded<S extends Shape>(shape: S, where: string): S {
    const { memory } = this.budget;
    checkShape(shape, where, memory);
    this.budget.left -= sizeOf(shape);
    if (this.budget.left < 0)
      throw new ModelTooLargeError(
        `${where}: up to here the model's tensors have more than ${Math.floor(memory / ELEMENT_BYTES)} elements, which is what ${gigabytes(memory)} of memory hold.`,
      );
    return shape;
  }
}

/** Fails on a tensor that is too large to hold, or has absurdly many dimensions. `where` begins the message. */
export function checkShape(shape: Shape, where: string, memory = DEFAULT_MEMORY): void {
  const most = Math.floor((memory / ELEMENT_BYTES) * ONE_TENSOR);
  if (shape.length > MAX_RANK)
    throw new ModelTooLargeError(`${where}: a tensor has ${shape.length} dimensions; the limit is ${MAX_RANK}.`);
  // A dimension of 0 must not hide a huge one beside it.
  if (sizeOf(shape.map((dimension) => Math.max(dimension, 1))) > most) {
    throw new ModelTooLargeError(
      `${where}: a tensor of shape ${showShape(shape)} exceeds the limit of ${most} elements, an eighth of what ${gigabytes(memory)} of memory hold.`,
    );
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/** Fails where a layer would take more multiplications, or unrolled windows, than anything provable. */
export function boundWork(work: number, unrolled: number, where: string): void {
  if (work > MAX_WORK)
    throw new ModelTooLargeError(`${where}: the layer takes ${work} multiplications; the limit is ${MAX_WORK}.`);
  if (unrolled > MAX_UNROLLED)
    throw new ModelTooLargeError(`${where}: its windows have ${unrolled} elements; the limit is ${MAX_UNROLLED}.`);
}
