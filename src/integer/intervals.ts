/**
 * Worst-case integer intervals of every tensor of an integer model, element by element, over the whole declared input
 * range. They decide every bit-width of the circuit; saturation at each requantization keeps them from compounding.
 */
import type { Intervals } from '../tensor/intervals.js';
import { sizeOf } from '../tensor/shape.js';
import type { IntegerInput, IntegerModel, TensorId } from './integer-model.js';
import { boundOp } from './semantics.js';

export function inputIntervals(input: IntegerInput): Intervals {
  const low = new Float64Array(sizeOf(input.shape)).map((_, i) => input.low[input.low.length === 1 ? 0 : i]);
  return { low, high: low.map((value) => value + mostCode(input)) };
}

/** Largest distance of an element of an input from its low end. */
export function mostCode({ bits, fixed }: Pick<IntegerInput, 'bits' | 'fixed'>): number {
  return fixed ? 0 : 2 ** bits - 1;
}

/** Bounds of every tensor: those that its op was made with, computed only for a model that was read from a file. */
export function boundModel(model: Pick<IntegerModel, 'inputs' | 'ops'>): Map<TensorId, Intervals> {
  const bounds = new Map<TensorId, Intervals>(model.inputs.map((input) => [input.tensor, inputIntervals(input)]));
  for (const op of model.ops) {
    bounds.set(
      op.output,
      op.bounds ??
        boundOp(
          op,
          op.inputs.map((tensor) => bounds.get(tensor) as Intervals),
        ),
    );
  }
  return bounds;
}

/** Widest interval of any one element. */
export function spanOf(bounds: Intervals): number {
  return bounds.low.reduce((widest, low, i) => Math.max(widest, bounds.high[i] - low), 0);
}

/** Bits of the smallest unsigned range [0, 2^bits - 1] that holds `value`; 0 for 0. */
export function bitsOf(value: number): number {
  let bits = Math.max(0, Math.floor(Math.log2(Math.max(value, 1))));
  while (2 ** bits - 1 < value) bits += 1;
  return bits;
}
