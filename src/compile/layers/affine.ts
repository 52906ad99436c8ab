/** Element-wise scale and shift; no constraint. */
import type { IntegerAffine } from '../../integer/integer-model.js';
import type { Emitter } from '../emitter.js';

export function compileAffine(op: IntegerAffine, at: Emitter): void {
  const [x] = at.inputs(op);
  const writer = at.writer();
  op.factor.forEach((factor, i) => {
    writer.addRow(x, i, factor);
    writer.addConstant(op.shift[i]);
    writer.endRow();
  });
  at.set(op.output, writer.finish());
}
