/** Fully connected layer: rows of the weight matrix become linear combinations; no constraint. */
import type { IntegerDense } from '../../integer/integer-model.js';
import type { Emitter } from '../emitter.js';

export function compileDense(op: IntegerDense, at: Emitter): void {
  const x = at.narrowRows(at.inputs(op)[0]);
  if (at.setLinear(op, x)) return;
  const writer = at.writer();
  for (let r = 0; r < op.rows; r += 1) {
    for (let o = 0; o < op.outFeatures; o += 1) {
      for (let i = 0; i < op.inFeatures; i += 1)
        writer.addRow(x, r * op.inFeatures + i, op.weight[o * op.inFeatures + i]);
      writer.addConstant(op.bias[o]);
      writer.endRow();
    }
  }
  at.set(op.output, writer.finish());
}
