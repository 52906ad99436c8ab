/** Operators whose result is known from shapes and constants alone: Constant, ConstantOfShape, Range, Shape, Size. */
import { sizeOf } from '../../tensor/shape.js';
import { constant, type Lowering } from './context.js';

export const foldConstant: Lowering = (context) => {
  const tensor = context.tensor('value');
  if (tensor !== undefined) return [tensor];
  if (context.has('value_float')) return [constant('float', [], Float64Array.of(context.float('value_float', 0)))];
  if (context.has('value_int')) return [constant('int64', [], Float64Array.of(context.int('value_int', 0)))];
  const floats = context.floats('value_floats');
  if (floats !== undefined) return [constant('float', [floats.length], Float64Array.from(floats))];
  const ints = context.ints('value_ints');
  if (ints !== undefined) return [constant('int64', [ints.length], Float64Array.from(ints))];
  throw context.unsupported('it holds no dense tensor of numbers');
};

export const foldConstantOfShape: Lowering = (context) => {
  const shape = context.bounded(context.integers(0) ?? []);
  const value = context.tensor('value');
  return [constant(value?.type ?? 'float', shape, new Float64Array(sizeOf(shape)).fill(value?.data[0] ?? 0))];
};

export const foldRange: Lowering = (context) => {
  const [start, limit, delta] = [0, 1, 2].map((position) => {
    const { data } = context.constant(position);
    if (data.length !== 1) throw context.shapeError('start, limit and delta must be scalars');
    return data[0];
  });
  const steps = Math.max(0, Math.ceil((limit - start) / delta));
  if (!Number.isFinite(steps)) throw context.shapeError(`it does not end: ${start} to ${limit} in steps of ${delta}`);
  const shape = context.bounded([steps]);
  return [
    constant(
      context.constant(0).type,
      shape,
      Float64Array.from({ length: steps }, (_, i) => start + i * delta),
    ),
  ];
};

/** `start` and `end` select dimensions since opset 15. */
export const lowerShape: Lowering = (context) => {
  const { shape } = context.input(0);
  const dimensions = shape.slice(context.int('start', 0), context.int('end', shape.length));
  return [constant('int64', [dimensions.length], Float64Array.from(dimensions))];
};

export const lowerSize: Lowering = (context) => [
  constant('int64', [], Float64Array.of(sizeOf(context.input(0).shape))),
];
