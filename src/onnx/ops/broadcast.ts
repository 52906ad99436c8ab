/** Numpy broadcasting made explicit: constants are repeated in full, activations by a `move`. */
import { broadcastShapes, sameShape, showShape, sizeOf, type Shape } from '../../tensor/shape.js';
import { expandView, identityView } from '../../tensor/views.js';
import type { Constant } from '../model.js';
import type { Activation, Value } from '../values.js';
import type { NodeContext } from './context.js';

/** Shape that all values broadcast to. */
export function commonShape(context: NodeContext, values: readonly Value[]): number[] {
  let shape: number[] = [];
  for (const value of values) {
    const next = broadcastShapes(shape, value.shape);
    if (next === undefined)
      throw context.shapeError(`shapes ${showShape(shape)} and ${showShape(value.shape)} cannot be broadcast together`);
    shape = next;
  }
  return context.bounded(shape);
}

/** One value per element of `shape`. */
export function expandConstant({ data, shape }: Constant, to: Shape): Float64Array {
  if (sameShape(shape, to)) return data;
  if (data.length === 1) return new Float64Array(sizeOf(to)).fill(data[0]);
  const { index } = expandView(identityView(shape), to);
  return Float64Array.from(index, (position) => data[position]);
}

/** The activation repeated to `shape`; only dimensions of 1 being added costs no node. */
export function expandActivation(context: NodeContext, value: Activation, shape: Shape, step: string): Activation {
  if (sizeOf(value.shape) === sizeOf(shape)) return { ...value, shape };
  const { index } = expandView(identityView(value.shape), shape);
  return context.emit({ op: 'move', shape, index, constants: new Float64Array() }, [value], { step });
}

/**
 * The two inputs of an operator whose order is of no account, broadcast: the activations among them, and the constant
 * one.
 */
export interface Operands {
  readonly shape: Shape;
  readonly activations: readonly Activation[];
  readonly constant?: Float64Array;
}

export function operandsOf(context: NodeContext): Operands {
  const values = [context.input(0), context.input(1)];
  const shape = commonShape(context, values);
  const activations = values
    .filter((value) => value.kind === 'activation')
    .map((value, i) => expandActivation(context, value, shape, `expand${i + 1}`));
  const fixed = values.find((value) => value.kind === 'constant');
  return { shape, activations, ...(fixed === undefined ? {} : { constant: expandConstant(fixed, shape) }) };
}
