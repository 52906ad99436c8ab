/** A convolution. */
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import { sizeOf } from '../../tensor/shape.js';
import type { AffineNode } from './affine.js';
import { allWhole, joinChannels, periodic, squareOver, type FloatLayer, type LayerBase } from './layer.js';

/**
 * Cross-correlation, as ONNX Conv. x is [N, inChannels, ...spatial], y is [N, outChannels, ...outSpatial]; one or two
 * (or more) spatial dimensions. Padding is with zeros and already resolved (no auto_pad).
 */
export interface ConvNode extends LayerBase, kernels.ConvGeometry {
  readonly op: 'conv';
  readonly weight: Float64Array;
  /** [outChannels] */
  readonly bias: Float64Array;
}

export const conv: FloatLayer<ConvNode> = {
  prepare(node) {
    const plan = kernels.planConv(node);
    return ([x]) => kernels.conv(x, plan, node.weight, node.bias);
  },
  bound(node, [x]) {
    const plan = kernels.planConv(node);
    return intervals.weightedIntervals(
      x,
      (values, weight, bias) => kernels.conv(values, plan, weight, bias),
      node.weight,
      node.bias,
    );
  },
  isMonotone: () => false,
  onlyMoves: () => false,
  maximumOf: () => undefined,
  tieUnits({ inputShape, shape }, { inputs: [input], output, join }) {
    joinChannels(input, inputShape[1], sizeOf(inputShape.slice(2)), join);
    joinChannels(output, shape[1], sizeOf(shape.slice(2)), join);
  },
  inUnits(node, [input], output) {
    const [areaIn, areaOut] = [sizeOf(node.inputShape.slice(2)), sizeOf(node.shape.slice(2))];
    const filter = sizeOf(node.weightShape.slice(1));
    const read = channelOf(node);
    return {
      ...node,
      weight: node.weight.map((w, k) => (w * input[read(k) * areaIn]) / output[Math.floor(k / filter) * areaOut]),
      bias: node.bias.map((b, o) => b / output[o * areaOut]),
    };
  },
  gains(node, sizes) {
    const [areaIn, areaOut] = [sizeOf(node.inputShape.slice(2)), sizeOf(node.shape.slice(2))];
    const filter = sizeOf(node.weightShape.slice(1));
    const gains = new Float64Array(node.inputShape[1]);
    const read = channelOf(node);
    node.weight.forEach((w, k) => (gains[read(k)] += squareOver(w, sizes[Math.floor(k / filter) * areaOut])));
    return Float64Array.from(
      { length: sizeOf(node.inputShape) },
      (_, i) => gains[Math.floor(i / areaIn) % gains.length],
    );
  },
  errors: 'added',
  onlyCompares: () => false,
  affineMap: () => undefined,
  withAffineAfter: foldAfter,
  withAffineBefore: foldBefore,
  makesWhole: ({ weight, bias }, fromWhole) => fromWhole && allWhole(weight) && allWhole(bias),
  ofOneValue: () => undefined,
};

function foldAfter(conv: ConvNode, affine: AffineNode): ConvNode | undefined {
  const channels = conv.weightShape[0];
  const area = sizeOf(conv.shape.slice(2));
  const scale = periodic(affine.scale, channels, area);
  const shift = periodic(affine.shift, channels, area);
  if (!scale || !shift) return undefined;
  const filter = sizeOf(conv.weightShape.slice(1));
  return {
    ...conv,
    output: affine.output,
    shape: affine.shape,
    weight: conv.weight.map((w, i) => w * scale[Math.floor(i / filter)]),
    bias: conv.bias.map((b, o) => b * scale[o] + shift[o]),
  };
}

/**
 * Folds a map that is the same over each channel; with a shift, only where nothing is padded. The trap: an affine shift
 * may not cross a zero padding, since padded zeros would be shifted too.
 */
function foldBefore(conv: ConvNode, affine: AffineNode): ConvNode[] | undefined {
  const channels = conv.inputShape[1];
  const area = sizeOf(conv.inputShape.slice(2));
  const scale = periodic(affine.scale, channels, area);
  const shift = periodic(affine.shift, channels, area);
  if (!scale || !shift) return undefined;
  const padded = [...conv.padsBegin, ...conv.padsEnd].some((pad) => pad !== 0);
  if (padded && shift.some((value) => value !== 0)) return undefined;
  const filter = sizeOf(conv.weightShape.slice(1));
  const read = channelOf(conv);
  const bias = conv.bias.slice();
  conv.weight.forEach((w, k) => {
    bias[Math.floor(k / filter)] += w * shift[read(k)];
  });
  const weight = conv.weight.map((w, k) => w * scale[read(k)]);
  return [{ ...conv, inputs: affine.inputs, weight, bias }];
}

/** The channel of x that weight k multiplies. */
function channelOf({ weightShape, groups }: ConvNode): (k: number) => number {
  const channelsPerGroup = weightShape[1];
  const filtersPerGroup = weightShape[0] / groups;
  const kernel = sizeOf(weightShape.slice(2));
  return (k) => {
    const filter = Math.floor(k / (channelsPerGroup * kernel));
    return Math.floor(filter / filtersPerGroup) * channelsPerGroup + (Math.floor(k / kernel) % channelsPerGroup);
  };
}
