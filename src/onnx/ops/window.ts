/**
 * Kernel, stride, dilation and padding attributes of convolution and pooling, resolved to numbers. The rules of
 * `auto_pad` and `ceil_mode` are those of the ONNX operator pages; with `ceil_mode`, a last window that would begin in
 * the padding after the input is dropped, as PyTorch and onnxruntime do.
 */
import type { NodeContext } from './context.js';

export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBegin: readonly number[];
  readonly padsEnd: readonly number[];
  readonly outSpatial: readonly number[];
}

/** `spatial` is x's shape without batch and channels. */
export function resolveWindow(context: NodeContext, spatial: readonly number[], kernel: readonly number[]): Window {
  const rank = spatial.length;
  const strides = positive(context, 'strides', rank);
  const dilations = positive(context, 'dilations', rank);
  if (kernel.length !== rank || kernel.some((size) => !Number.isInteger(size) || size < 1)) {
    throw context.shapeError(`a kernel of [${kernel.join(', ')}] does not fit ${rank} spatial dimensions`);
  }
  const reach = kernel.map((size, axis) => dilations[axis] * (size - 1) + 1);
  const autoPad = context.string('auto_pad', 'NOTSET');
  const explicit = context.ints('pads');
  const ceil = context.flag('ceil_mode', false);
  const pads = explicit ?? new Array<number>(2 * rank).fill(0);
  if (pads.length !== 2 * rank) throw context.shapeError(`pads [${pads.join(', ')}] should have ${2 * rank} entries`);
  if (pads.some((pad) => pad < 0)) throw context.unsupportedAttribute('pads', explicit, 'pads must not be negative');

  let padsBegin = pads.slice(0, rank);
  let padsEnd = pads.slice(rank);
  if (autoPad === 'VALID') {
    padsBegin = padsBegin.map(() => 0);
    padsEnd = padsBegin;
  } else if (autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER') {
    const totals = spatial.map((size, axis) =>
      Math.max(0, (Math.ceil(size / strides[axis]) - 1) * strides[axis] + reach[axis] - size),
    );
    const smaller = totals.map((total) => Math.floor(total / 2));
    const larger = totals.map((total, axis) => total - smaller[axis]);
    padsBegin = autoPad === 'SAME_UPPER' ? smaller : larger;
    padsEnd = autoPad === 'SAME_UPPER' ? larger : smaller;
  } else if (autoPad !== 'NOTSET') {
    throw context.unsupportedAttribute('auto_pad', autoPad, 'NOTSET, VALID, SAME_UPPER and SAME_LOWER are');
  }

  const outSpatial = spatial.map((size, axis) => {
    const room = size + padsBegin[axis] + padsEnd[axis] - reach[axis];
    if (room < 0)
      throw context.shapeError(`the window is larger than its padded input along spatial dimension ${axis}`);
    const steps = room / strides[axis];
    if (!ceil) return Math.floor(steps) + 1;
    const last = Math.ceil(steps);
    return last * strides[axis] >= size + padsBegin[axis] ? last : last + 1;
  });
  return { kernel, strides, dilations, padsBegin, padsEnd, outSpatial };
}

function positive(context: NodeContext, name: string, rank: number): readonly number[] {
  const values = context.ints(name) ?? new Array<number>(rank).fill(1);
  if (values.length !== rank) throw context.shapeError(`${name} [${values.join(', ')}] should have ${rank} entries`);
  if (values.some((value) => value < 1)) throw context.unsupportedAttribute(name, values, 'entries must be 1 or more');
  return values;
}
