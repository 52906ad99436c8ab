/**
 * Sparse linear maps: each element of a result is a weighted sum of a few elements of x, such as an interpolated pixel.
 * They cost no constraint, since the weights are constants.
 */
import { sizeOf, type Shape } from '../../tensor/shape.js';
import type { Activation } from '../values.js';
import { emitAffine, filled } from './arithmetic.js';
import type { EmitOptions, NodeContext } from './context.js';

/** Collects the elements that each element of the result is made of, one result after the other. */
export class Taps {
  private readonly positions: number[] = [];
  private readonly weights: number[] = [];
  private readonly ends: number[] = [0];
  private readonly shifts: number[] = [];

  /** `weight` times the element of x at this position; nothing where the weight is zero. */
  add(position: number, weight: number): void {
    if (weight === 0) return;
    this.positions.push(position);
    this.weights.push(weight);
  }

  /** The next element of the result begins; this one has a constant added. */
  end(shift = 0): void {
    this.ends.push(this.positions.length);
    this.shifts.push(shift);
  }

  /** The result, of this shape and with as many elements as were ended. */
  emit(context: NodeContext, x: Activation, shape: Shape, { step, ...options }: EmitOptions = {}): Activation {
    const size = sizeOf(shape);
    if (this.shifts.length !== size)
      throw new RangeError(`${this.shifts.length} sums are no tensor of ${size} elements`);
    // An element alone, or a constant alone, is moved; an element with a constant added is not.
    const single = this.shifts.every(
      (shift, i) =>
        this.ends[i + 1] - this.ends[i] === (shift === 0 ? Math.min(1, this.ends[i + 1] - this.ends[i]) : 0),
    );
    if (single && this.weights.every((weight) => weight === 1)) {
      const { index, constants } = this.moves(size);
      return context.emit({ op: 'move', shape, index, constants }, [x], { step, ...options });
    }
    const count = this.positions.length;
    const own = (name: string): string => (step === undefined ? name : `${step}/${name}`);
    context.bounded([count]);
    const spread = context.emit(
      { op: 'move', shape: [count], index: Int32Array.from(this.positions), constants: new Float64Array() },
      [x],
      { step: own('taps') },
    );
    const weighted = emitAffine(
      context,
      spread,
      [count],
      Float64Array.from(this.weights),
      new Float64Array(count),
      own('weights'),
    );
    const shifted = this.shifts.some((shift) => shift !== 0);
    const groups = { offsets: Uint32Array.from(this.ends), indices: Uint32Array.from({ length: count }, (_, i) => i) };
    const fields = { op: 'mean', shape, groups, divisors: filled(shape, 1) } as const;
    const sum = context.emit(fields, [weighted], shifted ? { step: own('sums') } : { step, ...options });
    return shifted
      ? context.emit({ op: 'affine', shape, scale: filled(shape, 1), shift: Float64Array.from(this.shifts) }, [sum], {
          step,
          ...options,
        })
      : sum;
  }

  private moves(size: number): { readonly index: Int32Array; readonly constants: Float64Array } {
    const constants = [...new Set(this.shifts)];
    const index = Int32Array.from({ length: size }, (_, i) =>
      this.ends[i + 1] > this.ends[i] ? this.positions[this.ends[i]] : -1 - constants.indexOf(this.shifts[i]),
    );
    return { index, constants: Float64Array.from(constants) };
  }
}
