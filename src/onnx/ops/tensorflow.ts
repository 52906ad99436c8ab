/**
 * Operators of TensorFlow that its converter leaves in the default domain under their own names, since ONNX has none:
 * onnxruntime refuses such a file, but what they mean is plain. Erfc is in every exact GELU of Keras, Expm1 in Celu.
 */
import { constant, type Lowering } from './context.js';

/** 1 - erf(x) */
export const lowerErfc: Lowering = (context) => {
  const x = context.input(0);
  const [erf] = context.apply('Erf', [x], 'erf');
  return context.apply('Sub', [constant(x.type, [], Float64Array.of(1)), erf], 'rest');
};

/** e^x - 1 */
export const lowerExpm1: Lowering = (context) => {
  const x = context.input(0);
  const [exponential] = context.apply('Exp', [x], 'exp');
  return context.apply('Sub', [exponential, constant(x.type, [], Float64Array.of(1))], 'rest');
};

/** How many of the boundaries an element reaches: Keras's Discretization. */
export const lowerBucketize: Lowering = (context) => {
  const x = context.input(0);
  const boundaries = Float64Array.from(context.floats('boundaries') ?? []);
  const last = constant('int64', [1], Float64Array.of(x.shape.length));
  const [wide] = context.apply('Unsqueeze', [x, last], 'wide');
  const [reached] = context.apply(
    'GreaterOrEqual',
    [wide, constant(x.type, [boundaries.length], boundaries)],
    'reached',
  );
  const [counted] = context.apply('Cast', [reached], 'counted', { to: 6 });
  return context.apply('ReduceSum', [counted, last], 'count', { keepdims: 0 });
};
