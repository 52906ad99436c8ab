/**
 * ConvTranspose with constant weights, as the convolution that it is: x with zeros put between its elements (by the
 * stride) and around it, and the kernel reversed with its channels swapped.
 */
import { showShape, sizeOf } from '../../tensor/shape.js';
import { identityView, selectView } from '../../tensor/views.js';
import { requireNumeric } from './arithmetic.js';
import type { Lowering, NodeContext } from './context.js';
import { moveOne } from './moving.js';

interface Stretch {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Zeros before and after the spread input; negative ones crop. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** By the formulas of the ONNX ConvTranspose page. */
function resolveStretch(context: NodeContext, spatial: readonly number[], kernel: readonly number[]): Stretch {
  const rank = spatial.length;
  const perAxis = (name: string, fallback: number) => {
    const values = context.ints(name) ?? new Array<number>(rank).fill(fallback);
    if (values.length !== rank || values.some((value) => value < fallback)) {
      throw context.unsupportedAttribute(name, values, `${rank} entries of ${fallback} or more are`);
    }
    return values;
  };
  const strides = perAxis('strides', 1);
  const dilations = perAxis('dilations', 1);
  const outputPadding = perAxis('output_padding', 0);
  const reach = kernel.map((size, axis) => dilations[axis] * (size - 1) + 1);
  const full = spatial.map((size, axis) => strides[axis] * (size - 1) + outputPadding[axis] + reach[axis]);
  const autoPad = context.string('auto_pad', 'NOTSET');
  const pads = context.ints('pads') ?? new Array<number>(2 * rank).fill(0);
  if (pads.length !== 2 * rank) throw context.shapeError(`pads [${pads.join(', ')}] should have ${2 * rank} entries`);
  if (!['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'].includes(autoPad)) {
    throw context.unsupportedAttribute('auto_pad', autoPad, 'NOTSET, VALID, SAME_UPPER and SAME_LOWER are');
  }
  const wanted =
    context.ints('output_shape')?.slice(-rank) ??
    (autoPad.startsWith('SAME') ? spatial.map((size, axis) => size * strides[axis]) : undefined);
  const cut = full.map((size, axis): [number, number] => {
    if (wanted === undefined) return autoPad === 'VALID' ? [0, 0] : [pads[axis], pads[axis + rank]];
    const total = size - wanted[axis];
    // A larger output has zeros after it.
    if (total < 0) return [0, total];
    const half = Math.floor(total / 2);
    return autoPad === 'SAME_UPPER' ? [half, total - half] : [total - half, half];
  });
  return {
    strides,
    dilations,
    before: cut.map(([begin], axis) => reach[axis] - 1 - begin),
    after: cut.map(([, end], axis) => reach[axis] - 1 - end + outputPadding[axis]),
  };
}

export const lowerConvTranspose: Lowering = (context) => {
  const x = context.activation(0);
  const weight = context.constant(1);
  const bias = context.optionalConstant(2);
  requireNumeric(context, [x]);
  if (x.shape.length < 3 || weight.shape.length !== x.shape.length) {
    throw context.shapeError('x must be [N, channels, spatial dimensions...] and the weights of as many dimensions');
  }
  const groups = context.int('group', 1);
  const [inChannels, groupOut] = weight.shape;
  const kernel = weight.shape.slice(2);
  const declared = context.ints('kernel_shape') ?? kernel;
  if (declared.join() !== kernel.join())
    throw context.shapeError(`kernel_shape ${showShape(declared)} is not that of the weights`);
  if (groups < 1 || inChannels % groups !== 0 || x.shape[1] !== inChannels) {
    throw context.shapeError(`${x.shape[1]} input channels in ${groups} groups do not fit the weights`);
  }
  const outChannels = groupOut * groups;
  if (bias !== undefined && bias.data.length !== outChannels)
    throw context.shapeError(`the bias should have ${outChannels} elements`);
  const spatial = x.shape.slice(2);
  const { strides, dilations, before, after } = resolveStretch(context, spatial, kernel);

  const inputShape = context.bounded([
    ...x.shape.slice(0, 2),
    ...spatial.map((size, axis) => (size - 1) * strides[axis] + 1 + before[axis] + after[axis]),
  ]);
  const positions = inputShape.map((length, axis) =>
    Int32Array.from({ length }, (_, i) => {
      if (axis < 2) return i;
      const coordinate = (i - before[axis - 2]) / strides[axis - 2];
      return Number.isInteger(coordinate) && coordinate >= 0 && coordinate < x.shape[axis] ? coordinate : -1;
    }),
  );
  const outSpatial = inputShape.slice(2).map((size, axis) => size - dilations[axis] * (kernel[axis] - 1));
  if (outSpatial.some((size) => size < 1)) throw context.shapeError('its pads leave nothing');
  const shape = context.bounded([x.shape[0], outChannels, ...outSpatial]);
  const depth = (inChannels / groups) * sizeOf(kernel);
  context.boundWork(sizeOf(shape) * depth, sizeOf(outSpatial) * depth);
  const spread = moveOne(context, x, selectView(identityView(x.shape), positions), { step: 'spread' }, 0);
  const zeros = kernel.map(() => 0);
  return [
    context.emit(
      {
        op: 'conv',
        shape,
        inputShape,
        weightShape: [outChannels, inChannels / groups, ...kernel],
        weight: reverseKernel(weight.data, inChannels, groupOut, groups, sizeOf(kernel)),
        bias: bias?.data ?? new Float64Array(outChannels),
        groups,
        strides: kernel.map(() => 1),
        dilations,
        padsBegin: zeros,
        padsEnd: zeros,
      },
      [spread],
    ),
  ];
};

/** [inChannels, groupOut, k] → [groups * groupOut, inChannels / groups, k reversed] */
function reverseKernel(
  weight: Float64Array,
  inChannels: number,
  groupOut: number,
  groups: number,
  size: number,
): Float64Array {
  const groupIn = inChannels / groups;
  const reversed = new Float64Array(weight.length);
  for (let channel = 0; channel < inChannels; channel++) {
    const group = Math.floor(channel / groupIn);
    for (let out = 0; out < groupOut; out++) {
      const from = (channel * groupOut + out) * size;
      const to = ((group * groupOut + out) * groupIn + (channel % groupIn)) * size;
      for (let k = 0; k < size; k++) reversed[to + k] = weight[from + size - 1 - k];
    }
  }
  return reversed;
}
