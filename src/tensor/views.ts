/**
 * Rearrangements of tensors, worked out on positions alone: a view says, for each element of a result, which element
 * of a source it is. ONNX's data-movement operators become compositions of these functions.
 * Positions count over the source's row-major elements; negative ones stand for constants, as in a `move` node.
 */
import { sizeOf, stridesOf, type Shape } from './shape.js';

export interface View {
  readonly shape: Shape;
  /** Source position of each element, row-major. */
  readonly index: Int32Array;
}

/** Every element in its place; positions start at `start`. */
export function identityView(shape: Shape, start = 0): View {
  const index = new Int32Array(sizeOf(shape));
  for (let i = 0; i < index.length; i++) index[i] = start + i;
  return { shape, index };
}

/** The same elements in the same order under another shape of the same size. */
export function reshapeView(view: View, shape: Shape): View {
  return { shape, index: view.index };
}

/** Along each axis, the listed coordinates of the view; a coordinate of -1 gives the constant position `filler`. */
export function selectView(view: View, positions: readonly Int32Array[], filler = -1): View {
  const strides = stridesOf(view.shape);
  let offsets = new Int32Array(1);
  positions.forEach((along, axis) => {
    const next = new Int32Array(offsets.length * along.length);
    let at = 0;
    for (const offset of offsets) {
      for (const coordinate of along)
        next[at++] = offset < 0 || coordinate < 0 ? -1 : offset + coordinate * strides[axis];
    }
    offsets = next;
  });
  return {
    shape: positions.map((along) => along.length),
    index: offsets.map((offset) => (offset < 0 ? filler : view.index[offset])),
  };
}

/** All coordinates of every axis except those replaced. */
export function selectAlong(view: View, replaced: ReadonlyMap<number, Int32Array>, filler?: number): View {
  return selectView(
    view,
    view.shape.map((size, axis) => replaced.get(axis) ?? Int32Array.from({ length: size }, (_, i) => i)),
    filler,
  );
}

/** Axis i of the result is axis permutation[i] of the view. */
export function transposeView(view: View, permutation: readonly number[]): View {
  const strides = stridesOf(view.shape);
  const shape = permutation.map((axis) => view.shape[axis]);
  const index = new Int32Array(view.index.length);
  const coordinates = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let at = 0; at < index.length; at++) {
    index[at] = view.index[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[permutation[axis]];
      if (++coordinates[axis] < shape[axis]) break;
      from -= strides[permutation[axis]] * shape[axis];
      coordinates[axis] = 0;
    }
  }
  return { shape, index };
}

/** Broadcast to a shape that the view's shape fits (numpy rules). */
export function expandView(view: View, shape: Shape): View {
  const padded = [...new Array<number>(shape.length - view.shape.length).fill(1), ...view.shape];
  return selectView(
    reshapeView(view, padded),
    shape.map((size, axis) => Int32Array.from({ length: size }, (_, i) => (padded[axis] === 1 ? 0 : i))),
  );
}

/** Joins views along an axis; all other dimensions are equal. */
export function concatViews(views: readonly View[], axis: number): View {
  const shape = views[0].shape.map((size, i) =>
    i === axis ? views.reduce((sum, view) => sum + view.shape[i], 0) : size,
  );
  const outer = sizeOf(shape.slice(0, axis));
  const index = new Int32Array(sizeOf(shape));
  let at = 0;
  for (let block = 0; block < outer; block++) {
    for (const view of views) {
      const length = view.index.length / outer;
      index.set(view.index.subarray(block * length, (block + 1) * length), at);
      at += length;
    }
  }
  return { shape, index };
}
