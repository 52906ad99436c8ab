/** Data movement: rows change places; no constraint. */
import type { IntegerMove } from '../../integer/integer-model.js';
import type { Emitter } from '../emitter.js';
import { rowCount } from '../linear-rows.js';

export function compileMove(op: IntegerMove, at: Emitter): void {
  const inputs = at.inputs(op);
  const starts: number[] = [];
  inputs.reduce((start, x) => {
    starts.push(start);
    return start + rowCount(x);
  }, 0);
  const writer = at.writer();
  for (const position of op.index) {
    if (position < 0) {
      writer.addConstant(op.constants[-1 - position]);
    } else {
      let source = inputs.length - 1;
      while (starts[source] > position) source -= 1;
      writer.addRow(inputs[source], position - starts[source], 1);
    }
    writer.endRow();
  }
  at.set(op.output, writer.finish());
}
