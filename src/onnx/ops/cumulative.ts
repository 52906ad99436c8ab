/** CumSum of what the network computes: sums of beginnings along one dimension. */
import { sizeOf, stridesOf } from '../../tensor/shape.js';
import { requireNumeric } from './arithmetic.js';
import type { Lowering } from './context.js';

/** `exclusive` leaves each element out of its own sum, `reverse` sums from the end. */
export const lowerCumSum: Lowering = (context) => {
  const x = context.activation(0);
  requireNumeric(context, [x]);
  const [given] = context.integers(1) ?? [];
  if (given === undefined) throw context.shapeError('the axis is missing');
  const axis = context.axis(given, x.shape.length);
  const [exclusive, reverse] = [context.flag('exclusive', false), context.flag('reverse', false)];
  const [length, stride] = [x.shape[axis], stridesOf(x.shape)[axis]];
  const size = sizeOf(x.shape);
  const range = (i: number): readonly [number, number] => {
    const at = Math.floor(i / stride) % length;
    return reverse ? [exclusive ? at + 1 : at, length] : [0, exclusive ? at : at + 1];
  };
  const offsets = new Uint32Array(size + 1);
  for (let i = 0; i < size; i++) offsets[i + 1] = offsets[i] + range(i)[1] - range(i)[0];
  context.bounded([offsets[size]]);
  const indices = new Uint32Array(offsets[size]);
  for (let i = 0; i < size; i++) {
    const [from, to] = range(i);
    const start = i - (Math.floor(i / stride) % length) * stride;
    for (let at = from; at < to; at++) indices[offsets[i] + at - from] = start + at * stride;
  }
  return [
    context.emit(
      { op: 'mean', shape: x.shape, groups: { offsets, indices }, divisors: new Float64Array(size).fill(1) },
      [x],
    ),
  ];
};
