/** Collects the nodes of a {@link Graph} while operators are lowered, and keeps names unique and sizes bounded. */
import type { GraphNode } from '../network/graph.js';
import { ModelTooLargeError } from './errors.js';
import type { OnnxNode } from './model.js';
import type { Facts } from './facts.js';
import { showShape, sizeOf, type Shape } from '../tensor/shape.js';

/** Most elements in one tensor: far beyond what can be proved, small enough that an array of it always fits. */
const MAX_ELEMENTS = 2 ** 23;

/** Most elements in all tensors together, so that a file of many such tensors cannot exhaust memory either. */
const MAX_TOTAL = 2 ** 26;

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
  private readonly budget: { left: number; nodes: number };

  /** A scratch builder shares the size budget of the one it works for. */
  constructor(parent?: GraphBuilder) {
    this.budget = parent?.budget ?? { left: MAX_TOTAL, nodes: MAX_NODES };
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
    checkShape(shape, where);
    this.budget.left -= sizeOf(shape);
    if (this.budget.left < 0)
      throw new ModelTooLargeError(
        `${where}: up to here the model has more than ${MAX_TOTAL} elements in all tensors.`,
      );
    return shape;
  }
}

/** Fails on a tensor that is too large to hold, or has absurdly many dimensions. `where` begins the message. */
export function checkShape(shape: Shape, where: string): void {
  if (shape.length > MAX_RANK)
    throw new ModelTooLargeError(`${where}: a tensor has ${shape.length} dimensions; the limit is ${MAX_RANK}.`);
  // A dimension of 0 must not hide a huge one beside it.
  if (sizeOf(shape.map((dimension) => Math.max(dimension, 1))) > MAX_ELEMENTS) {
    throw new ModelTooLargeError(
      `${where}: a tensor of shape ${showShape(shape)} exceeds the limit of ${MAX_ELEMENTS} elements.`,
    );
  }
}

/** Fails where a layer would take more multiplications, or unrolled windows, than anything provable. */
export function boundWork(work: number, unrolled: number, where: string): void {
  if (work > MAX_WORK)
    throw new ModelTooLargeError(`${where}: the layer takes ${work} multiplications; the limit is ${MAX_WORK}.`);
  if (unrolled > MAX_UNROLLED)
    throw new ModelTooLargeError(`${where}: its windows have ${unrolled} elements; the limit is ${MAX_UNROLLED}.`);
}
