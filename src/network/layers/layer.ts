/** What every kind of layer has, and what its row in the table answers. */
import type { Groups } from '../../tensor/groups.js';
import type { Intervals } from '../../tensor/intervals.js';
import type { Shape } from '../../tensor/shape.js';
import type { AffineNode } from './affine.js';
import type { GraphNode } from './index.js';

export interface LayerBase {
  /** ONNX node name, or the name of its first output where the node has none. Unique. */
  readonly name: string;
  /** ONNX operator type this came from, for reports: `Conv`, `Gemm`. */
  readonly source: string;
  /** Names of the activation tensors read (constants are stored in the layer itself). */
  readonly inputs: readonly string[];
  /** Name of the tensor made. */
  readonly output: string;
  /** Shape of the tensor made. */
  readonly shape: Shape;
  /** Where the tensor made is of an integer type: the type's range, ends included, or what of it doubles hold exactly. It is never rounded. */
  readonly integers?: readonly [number, number];
}

/**
 * What a layer does with an input whose elements have scales of their own: its constants absorb them at no cost, its output has them in
 * its turn, or it needs one scale for all.
 */
export type ElementScales = 'absorbs' | 'carries' | 'refuses';

/** Gives tensors names that no tensor of the graph has. */
export type Fresh = (wanted: string) => string;

/**
 * One kind of layer: what it computes, in double precision and on intervals, and what rewrites and the quantizer ask of it. Each row
 * answers every question; where the answer is no, it says so.
 */
export interface FloatLayer<Node> {
  /** Prepares a layer for repeated evaluation. The function takes one flat array for each input and gives the output's values. */
  prepare(node: Node): (inputs: readonly Float64Array[]) => Float64Array;
  /** Worst-case bounds of the output from bounds of the inputs. */
  bound(node: Node, inputs: readonly Intervals[]): Intervals;
  /** Whether it is a function of one value, the same for every element, that never falls. */
  isMonotone(node: Node): boolean;
  /** Whether its elements are elements of its inputs, or constants. */
  onlyMoves(node: Node): boolean;
  /** The groups of which it takes the maxima; undefined where it does something else. */
  maximumOf(node: Node): Groups | undefined;
  elementScales(node: Node): ElementScales;
  /** Whether it compares its input with constants, and does nothing else with it. */
  onlyCompares(node: Node): boolean;
  /** The layer as an affine map of each element; undefined where it is none. */
  affineMap(node: Node): AffineNode | undefined;
  /** This layer and the affine map that alone reads it as one layer; undefined where they stay two. */
  withAffineAfter(node: Node, map: AffineNode): GraphNode | undefined;
  /** The affine map and this layer, which alone reads it, as other layers; undefined where they stay as they are. */
  withAffineBefore(node: Node, map: AffineNode, fresh: Fresh): readonly GraphNode[] | undefined;
  /** Whether every element is a whole number, where those of the inputs are (`fromWhole`). */
  makesWhole(node: Node, fromWhole: boolean): boolean;
  /** The layer as one function of the elements of its inputs at a place, the same at every place; undefined where it is none. */
  ofOneValue(node: Node): Elementwise | undefined;
}

/** What a layer computes of the elements at one place. */
export interface Elementwise {
  /** For reports, such as `Sigmoid`. */
  readonly formula: string;
  /** From the elements of the inputs, in order. */
  readonly apply: (elements: readonly number[]) => number;
  /** Whether it never falls in its only input. */
  readonly monotone: boolean;
  /** What it costs in a circuit where it stands alone: nothing, a cut, a product, or a table. */
  readonly cost: 'free' | 'cut' | 'product' | 'table';
}

/** Whether all constants are whole numbers. */
export const allWhole = (values: Float64Array | readonly number[]): boolean => values.every(Number.isInteger);

/**
 * The `period` values that `values` repeats, each held for `stretch` elements; undefined where it does not: how an affine map of a whole
 * tensor is seen to be one for each channel.
 */
export function periodic(values: Float64Array, period: number, stretch: number): Float64Array | undefined {
  const base = new Float64Array(period);
  for (let i = 0; i < values.length; i += 1) {
    const channel = Math.floor(i / stretch) % period;
    if (i < period * stretch && i % stretch === 0) base[channel] = values[i];
    if (values[i] !== base[channel]) return undefined;
  }
  return base;
}
