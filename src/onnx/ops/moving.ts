/** Turns views (see tensor/views.ts) into `move` nodes; what all data-movement operators share. */
import { sizeOf } from '../../tensor/shape.js';
import { identityView, type View } from '../../tensor/views.js';
import type { Activation, Value } from '../values.js';
import { constant, type EmitOptions, type NodeContext } from './context.js';

/** Emits a `move` of one activation; `filler` is what position -1 of the view stands for. */
export function moveOne(
  context: NodeContext,
  from: Activation,
  view: View,
  options?: EmitOptions,
  filler?: number,
): Activation {
  const constants = filler === undefined ? new Float64Array() : Float64Array.of(filler);
  return context.emit({ op: 'move', shape: view.shape, index: view.index, constants }, [from], options);
}

/**
 * The elements of one value at other places: a constant at once, an activation by a `move`; neither where nothing
 * changes its place.
 */
export function moveValue(
  context: NodeContext,
  from: Value,
  compose: (view: View) => View,
  options?: EmitOptions,
): Value {
  const { shape, index } = compose(identityView(from.shape));
  if (index.length === sizeOf(from.shape) && index.every((position, i) => position === i)) return { ...from, shape };
  return from.kind === 'activation'
    ? moveOne(context, from, { shape, index }, options)
    : constant(
        from.type,
        shape,
        Float64Array.from(index, (at) => from.data[at]),
      );
}

/** A `move` of several values, constants among them: their views, and how to emit what is composed of these. */
export function moveMany(
  context: NodeContext,
  values: readonly Value[],
  compose: (views: readonly View[]) => View,
  options?: EmitOptions,
): Activation {
  const activations = values.filter((value) => value.kind === 'activation');
  const constants: number[] = [];
  let start = 0;
  const views = values.map((value) => {
    if (value.kind === 'activation') {
      const view = identityView(value.shape, start);
      start += sizeOf(value.shape);
      return view;
    }
    const first = constants.length;
    for (const element of value.data) constants.push(element);
    return { shape: value.shape, index: Int32Array.from(value.data, (_, i) => -1 - first - i) };
  });
  const { shape, index } = compose(views);
  return context.emit(
    { op: 'move', shape, index, constants: withoutUnread(Float64Array.from(constants), index) },
    activations,
    options,
  );
}

/** Zero for a constant that is not finite and that nothing reads, such as the infinity that a Where never chooses. */
function withoutUnread(constants: Float64Array, index: Int32Array): Float64Array {
  if (constants.every(Number.isFinite)) return constants;
  const read = new Set(index);
  return constants.map((value, k) => (Number.isFinite(value) || read.has(-1 - k) ? value : 0));
}
