/**
 * Which elements of a network's tensors may be counted in a unit of their own, and which share one. A unit passes
 * through a ReLU, a maximum, a sum or a move; the constants of dense layers, convolutions and affine maps absorb it at
 * no cost (cross-layer equalization: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias
 * Correction", ICCV 2019). What each kind of layer asks stands in its row.
 */
import { sizeOf } from '../tensor/shape.js';
import type { Graph } from './graph.js';
import { layerOf } from './layers/index.js';
import type { Places } from './layers/layer.js';

/** The class of everything whose unit is 1. */
export const FIXED = 0;

/**
 * Elements as a forest of classes (union-find): every element points to another of its class, the class's first to
 * itself.
 */
export class UnitClasses {
  private readonly parents: Int32Array;
  private readonly tensors = new Map<string, Places>();

  /** Graph outputs and tensors of integers keep the unit 1. */
  constructor(graph: Graph) {
    let next = FIXED + 1;
    const place = (name: string, size: number): void => {
      this.tensors.set(name, { first: next, size });
      next += size;
    };
    for (const { name, shape } of graph.inputs) place(name, sizeOf(shape));
    for (const { output, shape } of graph.nodes) place(output, sizeOf(shape));
    this.parents = Int32Array.from({ length: next }, (_, i) => i);
    const join = (a: number, b: number): void => this.join(a, b);
    const fix = (places: Places): void => this.fixPlaces(places);
    for (const node of graph.nodes) {
      const [inputs, output] = [node.inputs.map((name) => this.places(name)), this.places(node.output)];
      layerOf(node).tieUnits(node, { inputs, output, join, fix });
      if (node.integers !== undefined) fix(output);
    }
    for (const { name, integers } of graph.inputs) if (integers !== undefined) this.fix(name);
    for (const { tensor } of graph.outputs) this.fix(tensor);
  }

  /** Every element of this tensor keeps the unit 1. */
  fix(tensor: string): void {
    this.fixPlaces(this.places(tensor));
  }

  /** The class of each element of a tensor: classes are numbers, and `FIXED` is that of the unit 1. */
  of(tensor: string): Int32Array {
    const { first, size } = this.places(tensor);
    return Int32Array.from({ length: size }, (_, i) => this.find(first + i));
  }

  private places(tensor: string): Places {
    return this.tensors.get(tensor) as Places;
  }

  private fixPlaces({ first, size }: Places): void {
    for (let i = 0; i < size; i += 1) this.join(FIXED, first + i);
  }

  private join(a: number, b: number): void {
    const [x, y] = [this.find(a), this.find(b)];
    this.parents[Math.max(x, y)] = Math.min(x, y);
  }

  private find(place: number): number {
    let at = place;
    while (this.parents[at] !== at) {
      this.parents[at] = this.parents[this.parents[at]];
      at = this.parents[at];
    }
    return at;
  }
}
