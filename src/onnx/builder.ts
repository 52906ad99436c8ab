/** Collects the nodes of a {@link Graph} while operators are lowered, and keeps names unique and sizes bounded. */
import type { GraphNode } from './graph.js';
import { ModelTooLargeError } from './errors.js';
import { showShape, sizeOf, type Shape } from '../tensor/shape.js';

/** Most elements in one tensor: far beyond what can be proved, small enough that an array of it always fits. */
export const MAX_ELEMENTS = 2 ** 24;

/** Most multiplications, or window positions, in one layer. */
export const MAX_WORK = 2 ** 33;

export class GraphBuilder {
  readonly nodes: GraphNode[] = [];
  readonly notes: string[] = [];
  private readonly names = new Set<string>();

  /** `wanted`, or `wanted` with a number after it where the name is taken. */
  unique(wanted: string): string {
    let name = wanted;
    for (let count = 2; this.names.has(name); count++) name = `${wanted}#${count}`;
    this.names.add(name);
    return name;
  }
}

/** The shape itself, once it is known that a tensor of it can be held. `where` begins the message. */
export function boundedShape<S extends Shape>(shape: S, where: string): S {
  if (sizeOf(shape) > MAX_ELEMENTS) {
    throw new ModelTooLargeError(`${where}: a tensor of shape ${showShape(shape)} exceeds the limit of ${MAX_ELEMENTS} elements.`);
  }
  return shape;
}

/** Fails where a layer would take more multiplications than anything provable. */
export function boundWork(work: number, where: string): void {
  if (work > MAX_WORK) throw new ModelTooLargeError(`${where}: the layer takes ${work} operations; the limit is ${MAX_WORK}.`);
}
