/**
 * Operators that read images between their pixels at constant places: GridSample, RoiAlign and DeformConv, and
 * AffineGrid, which makes such places. Each output element is a constant weighted sum of elements of the image; places
 * that the network computes are refused.
 */
import { sizeOf, stridesOf } from '../../tensor/shape.js';
import { isFloat } from '../model.js';
import type { Lowering, NodeContext } from './context.js';
import { Taps } from './taps.js';
import { resolveWindow } from './window.js';

const { fround } = Math;

function image(context: NodeContext): ReturnType<NodeContext['activation']> {
  const x = context.activation(0);
  if (!isFloat(x.type))
    throw context.unsupported(`it interpolates values of type ${x.type}; cast them to float before`);
  if (x.shape.length < 3) throw context.shapeError('x must be [N, channels, spatial dimensions...]');
  return x;
}

/** Half to even, as coordinates are rounded. */
function nearest(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

/** x mirrored at low and high until it lies between them. */
function reflect(x: number, low: number, high: number): number {
  const range = high - low;
  if (x >= low && x <= high) return x;
  if (range === 0) return low;
  const beyond = x < low ? low - x : x - high;
  const turns = Math.trunc(beyond / range);
  const rest = beyond - turns * range;
  const fromLow = x < low === (turns % 2 === 0);
  return fromLow ? low + rest : high - rest;
}

/** Weights of the four neighbours of a coordinate with this fraction, cubic with a = -0.75. */
function cubicWeights(fraction: number): number[] {
  const a = -0.75;
  const near = (x: number): number => ((a + 2) * x - (a + 3)) * x * x + 1;
  const far = (x: number): number => a * (((x - 5) * x + 8) * x - 4);
  return [far(fraction + 1), near(fraction), near(1 - fraction), far(2 - fraction)];
}

type Padding = 'zeros' | 'border' | 'reflection';

interface SampleMode {
  readonly mode: 'nearest' | 'linear' | 'cubic';
  readonly padding: Padding;
  readonly alignCorners: boolean;
}

function readSampleMode(context: NodeContext): SampleMode {
  const given = context.string('mode', context.opset < 20 ? 'bilinear' : 'linear');
  const mode = (
    { bilinear: 'linear', linear: 'linear', bicubic: 'cubic', cubic: 'cubic', nearest: 'nearest' } as const
  )[given];
  if (mode === undefined) throw context.unsupportedAttribute('mode', given, 'nearest, linear and cubic are');
  const padding = context.string('padding_mode', 'zeros');
  if (padding !== 'zeros' && padding !== 'border' && padding !== 'reflection')
    throw context.unsupportedAttribute('padding_mode', padding, 'zeros, border and reflection are');
  return { mode, padding, alignCorners: context.flag('align_corners', false) };
}

/**
 * Elements along one dimension of `size` and their weights for a coordinate in [-1, 1]; -1 stands for the zeros
 * outside.
 */
function samplesAlong(
  given: number,
  size: number,
  { mode, padding, alignCorners }: SampleMode,
): (readonly [number, number])[] {
  const [low, high] = alignCorners ? [0, size - 1] : [-0.5, size - 0.5];
  let x = alignCorners
    ? fround(fround(fround(given + 1) / 2) * (size - 1))
    : fround(fround(fround(fround(given + 1) * size) - 1) / 2);
  if (mode === 'nearest') x = nearest(x);
  const at = (position: number): number => {
    if (position >= 0 && position < size) return position;
    if (padding === 'zeros') return -1;
    if (padding === 'border') return Math.max(0, Math.min(size - 1, position));
    return Math.max(0, Math.min(size - 1, Math.trunc(reflect(position, low, high))));
  };
  if (mode === 'nearest') return [[at(Math.trunc(x)), 1]];
  const base = Math.floor(x);
  const fraction = x - base;
  if (mode === 'linear')
    return [
      [at(base), 1 - fraction],
      [at(base + 1), fraction],
    ];
  return cubicWeights(fraction).map((weight, k) => [at(base - 1 + k), weight] as const);
}

/** Sums over the products of what is taken along each dimension; nothing where one of them lies outside. */
function addProducts(
  sums: Taps,
  start: number,
  along: readonly (readonly (readonly [number, number])[])[],
  strides: readonly number[],
  factor = 1,
): void {
  let terms: (readonly [number, number])[] = [[start, factor]];
  along.forEach((samples, dimension) => {
    terms = terms.flatMap(([position, weight]) =>
      samples.flatMap(([at, share]) =>
        at < 0 || share === 0 ? [] : [[position + at * strides[dimension], weight * share] as const],
      ),
    );
  });
  for (const [position, weight] of terms) sums.add(position, weight);
}

/** grid [N, ...out, spatial dimensions], its last dimension holding x before y before z. */
export const lowerGridSample: Lowering = (context) => {
  const x = image(context);
  const grid = context.constant(1);
  const mode = readSampleMode(context);
  const [batch, channels, ...spatial] = x.shape;
  const rank = spatial.length;
  if (grid.shape.length !== rank + 2 || grid.shape[rank + 1] !== rank || grid.shape[0] !== batch)
    throw context.shapeError(`the grid should be [${batch}, ..., ${rank}]`);
  if (!grid.data.every(Number.isFinite)) throw context.unsupported('its grid holds numbers that are not finite');
  const out = grid.shape.slice(1, -1);
  const shape = context.bounded([batch, channels, ...out]);
  context.bounded([sizeOf(shape), 4 ** rank]);
  const strides = stridesOf(spatial);
  const [area, places] = [sizeOf(spatial), sizeOf(out)];
  const sums = new Taps();
  for (let n = 0; n < batch; n += 1) {
    const along = Array.from({ length: places }, (_, place) =>
      spatial.map((size, dimension) =>
        samplesAlong(fround(grid.data[(n * places + place) * rank + rank - 1 - dimension]), size, mode),
      ),
    );
    for (let c = 0; c < channels; c += 1) {
      for (const samples of along) {
        addProducts(sums, (n * channels + c) * area, samples, strides);
        sums.end();
      }
    }
  }
  return [sums.emit(context, x, shape)];
};

/** theta [N, 2, 3] or [N, 3, 4] and a constant size [N, C, ...spatial] make a grid [N, ...spatial, 2 or 3]. */
export const lowerAffineGrid: Lowering = (context) => {
  const theta = context.activation(0);
  const size = context.integers(1) ?? [];
  const spatial = size.slice(2);
  const rank = spatial.length;
  const alignCorners = context.flag('align_corners', false);
  if ((rank !== 2 && rank !== 3) || theta.shape.join() !== [size[0], rank, rank + 1].join())
    throw context.shapeError('theta should be [N, 2, 3] or [N, 3, 4], and size [N, channels, ...spatial]');
  const shape = context.bounded([size[0], ...spatial, rank]);
  const coordinate = (i: number, length: number): number =>
    alignCorners ? (length === 1 ? 0 : -1 + (2 * i) / (length - 1)) : -1 + (2 * i + 1) / length;
  const steps = stridesOf(spatial);
  const sums = new Taps();
  for (let n = 0; n < size[0]; n += 1) {
    for (let place = 0; place < sizeOf(spatial); place += 1) {
      // x before y before z: the last dimension first.
      const point = [
        ...spatial
          .map((length, dimension) => coordinate(Math.floor(place / steps[dimension]) % length, length))
          .reverse(),
        1,
      ];
      for (let row = 0; row < rank; row += 1) {
        point.forEach((value, column) => sums.add((n * rank + row) * (rank + 1) + column, value));
        sums.end();
      }
    }
  }
  return [sums.emit(context, theta, shape)];
};

/**
 * Neighbours of a place in an image, by RoiAlign's rule: up to one pixel outside the border's pixel counts, farther out
 * there are zeros.
 */
function roiSamples(given: number, size: number): (readonly [number, number])[] {
  if (given < -1 || given > size) return [];
  const x = Math.max(given, 0);
  const base = Math.trunc(x);
  if (base >= size - 1) return [[size - 1, 1]];
  return [
    [base, 1 - (x - base)],
    [base + 1, x - base],
  ];
}

/** Regions [K, 4] as x1, y1, x2, y2, of the images that the batch indices name. */
export const lowerRoiAlign: Lowering = (context) => {
  const x = image(context);
  const [rois, images] = [context.constant(1), context.integers(2) ?? []];
  const mode = context.string('mode', 'avg');
  if (mode !== 'avg' && mode !== 'max') throw context.unsupportedAttribute('mode', mode, 'avg and max are');
  const [height, width] = [context.int('output_height', 1), context.int('output_width', 1)];
  const scale = context.float('spatial_scale', 1);
  const ratio = context.int('sampling_ratio', 0);
  const halfPixel =
    context.opset >= 16 && context.string('coordinate_transformation_mode', 'half_pixel') === 'half_pixel';
  const [batch, channels, rows, columns] = x.shape;
  if (x.shape.length !== 4 || rois.shape.join() !== [images.length, 4].join())
    throw context.shapeError('x should be [N, channels, height, width], and the regions [K, 4]');
  if (images.some((image_) => image_ < 0 || image_ >= batch))
    throw context.shapeError(`a batch index is outside ${batch} images`);
  const shape = context.bounded([images.length, channels, height, width]);
  const sums = new Taps();
  const offsets: number[] = [0];
  const shift = halfPixel ? 0.5 : 0;
  let members = 0;
  for (let region = 0; region < images.length; region += 1) {
    const [x1, y1, x2, y2] = Array.from({ length: 4 }, (_, k) => fround(rois.data[4 * region + k] * scale) - shift);
    const [roiWidth, roiHeight] = [x2 - x1, y2 - y1].map((length) => (halfPixel ? length : Math.max(length, 1)));
    const [binHeight, binWidth] = [roiHeight / height, roiWidth / width];
    const [down, across] = [binHeight, binWidth].map((bin) => (ratio > 0 ? ratio : Math.ceil(bin)));
    const count = Math.max(down * across, 1);
    context.bounded([sizeOf(shape), 4 * count]);
    for (let c = 0; c < channels; c += 1) {
      const start = (images[region] * channels + c) * rows * columns;
      for (let cell = 0; cell < height * width; cell += 1) {
        const [row, column] = [Math.floor(cell / width), cell % width];
        for (let sample = 0; sample < down * across; sample += 1) {
          const y = y1 + row * binHeight + ((Math.floor(sample / across) + 0.5) * binHeight) / down;
          const along = [
            roiSamples(y, rows),
            roiSamples(x1 + column * binWidth + (((sample % across) + 0.5) * binWidth) / across, columns),
          ];
          if (mode === 'avg') addProducts(sums, start, along, [columns, 1], 1 / count);
          else {
            // The largest of all weighted pixels, not of the interpolated values: so ONNX's reference and onnxruntime
            // have it.
            const corners = along.every((samples) => samples.length > 0)
              ? along[0].flatMap((a) => along[1].map((b) => [a, b]))
              : [];
            for (const [a, b] of corners) {
              addProducts(sums, start, [[a], [b]], [columns, 1]);
              sums.end();
              members += 1;
            }
            // Four pixels are compared whether or not there are four.
            if (corners.length < 4) {
              sums.end();
              members += 1;
            }
          }
        }
        if (mode === 'avg') sums.end();
        offsets.push(members);
      }
    }
  }
  if (mode === 'avg') return [sums.emit(context, x, shape)];
  const weighted = sums.emit(context, x, [members], { step: 'pixels' });
  if (offsets.some((offset, i) => i > 0 && offset === offsets[i - 1]))
    throw context.shapeError('a region has no extent');
  const groups = { offsets: Uint32Array.from(offsets), indices: Uint32Array.from({ length: members }, (_, i) => i) };
  return [context.emit({ op: 'max', shape, groups }, [weighted])];
};

/** A convolution that reads each pixel beside its place, by constant offsets, and weighs it by a constant mask. */
export const lowerDeformConv: Lowering = (context) => {
  const x = image(context);
  const [weight, offset] = [context.constant(1), context.constant(2)];
  const [bias, mask] = [context.optionalConstant(3), context.optionalConstant(4)];
  const [groups, offsetGroups] = [context.int('group', 1), context.int('offset_group', 1)];
  const kernel = weight.shape.slice(2);
  const declared = context.ints('kernel_shape') ?? kernel;
  const [batch, channels, ...spatial] = x.shape;
  if (spatial.length !== 2 || kernel.length !== 2 || declared.join() !== kernel.join())
    throw context.shapeError(
      'x and the weights must have two spatial dimensions, and kernel_shape be that of the weights',
    );
  const [outChannels, groupChannels] = weight.shape;
  if (channels !== groupChannels * groups || outChannels % groups !== 0 || channels % offsetGroups !== 0)
    throw context.shapeError(`${channels} channels in ${groups} groups do not fit the weights`);
  const { strides, dilations, padsBegin, outSpatial } = resolveWindow(context, spatial, kernel);
  const [taps, places] = [sizeOf(kernel), sizeOf(outSpatial)];
  if (offset.data.length !== batch * offsetGroups * taps * 2 * places)
    throw context.shapeError('the offsets should be [N, 2 offset groups * kernel, ...out]');
  if (mask !== undefined && mask.data.length !== batch * offsetGroups * taps * places)
    throw context.shapeError('the mask should be [N, offset groups * kernel, ...out]');
  if (bias !== undefined && bias.data.length !== outChannels)
    throw context.shapeError(`the bias should have ${outChannels} elements`);
  const shape = context.bounded([batch, outChannels, ...outSpatial]);
  context.bounded([sizeOf(shape), groupChannels * taps * 4]);
  const along = (coordinate: number, size: number): (readonly [number, number])[] => {
    const base = Math.floor(coordinate);
    const inside = (position: number): number => (position >= 0 && position < size ? position : -1);
    return [
      [inside(base), 1 - (coordinate - base)],
      [inside(base + 1), coordinate - base],
    ];
  };
  const sums = new Taps();
  for (let i = 0; i < sizeOf(shape); i += 1) {
    const place = i % places;
    const out = Math.floor(i / places) % outChannels;
    const n = Math.floor(i / places / outChannels);
    const [row, column] = [Math.floor(place / outSpatial[1]), place % outSpatial[1]];
    const first = Math.floor(out / (outChannels / groups)) * groupChannels;
    for (let c = 0; c < groupChannels; c += 1) {
      const channel = first + c;
      const offsetGroup = Math.floor(channel / (channels / offsetGroups));
      for (let k = 0; k < taps; k += 1) {
        const at = (n * offsetGroups + offsetGroup) * taps + k;
        const shift = [0, 1].map((dimension) => offset.data[(at * 2 + dimension) * places + place]);
        const y = row * strides[0] - padsBegin[0] + Math.floor(k / kernel[1]) * dilations[0] + shift[0];
        const z = column * strides[1] - padsBegin[1] + (k % kernel[1]) * dilations[1] + shift[1];
        const factor =
          weight.data[(out * groupChannels + c) * taps + k] * (mask === undefined ? 1 : mask.data[at * places + place]);
        addProducts(
          sums,
          (n * channels + channel) * sizeOf(spatial),
          [along(y, spatial[0]), along(z, spatial[1])],
          [spatial[1], 1],
          factor,
        );
      }
    }
    sums.end(bias?.data[out] ?? 0);
  }
  return [sums.emit(context, x, shape)];
};
