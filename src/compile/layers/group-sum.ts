/** Sums over groups, each times a constant: average pooling, means; no constraint. */
import type { IntegerGroupSum } from '../../integer/integer-model.js';
import type { Emitter } from '../emitter.js';

export function compileGroupSum(op: IntegerGroupSum, at: Emitter): void {
  const [x] = at.inputs(op);
  const { offsets, indices } = op.groups;
  const writer = at.writer();
  op.factor.forEach((factor, i) => {
    for (let k = offsets[i]; k < offsets[i + 1]; k += 1) writer.addRow(x, indices[k], factor);
    writer.endRow();
  });
  at.set(op.output, writer.finish());
}
