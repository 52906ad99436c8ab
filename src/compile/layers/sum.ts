/** Weighted sum of tensors; no constraint. */
import type { IntegerSum } from '../../integer/integer-model.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Emitter } from '../emitter.js';

export function compileSum(op: IntegerSum, at: Emitter): void {
  const inputs = at.inputs(op);
  const writer = at.writer();
  for (let i = 0; i < sizeOf(op.shape); i += 1) {
    inputs.forEach((x, k) => writer.addRow(x, i, op.coefficients[k]));
    writer.endRow();
  }
  at.set(op.output, writer.finish());
}
