/** A convolution. */
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import type { Shape } from '../../tensor/shape.js';
import type { FloatLayer, LayerBase } from './layer.js';

/**
 * Cross-correlation, as ONNX Conv. x is [N, inChannels, ...spatial], y is [N, outChannels, ...outSpatial]; one or two
 * (or more) spatial dimensions. Padding is with zeros and already resolved (no auto_pad).
 */
export interface ConvNode extends LayerBase {
  readonly op: 'conv';
  /** Shape of x. */
  readonly inputShape: Shape;
  /** [outChannels, inChannels / groups, ...kernel] */
  readonly weightShape: Shape;
  readonly weight: Float64Array;
  /** [outChannels] */
  readonly bias: Float64Array;
  readonly groups: number;
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBegin: readonly number[];
  readonly padsEnd: readonly number[];
}

export const conv: FloatLayer<ConvNode> = {
  prepare(node) {
    const plan = kernels.planConv(node);
    return ([x]) => kernels.conv(x, plan, node.weight, node.bias);
  },
  bound(node, [x]) {
    const plan = kernels.planConv(node);
    return intervals.weightedIntervals(x, (values, weight, bias) => kernels.conv(values, plan, weight, bias), node.weight, node.bias);
  },
};
