/**
 * Resize and Upsample: nearest, linear and cubic interpolation in all coordinate modes, by the formulas of the ONNX
 * Resize page. All of it is known from shapes, so each output element is a constant weighted sum of input elements.
 *
 * The trap: coordinates are float32 in every runtime, and which pixel is nearest may hang on their rounding; so each
 * step is rounded here too.
 */
import { sizeOf, stridesOf } from '../../tensor/shape.js';
import type { Lowering, NodeContext } from './context.js';
import { Taps } from './taps.js';

const { fround } = Math;

interface Target {
  /** Size of each dimension of the result. */
  readonly sizes: number[];
  readonly scales: number[];
}

/** Scales: an attribute of Upsample before opset 9; sizes may replace them since opset 11. */
function readTarget(context: NodeContext, shape: readonly number[]): Target {
  if (context.node.op === 'Upsample' || context.opset < 11) {
    const scales = context.opset < 9 ? context.floats('scales') : Array.from(context.constant(1).data);
    return fromScales(context, shape, scales);
  }
  const sizes = context.integers(3);
  const scales = context.optionalConstant(2);
  const axes = resizedAxes(context, shape.length);
  const spread = (values: readonly number[], rest: readonly number[]) =>
    rest.map((value, axis) => (axes.includes(axis) ? values[axes.indexOf(axis)] : value));
  if (sizes !== undefined && sizes.length > 0) {
    if (sizes.length !== axes.length) throw context.shapeError('there must be one size per resized dimension');
    const full = spread(sizes, shape);
    const policy = context.opset < 18 ? 'stretch' : context.string('keep_aspect_ratio_policy', 'stretch');
    if (policy === 'stretch') return { sizes: full, scales: full.map((size, axis) => fround(size / shape[axis])) };
    if (policy !== 'not_larger' && policy !== 'not_smaller')
      throw context.unsupportedAttribute('keep_aspect_ratio_policy', policy, 'stretch, not_larger and not_smaller are');
    const ratios = axes.map((axis) => full[axis] / shape[axis]);
    const ratio = ratios.reduce((a, b) => (policy === 'not_larger' ? Math.min(a, b) : Math.max(a, b)));
    const kept = (axis: number): boolean => !axes.includes(axis);
    return {
      sizes: shape.map((size, axis) => (kept(axis) ? size : Math.floor(ratio * size + 0.5))),
      scales: shape.map((_, axis) => (kept(axis) ? 1 : fround(ratio))),
    };
  }
  context.ignore('keep_aspect_ratio_policy');
  if (scales === undefined || scales.data.length !== axes.length)
    throw context.shapeError('there must be one scale per resized dimension');
  return fromScales(
    context,
    shape,
    spread(
      Array.from(scales.data),
      shape.map(() => 1),
    ),
  );
}

function resizedAxes(context: NodeContext, rank: number): number[] {
  const given = context.opset < 18 ? undefined : context.ints('axes');
  return (given ?? Array.from({ length: rank }, (_, axis) => axis)).map((axis) => context.axis(axis, rank));
}

function fromScales(context: NodeContext, shape: readonly number[], scales: readonly number[] | undefined): Target {
  if (scales === undefined || scales.length !== shape.length || scales.some((scale) => !(scale > 0))) {
    throw context.shapeError('there must be one positive scale per dimension');
  }
  return {
    sizes: shape.map((size, axis) => Math.floor(fround(size * fround(scales[axis])))),
    scales: scales.map(fround),
  };
}

/** One dimension that is resized. */
interface Axis {
  readonly scale: number;
  /** Of the input. */
  readonly length: number;
  /** Of the result. */
  readonly resized: number;
  /** Where the region of tf_crop_and_resize begins and ends, in shares of the length. */
  readonly start: number;
  readonly end: number;
}

type Transform = (out: number, axis: Axis) => number;

const halfPixel: Transform = (out, { scale }) => fround(fround(fround(out + 0.5) / scale) - 0.5);
/**
 * The length that the scale gives, which may have a fraction; ONNX's reference divides by it where the page says the
 * result's length.
 */
const exactLength = ({ scale, length }: Axis): number => fround(scale * length);

const TRANSFORMS: Record<string, Transform> = {
  asymmetric: (out, { scale }) => fround(out / scale),
  half_pixel: halfPixel,
  half_pixel_symmetric: (out, axis) => {
    const offset = fround(fround(axis.length / 2) * fround(1 - fround(axis.resized / exactLength(axis))));
    return fround(offset + halfPixel(out, axis));
  },
  pytorch_half_pixel: (out, axis) => (axis.resized > 1 ? halfPixel(out, axis) : 0),
  align_corners: (out, axis) =>
    axis.resized > 1 ? fround(fround(out * (axis.length - 1)) / fround(exactLength(axis) - 1)) : 0,
  tf_half_pixel_for_nn: (out, { scale }) => fround(fround(out + 0.5) / scale),
  tf_crop_and_resize: (out, axis) => {
    const { start, end, length } = axis;
    if (axis.resized === 1) return fround(0.5 * fround(start + end) * (length - 1));
    return fround(
      fround(start * (length - 1)) +
        fround(fround(fround(out * fround(end - start)) * (length - 1)) / fround(exactLength(axis) - 1)),
    );
  },
};
/** Of these onnxruntime divides by the result's length where the scale gives a fraction. */
const BY_LENGTH = ['align_corners', 'tf_crop_and_resize'];

const ROUNDINGS: Record<string, (coordinate: number, scale: number) => number> = {
  round_prefer_floor: (coordinate) => Math.ceil(coordinate - 0.5),
  round_prefer_ceil: (coordinate) => Math.floor(coordinate + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
  /** Resize of opset 10 and Upsample. */
  simple: (coordinate, scale) => (scale < 1 ? Math.ceil(coordinate) : Math.floor(coordinate)),
};

/** The elements along one dimension that one output coordinate is made of. */
type AxisTaps = readonly (readonly [position: number, weight: number])[];

/** Keys' cubic (1981) with parameter a. */
function cubic(distance: number, a: number): number {
  const x = Math.abs(distance);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? a * (((x - 5) * x + 8) * x - 4) : 0;
}

interface Interpolation {
  readonly mode: 'nearest' | 'linear' | 'cubic';
  readonly rounding: (coordinate: number, scale: number) => number;
  readonly a: number;
  readonly antialias: boolean;
  readonly excludeOutside: boolean;
}

/** Neighbours of a coordinate with their weights; beyond the ends the last elements are repeated, or left out. */
function tapsAt(
  coordinate: number,
  { length, scale }: Axis,
  { mode, rounding, a, antialias, excludeOutside }: Interpolation,
): AxisTaps {
  const inside = (position: number): number => Math.max(0, Math.min(length - 1, position));
  if (mode === 'nearest') return [[inside(rounding(coordinate, scale)), 1]];
  // The filter is stretched where the image shrinks.
  const stretch = antialias ? Math.min(scale, 1) : 1;
  const reach = mode === 'linear' ? 1 : 2;
  const base = Math.ceil(coordinate) - 1;
  const first = Math.floor(-reach / stretch) + 1;
  const taps: [number, number][] = [];
  for (let i = first; i < 2 - first; i += 1) {
    const distance = (base + i - coordinate) * stretch;
    taps.push([base + i, mode === 'linear' ? Math.max(0, 1 - Math.abs(distance)) : cubic(distance, a)]);
  }
  const kept = excludeOutside ? taps.filter(([position]) => position >= 0 && position < length) : taps;
  const total = antialias || excludeOutside ? kept.reduce((sum, [, weight]) => sum + weight, 0) : 1;
  const merged = new Map<number, number>();
  for (const [position, weight] of kept)
    merged.set(inside(position), (merged.get(inside(position)) ?? 0) + weight / total);
  return [...merged];
}

function readInterpolation(context: NodeContext, legacy: boolean): Interpolation {
  const mode = context.string('mode', 'nearest');
  if (mode !== 'nearest' && mode !== 'linear' && mode !== 'cubic')
    throw context.unsupportedAttribute('mode', mode, 'nearest, linear and cubic are');
  const roundingName = legacy ? 'simple' : context.string('nearest_mode', 'round_prefer_floor');
  const rounding = ROUNDINGS[roundingName];
  if (rounding === undefined)
    throw context.unsupportedAttribute(
      'nearest_mode',
      roundingName,
      'round_prefer_floor, round_prefer_ceil, floor and ceil are',
    );
  return {
    mode,
    rounding,
    a: context.float('cubic_coeff_a', -0.75),
    antialias: context.flag('antialias', false) && mode !== 'nearest',
    excludeOutside: context.flag('exclude_outside', false) && mode === 'cubic',
  };
}

/** Begin and end of the region in every dimension, in shares of its length. */
function readRegion(context: NodeContext, rank: number): { readonly starts: number[]; readonly ends: number[] } {
  const roi = context.optionalConstant(1)?.data ?? new Float64Array();
  const axes = resizedAxes(context, rank);
  if (roi.length !== 2 * axes.length) throw context.shapeError(`roi should have ${2 * axes.length} entries`);
  const of = (offset: number, otherwise: number): number[] =>
    Array.from({ length: rank }, (_, axis) =>
      axes.includes(axis) ? fround(roi[offset + axes.indexOf(axis)]) : otherwise,
    );
  return { starts: of(0, 0), ends: of(axes.length, 1) };
}

export const lowerResize: Lowering = (context) => {
  const x = context.activation(0);
  const rank = x.shape.length;
  const legacy = context.node.op === 'Upsample' || context.opset < 11;
  const interpolation = readInterpolation(context, legacy);
  const modeName = legacy ? 'asymmetric' : context.string('coordinate_transformation_mode', 'half_pixel');
  const transform = TRANSFORMS[modeName];
  if (transform === undefined) {
    throw context.unsupportedAttribute(
      'coordinate_transformation_mode',
      modeName,
      `${Object.keys(TRANSFORMS).join(', ')} are`,
    );
  }
  const crops = modeName === 'tf_crop_and_resize';
  const extrapolated = context.float('extrapolation_value', 0);
  const { sizes, scales } = readTarget(context, x.shape);
  context.bounded(sizes);
  const { starts, ends } = crops ? readRegion(context, rank) : { starts: sizes.map(() => 0), ends: sizes.map(() => 1) };
  const axes = x.shape.map((length, axis): Axis => ({
    length,
    scale: scales[axis],
    resized: sizes[axis],
    start: starts[axis],
    end: ends[axis],
  }));
  if (BY_LENGTH.includes(modeName) && axes.some((axis) => axis.resized > 1 && exactLength(axis) !== axis.resized)) {
    context.note(
      `${context.label} scales to lengths with a fraction, by which ONNX's reference divides its coordinates; onnxruntime divides by whole lengths.`,
    );
  }
  // Undefined: a coordinate outside the region.
  const along = axes.map((axis) =>
    Array.from({ length: axis.resized }, (_, out): AxisTaps | undefined => {
      if (axis.scale === 1 && axis.resized === axis.length && (!crops || (axis.start === 0 && axis.end === 1)))
        return [[out, 1]];
      const coordinate = transform(out, axis);
      return crops && (coordinate < 0 || coordinate > axis.length - 1)
        ? undefined
        : tapsAt(coordinate, axis, interpolation);
    }),
  );
  return [emitProducts(context, x, sizes, along, extrapolated)];
};

/** Each element of the result is the sum over the products of the taps of its coordinates. */
function emitProducts(
  context: NodeContext,
  x: ReturnType<NodeContext['activation']>,
  sizes: readonly number[],
  along: readonly (AxisTaps | undefined)[][],
  outside: number,
) {
  const most = along.map((axis) => axis.reduce((longest, taps) => Math.max(longest, taps?.length ?? 0), 0));
  context.bounded([sizeOf(sizes) * sizeOf(most)]);
  const [strides, steps] = [stridesOf(x.shape), stridesOf(sizes)];
  const sums = new Taps();
  for (let i = 0; i < sizeOf(sizes); i += 1) {
    const chosen = along.map((axis, dimension) => axis[Math.floor(i / steps[dimension]) % sizes[dimension]]);
    if (chosen.some((taps) => taps === undefined)) {
      sums.end(outside);
      continue;
    }
    let terms: (readonly [number, number])[] = [[0, 1]];
    (chosen as AxisTaps[]).forEach((taps, dimension) => {
      terms = terms.flatMap(([at, weight]) =>
        taps.map(([position, factor]) => [at + position * strides[dimension], weight * factor] as const),
      );
    });
    for (const [position, weight] of terms) sums.add(position, weight);
    sums.end();
  }
  return sums.emit(context, x, sizes);
}
