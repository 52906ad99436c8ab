/** CumSum, and ReduceProd of what the network computes: sums of beginnings along one dimension, products along several. */
import { reductionGroups } from '../../tensor/groups.js';
import { sizeOf, stridesOf } from '../../tensor/shape.js';
import type { Activation } from '../values.js';
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
  return [context.emit({ op: 'mean', shape: x.shape, groups: { offsets, indices }, divisors: new Float64Array(size).fill(1) }, [x])];
};

/** One multiplication after the other: a product of n factors takes n - 1. */
export const lowerReduceProd: Lowering = (context) => {
  const x = context.activation(0);
  requireNumeric(context, [x]);
  const given = context.opset < 18 ? context.ints('axes') : context.integers(1);
  const noop = context.opset >= 18 && context.flag('noop_with_empty_axes', false);
  const keep = context.flag('keepdims', true);
  const axes = given !== undefined && given.length > 0 ? context.axes(given, x.shape.length) : noop ? [] : x.shape.map((_, axis) => axis);
  const shape = context.bounded(x.shape.flatMap((size, axis) => (!axes.includes(axis) ? [size] : keep ? [1] : [])));
  const { indices } = reductionGroups(x.shape, axes);
  const results = sizeOf(shape);
  const factors = results === 0 ? 0 : indices.length / results;
  if (factors === 0) throw context.shapeError('there is nothing to reduce');
  const factor = (k: number): Activation => {
    const index = Int32Array.from({ length: results }, (_, i) => indices[i * factors + k]);
    return context.emit({ op: 'move', shape, index, constants: new Float64Array() }, [x], { step: `factor${k + 1}` });
  };
  let product = factor(0);
  for (let k = 1; k < factors; k++) product = context.emit({ op: 'multiply', shape }, [product, factor(k)], k === factors - 1 ? {} : { step: `product${k}` });
  return [product];
};
