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
  /**
   * Where the tensor made is of an integer type: the type's range, ends included, or what of it doubles hold exactly.
   * It is never rounded.
   */
  readonly integers?: readonly [number, number];
}

/** The elements of one tensor as places: element i is place `first + i`. */
export interface Places {
  readonly first: number;
  readonly size: number;
}

/**
 * Where a layer says which elements must have one unit, for it to compute the same whatever the units are. What a layer
 * does not join, its constants absorb.
 */
export interface UnitTies {
  readonly inputs: readonly Places[];
  readonly output: Places;
  /** Both places have one unit. */
  join(a: number, b: number): void;
  /** The elements keep the unit 1. */
  fix(places: Places): void;
}

/** Gives tensors names that no tensor of the graph has. */
export type Fresh = (wanted: string) => string;

/**
 * One kind of layer: what it computes, in double precision and on intervals, and what rewrites and the quantizer ask of
 * it. Each row answers every question; where the answer is no, it says so.
 */
export interface FloatLayer<Node> {
  /**
   * Prepares a layer for repeated evaluation. The function takes one flat array for each input and gives the output's
   * values.
   */
  prepare(node: Node): (inputs: readonly Float64Array[]) => Float64Array;
  /** Worst-case bounds of the output from bounds of the inputs. */
  bound(node: Node, inputs: readonly Intervals[]): Intervals;
  /** Whether it is a function of one value, the same for every element, that never falls. */
  isMonotone(node: Node): boolean;
  /** Whether its elements are elements of its inputs, or constants. */
  onlyMoves(node: Node): boolean;
  /** The groups of which it takes the maxima; undefined where it does something else. */
  maximumOf(node: Node): Groups | undefined;
  /** Says which elements of inputs and output must have one unit. */
  tieUnits(node: Node, ties: UnitTies): void;
  /**
   * The same layer on elements in units of their own: it takes x[i] / unit[i] for each input and gives y[i] / unit[i].
   * The units agree where `tieUnits` joined them.
   */
  inUnits(node: Node, inputs: readonly Float64Array[], output: Float64Array): GraphNode;
  /**
   * Of each element of the input, how far an error in it disturbs a weighted sum: the sum of the squares of its
   * coefficients, each over the size of the output's element (0 for those of no account). Elements that `tieUnits`
   * joins for the layer's sake have one value; undefined where the layer is no weighted sum with constant weights.
   */
  gains(node: Node, sizes: Float64Array): Float64Array | undefined;
  /**
   * How errors of its inputs reach its result: of each element by itself; of many elements, added up; multiplied by
   * another activation; through a function of one value; or in none of these ways.
   */
  readonly errors: 'each' | 'added' | 'multiplied' | 'bent' | 'held';
  /** Whether it compares its input, with constants or element with element, and does nothing else with it. */
  onlyCompares(node: Node): boolean;
  /** The layer as an affine map of each element; undefined where it is none. */
  affineMap(node: Node): AffineNode | undefined;
  /** This layer and the affine map that alone reads it as one layer; undefined where they stay two. */
  withAffineAfter(node: Node, map: AffineNode): GraphNode | undefined;
  /** The affine map and this layer, which alone reads it, as other layers; undefined where they stay as they are. */
  withAffineBefore(node: Node, map: AffineNode, fresh: Fresh): readonly GraphNode[] | undefined;
  /** Whether every element is a whole number, where those of the inputs are (`fromWhole`). */
  makesWhole(node: Node, fromWhole: boolean): boolean;
  /**
   * The layer as one function of the elements of its inputs at a place, the same at every place; undefined where it is
   * none.
   */
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

/** A layer whose elements keep the unit 1. */
function fixAll(_node: unknown, { inputs, output, fix }: UnitTies): void {
  for (const input of inputs) fix(input);
  fix(output);
}

/** Answers of a layer that takes no affine map into itself, from neither side. */
export const besideAffine = {
  affineMap: (): undefined => undefined,
  withAffineAfter: (): undefined => undefined,
  withAffineBefore: (): undefined => undefined,
};

/** Each element of the output has the unit of the inputs' elements at its place. */
export function joinPlaceByPlace(_node: unknown, { inputs, output, join }: UnitTies): void {
  for (const { first } of inputs) for (let i = 0; i < output.size; i += 1) join(output.first + i, first + i);
}

/** Each element of the output has the unit of all in its group. */
export function joinGroups(
  { groups: { offsets, indices } }: { readonly groups: Groups },
  { inputs: [input], output, join }: UnitTies,
): void {
  for (let group = 0; group < output.size; group += 1) {
    for (let k = offsets[group]; k < offsets[group + 1]; k += 1) join(output.first + group, input.first + indices[k]);
  }
}

/** Elements of one channel have one unit, channels as in {@link periodic}. */
export function joinChannels({ first, size }: Places, channels: number, stretch: number, join: UnitTies['join']): void {
  for (let i = 0; i < size; i += 1) join(first + (Math.floor(i / stretch) % channels) * stretch, first + i);
}

/** Answer of a layer that is no weighted sum with constant weights. */
export const noGains = (): undefined => undefined;

/** The square of a coefficient over a size; 0 where the size is. */
export const squareOver = (coefficient: number, size: number): number => (size > 0 ? (coefficient / size) ** 2 : 0);

/** A layer that units leave as it is. */
export const unchanged = <Node extends GraphNode>(node: Node): Node => node;

/** A layer whose elements keep the unit 1: what it answers to the questions on units. */
export const inUnitOne = { tieUnits: fixAll, inUnits: unchanged, gains: noGains };

/** Whether all constants are whole numbers. */
export const allWhole = (values: Float64Array | readonly number[]): boolean => values.every(Number.isInteger);

/**
 * The `period` values that `values` repeats, each held for `stretch` elements; undefined where it does not: how an
 * affine map of a whole tensor is seen to be one for each channel.
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
