/**
 * Lists of element positions: which elements of a tensor each output element is made from. Pooling windows and the
 * slices of a reduction both take this form, so sums and maxima need no notion of geometry.
 * The trap: a pooling window's list leaves out the padding, so lists may differ in length.
 */
import { sizeOf, stridesOf, type Shape } from './shape.js';

/** One list per output element: list `i` is `indices[offsets[i] .. offsets[i+1])`. */
export interface Groups {
  readonly offsets: Uint32Array;
  readonly indices: Uint32Array;
}

/**
 * The groups of a reduction over `axes` (non-negative, distinct): one per element of the remaining dimensions, in
 * row-major order, each listing its elements in row-major order.
 */
export function reductionGroups(shape: Shape, axes: readonly number[]): Groups {
  const strides = stridesOf(shape);
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const reduced = shape.map((_, axis) => axis).filter((axis) => axes.includes(axis));
  const starts = offsetsAlong(shape, strides, kept);
  const steps = offsetsAlong(shape, strides, reduced);
  const offsets = new Uint32Array(starts.length + 1);
  const indices = new Uint32Array(starts.length * steps.length);
  let at = 0;
  for (let group = 0; group < starts.length; group++) {
    for (const step of steps) indices[at++] = starts[group] + step;
    offsets[group + 1] = at;
  }
  return { offsets, indices };
}

/** For each of `size` elements the group that it is in; every element is in one. */
export function groupOfElement({ offsets, indices }: Groups, size: number): Int32Array {
  const group = new Int32Array(size);
  for (let g = 0; g + 1 < offsets.length; g++)
    for (const element of indices.subarray(offsets[g], offsets[g + 1])) group[element] = g;
  return group;
}

/** Whether each of `size` elements is in one group, and no group is empty. */
export function isPartition({ offsets, indices }: Groups, size: number): boolean {
  if (indices.length !== size || offsets.some((end, g) => g > 0 && end === offsets[g - 1])) return false;
  const seen = new Uint8Array(size);
  return indices.every((element) => (seen[element] += 1) === 1);
}

/** Positions, in row-major order, of the elements whose coordinates outside `axes` are zero. */
function offsetsAlong(shape: Shape, strides: readonly number[], axes: readonly number[]): Uint32Array {
  let positions = new Uint32Array(1);
  for (const axis of axes) {
    const next = new Uint32Array(positions.length * shape[axis]);
    let at = 0;
    for (const position of positions) {
      for (let coordinate = 0; coordinate < shape[axis]; coordinate++)
        next[at++] = position + coordinate * strides[axis];
    }
    positions = next;
  }
  return positions;
}

/** Geometry of a sliding window over the spatial dimensions of a [N, C, ...spatial] tensor. */
export interface WindowGeometry {
  readonly inputShape: Shape;
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBegin: readonly number[];
  readonly outSpatial: readonly number[];
}

/** Number of window positions a geometry visits, for limits. */
export function windowWork({ inputShape, kernel, outSpatial }: WindowGeometry): number {
  return inputShape[0] * inputShape[1] * sizeOf(kernel) * sizeOf(outSpatial);
}

/**
 * One group per element of [N, C, ...outSpatial]: the elements of x under the window, the padding left out, in
 * row-major order.
 */
export function windowGroups(geometry: WindowGeometry): Groups {
  const { inputShape, outSpatial } = geometry;
  const planes = inputShape[0] * inputShape[1];
  const planeSize = sizeOf(inputShape.slice(2));
  const outPlane = sizeOf(outSpatial);
  const plan = windowPlan(geometry);
  const kernelSize = outPlane === 0 ? 0 : plan.length / outPlane;
  const perPlane = plan.reduce((count, position) => count + (position >= 0 ? 1 : 0), 0);
  const offsets = new Uint32Array(planes * outPlane + 1);
  const indices = new Uint32Array(planes * perPlane);
  let at = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (let out = 0; out < outPlane; out++) {
      for (let k = 0; k < kernelSize; k++) {
        const position = plan[out * kernelSize + k];
        if (position >= 0) indices[at++] = plane * planeSize + position;
      }
      offsets[plane * outPlane + out + 1] = at;
    }
  }
  return { offsets, indices };
}

/**
 * Position, within one channel's plane, of the element under kernel element k at output position p:
 * `plan[p * kernelSize + k]`, or -1 where it is padding.
 */
export function windowPlan(geometry: WindowGeometry): Int32Array {
  const { inputShape, kernel, strides, dilations, padsBegin, outSpatial } = geometry;
  const spatial = inputShape.slice(2);
  const spatialStrides = stridesOf(spatial);
  const kernelSize = sizeOf(kernel);
  const plan = new Int32Array(sizeOf(outSpatial) * kernelSize);
  for (let axis = 0; axis < spatial.length; axis++) {
    const outStride = sizeOf(outSpatial.slice(axis + 1));
    const kernelStride = sizeOf(kernel.slice(axis + 1));
    for (let i = 0; i < plan.length; i++) {
      if (plan[i] < 0) continue;
      const out = Math.floor(i / kernelSize / outStride) % outSpatial[axis];
      const k = Math.floor((i % kernelSize) / kernelStride) % kernel[axis];
      const coordinate = out * strides[axis] + k * dilations[axis] - padsBegin[axis];
      plan[i] = coordinate < 0 || coordinate >= spatial[axis] ? -1 : plan[i] + coordinate * spatialStrides[axis];
    }
  }
  return plan;
}
