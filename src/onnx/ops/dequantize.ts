/** DequantizeLinear: y = (x - zero point) * scale, for the whole tensor, for each position along an axis, or (since opset 21) in blocks along it. */
import { sizeOf, stridesOf, type Shape } from '../../tensor/shape.js';
import type { Constant } from '../model.js';
import { emitAffine } from './arithmetic.js';
import { constant, type Lowering, type NodeContext } from './context.js';

/** Scale and zero point of every element of a tensor of this shape. */
function readScales(context: NodeContext, shape: Shape): { scale: Float64Array; zero: Float64Array; type: Constant['type'] } {
  const scales = context.constant(1);
  const zeros = context.optionalConstant(2);
  const axis = context.int('axis', 1);
  const block = context.int('block_size', 0);
  context.ignore('output_dtype');
  if (zeros !== undefined && zeros.data.length !== scales.data.length) throw context.shapeError('scale and zero point differ in size');
  const size = sizeOf(shape);
  const place = placeOf(context, shape, scales.shape, axis, block);
  const spread = (data: Float64Array): Float64Array => Float64Array.from({ length: size }, (_, i) => data[place(i)]);
  return { scale: spread(scales.data), zero: zeros === undefined ? new Float64Array(size) : spread(zeros.data), type: scales.type };
}

function placeOf(context: NodeContext, shape: Shape, scales: Shape, axis: number, block: number): (i: number) => number {
  if (sizeOf(scales) === 1) return () => 0;
  const along = context.axis(axis, shape.length);
  const strides = stridesOf(shape);
  if (scales.length === 1) {
    if (scales[0] !== shape[along]) throw context.shapeError(`there should be one scale or one for each position of dimension ${along}`);
    return (i) => Math.floor(i / strides[along]) % shape[along];
  }
  const fits = scales.length === shape.length && block > 0 && scales.every((size, k) => size === (k === along ? Math.ceil(shape[k] / block) : shape[k]));
  if (!fits) throw context.shapeError('its scales are no blocks of its input');
  const steps = stridesOf(scales);
  return (i) => shape.reduce((at, size, k) => at + Math.floor((Math.floor(i / strides[k]) % size) / (k === along ? block : 1)) * steps[k], 0);
}

export const lowerDequantizeLinear: Lowering = (context) => {
  const x = context.activation(0);
  const { scale, zero, type } = readScales(context, x.shape);
  return [{ ...emitAffine(context, x, x.shape, scale, zero.map((value, i) => 0 - value * scale[i])), type }];
};

export const foldDequantizeLinear: Lowering = (context) => {
  const { shape, data } = context.constant(0);
  const { scale, zero, type } = readScales(context, shape);
  return [constant(type, shape, data.map((value, i) => (value - zero[i]) * scale[i]))];
};
