/** Convolution: each output element is a linear combination of the window under the filter; no constraint. */
import type { IntegerConv } from '../../integer/integer-model.js';
import { planOf } from '../../integer/layers/conv.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Emitter } from '../emitter.js';

export function compileConv(op: IntegerConv, at: Emitter): void {
  const x = at.narrowRows(at.inputs(op)[0]);
  if (at.setLinear(op, x)) return;
  const { window, outputShape } = planOf(op);
  const [batch, inChannels] = op.inputShape;
  const [outChannels, groupChannels] = op.weightShape;
  const plane = sizeOf(op.inputShape.slice(2));
  const outPlane = sizeOf(outputShape.slice(2));
  const kernel = sizeOf(op.weightShape.slice(2));
  const filtersPerGroup = outChannels / op.groups;
  const writer = at.writer();
  for (let n = 0; n < batch; n += 1) {
    for (let o = 0; o < outChannels; o += 1) {
      const firstChannel = Math.floor(o / filtersPerGroup) * groupChannels;
      for (let p = 0; p < outPlane; p += 1) {
        for (let c = 0; c < groupChannels; c += 1) {
          const from = (n * inChannels + firstChannel + c) * plane;
          for (let k = 0; k < kernel; k += 1) {
            const position = window[p * kernel + k];
            if (position >= 0) writer.addRow(x, from + position, op.weight[(o * groupChannels + c) * kernel + k]);
          }
        }
        writer.addConstant(op.bias[o]);
        writer.endRow();
      }
    }
  }
  at.set(op.output, writer.finish());
}
