/** Whole numbers divided by constants and rounded down, exactly. */
import type { Intervals } from '../../tensor/intervals.js';
import { besideAffine, inUnitOne, type FloatLayer, type LayerBase } from './layer.js';

/**
 * y[i] = floor(x[i] / divisor[i]), of whole numbers; `divisor` has one entry, or one per element, each a whole number
 * of 1 or more.
 */
export interface FloorDivideNode extends LayerBase {
  readonly op: 'floorDivide';
  readonly divisor: Float64Array;
}

export const floorDivide: FloatLayer<FloorDivideNode> = {
  prepare:
    (node) =>
    ([x]) =>
      divided(node, x),
  bound: (node, [x]): Intervals => ({ low: divided(node, x.low), high: divided(node, x.high) }),
  isMonotone: ({ divisor }) => divisor.length === 1,
  onlyMoves: () => false,
  maximumOf: () => undefined,
  ...inUnitOne,
  errors: 'held',
  onlyCompares: () => false,
  ...besideAffine,
  makesWhole: () => true,
  // It is exact, and in a table over rounded values it would not be.
  ofOneValue: () => undefined,
};

function divided({ divisor }: FloorDivideNode, x: Float64Array): Float64Array {
  return x.map((value, i) => floorOfQuotient(value, divisor[divisor.length === 1 ? 0 : i]));
}

/** The trap: a quotient just below a whole number may be rounded up to it. */
export function floorOfQuotient(value: number, divisor: number): number {
  const quotient = Math.floor(value / divisor);
  return (quotient * divisor > value ? quotient - 1 : quotient) + 0;
}
