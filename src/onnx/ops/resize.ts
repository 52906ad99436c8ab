/**
 * Resize and Upsample with nearest-neighbour interpolation: each output coordinate reads one input coordinate, by the
 * formulas of the ONNX Resize page. Linear and cubic interpolation are refused.
 */
import { identityView, selectView } from '../../tensor/views.js';
import type { Lowering, NodeContext } from './context.js';
import { moveOne } from './moving.js';

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
  const given = context.opset < 18 ? undefined : context.ints('axes');
  const axes = (given ?? shape.map((_, axis) => axis)).map((axis) => context.axis(axis, shape.length));
  const spread = (values: readonly number[], rest: readonly number[]) =>
    rest.map((value, axis) => (axes.includes(axis) ? values[axes.indexOf(axis)] : value));
  if (sizes !== undefined && sizes.length > 0) {
    const policy = context.opset < 18 ? 'stretch' : context.string('keep_aspect_ratio_policy', 'stretch');
    if (policy !== 'stretch') throw context.unsupportedAttribute('keep_aspect_ratio_policy', policy, 'stretch is');
    if (sizes.length !== axes.length) throw context.shapeError('there must be one size per resized dimension');
    const full = spread(sizes, shape);
    return { sizes: full, scales: full.map((size, axis) => size / shape[axis]) };
  }
  context.ignore('keep_aspect_ratio_policy');
  if (scales === undefined || scales.data.length !== axes.length) throw context.shapeError('there must be one scale per resized dimension');
  return fromScales(context, shape, spread(Array.from(scales.data), shape.map(() => 1)));
}

function fromScales(context: NodeContext, shape: readonly number[], scales: readonly number[] | undefined): Target {
  if (scales === undefined || scales.length !== shape.length || scales.some((scale) => !(scale > 0))) {
    throw context.shapeError('there must be one positive scale per dimension');
  }
  return { sizes: shape.map((size, axis) => Math.floor(size * scales[axis])), scales: [...scales] };
}

type Transform = (out: number, scale: number, inSize: number, outSize: number) => number;

const TRANSFORMS: Record<string, Transform> = {
  asymmetric: (out, scale) => out / scale,
  half_pixel: (out, scale) => (out + 0.5) / scale - 0.5,
  pytorch_half_pixel: (out, scale, _, outSize) => (outSize > 1 ? (out + 0.5) / scale - 0.5 : 0),
  align_corners: (out, _, inSize, outSize) => (outSize > 1 ? (out * (inSize - 1)) / (outSize - 1) : 0),
};

const ROUNDINGS: Record<string, (coordinate: number) => number> = {
  round_prefer_floor: (coordinate) => Math.ceil(coordinate - 0.5),
  round_prefer_ceil: (coordinate) => Math.floor(coordinate + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

export const lowerResize: Lowering = (context) => {
  const x = context.activation(0);
  const mode = context.string('mode', 'nearest');
  if (mode !== 'nearest') throw context.unsupportedAttribute('mode', mode, 'nearest is');
  const legacy = context.node.op === 'Upsample' || context.opset < 11;
  const transformName = legacy ? 'asymmetric' : context.string('coordinate_transformation_mode', 'half_pixel');
  const roundingName = legacy ? 'floor' : context.string('nearest_mode', 'round_prefer_floor');
  const transform = TRANSFORMS[transformName];
  const rounding = ROUNDINGS[roundingName];
  if (transform === undefined) {
    throw context.unsupportedAttribute('coordinate_transformation_mode', transformName, `${Object.keys(TRANSFORMS).join(', ')} are`);
  }
  if (rounding === undefined) throw context.unsupportedAttribute('nearest_mode', roundingName, `${Object.keys(ROUNDINGS).join(', ')} are`);
  context.ignore('cubic_coeff_a', 'exclude_outside', 'extrapolation_value', 'antialias');
  const { sizes, scales } = readTarget(context, x.shape);
  context.bounded(sizes);
  const positions = sizes.map((length, axis) =>
    Int32Array.from({ length }, (_, out) => {
      const coordinate = length === x.shape[axis] ? out : transform(out, scales[axis], x.shape[axis], length);
      return Math.max(0, Math.min(x.shape[axis] - 1, rounding(coordinate)));
    }),
  );
  return [moveOne(context, x, selectView(identityView(x.shape), positions))];
};
