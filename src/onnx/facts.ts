/**
 * What is known of an activation whatever the input is: bounds of its elements, and whether all of them are whole
 * numbers. Positions, booleans and what integers make of them have narrow bounds, by which a computed index or an
 * integer type's wrapping-around is resolved.
 *
 * The trap: bounds of a float input are not known before calibration, so everything that depends on one is bounded only
 * by comparisons.
 */
import type { GraphNode } from '../network/graph.js';
import { layerOf } from '../network/layers/index.js';
import type { Intervals } from '../tensor/intervals.js';
import { sizeOf, type Shape } from '../tensor/shape.js';
import type { GraphBuilder } from './builder.js';
import { isFloat, type ElementType } from './model.js';

export interface Facts {
  readonly bounds: Intervals;
  /** Every element is a whole number. */
  readonly whole: boolean;
}

/** Stands for "no bound"; small enough that sums and products of bounds do not overflow. */
export const UNBOUNDED = 1e30;

/** Least and greatest number of an integer type, or what of it doubles hold exactly; undefined for the others. */
export function rangeOf(type: ElementType): readonly [number, number] | undefined {
  if (type === 'bool') return [0, 1];
  const [, unsigned, width] = /^(u?)int(\d+)$/.exec(type) ?? [];
  if (width === undefined) return undefined;
  const bits = Number(width);
  if (unsigned) return [0, 2 ** Math.min(bits, 53) - 1];
  return bits > 53 ? [1 - 2 ** 53, 2 ** 53 - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

/** Of a graph input. */
export function factsOfInput(type: ElementType, shape: Shape): Facts {
  const [least, most] = rangeOf(type) ?? [-UNBOUNDED, UNBOUNDED];
  const size = sizeOf(shape);
  return {
    bounds: { low: new Float64Array(size).fill(least), high: new Float64Array(size).fill(most) },
    whole: !isFloat(type),
  };
}

/** Of a tensor of the graph that is being built; worked out from those it is made of, once. */
export function factsOf(builder: GraphBuilder, tensor: string): Facts {
  // Without recursion: networks are deeper than the stack.
  const pending = [tensor];
  while (pending.length > 0) {
    const name = pending[pending.length - 1];
    const node = builder.makerOf(name);
    if (builder.facts.has(name) || node === undefined) {
      if (node === undefined && !builder.facts.has(name)) throw new RangeError(`nothing is known of tensor ${name}`);
      pending.pop();
      continue;
    }
    const missing = node.inputs.filter((input) => !builder.facts.has(input));
    if (missing.length > 0) {
      for (const input of missing) pending.push(input);
      continue;
    }
    builder.facts.set(
      name,
      deduce(
        node,
        node.inputs.map((input) => builder.facts.get(input) as Facts),
      ),
    );
    pending.pop();
  }
  return builder.facts.get(tensor) as Facts;
}

function deduce(node: GraphNode, inputs: readonly Facts[]): Facts {
  const layer = layerOf(node);
  const { low, high } = layer.bound(
    node,
    inputs.map(({ bounds }) => bounds),
  );
  const clamp = (value: number, otherwise: number): number =>
    Number.isNaN(value) ? otherwise : Math.min(Math.max(value, -UNBOUNDED), UNBOUNDED);
  return {
    bounds: { low: low.map((value) => clamp(value, -UNBOUNDED)), high: high.map((value) => clamp(value, UNBOUNDED)) },
    whole: layer.makesWhole(
      node,
      inputs.every(({ whole }) => whole),
    ),
  };
}
