/** Product of two activations: one constraint each. */
import { multiply } from '../../gadgets/index.js';
import type { IntegerMultiply } from '../../integer/integer-model.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Emitter } from '../emitter.js';

export function compileMultiply(op: IntegerMultiply, at: Emitter): void {
  const [a, b] = at.inputs(op).map((rows) => at.narrowRows(rows, 16));
  const product = at.elementwise(sizeOf(op.shape), (i) => {
    const [aLow, aHigh] = at.interval(op.inputs[0], i);
    const [bLow, bHigh] = at.interval(op.inputs[1], i);
    const corners = [aLow * bLow, aLow * bHigh, aHigh * bLow, aHigh * bHigh];
    const operands = [
      { rows: a, row: i },
      { rows: b, row: i },
    ];
    const least = op.inputs[0] === op.inputs[1] && aLow <= 0 && aHigh >= 0 ? 0 : Math.min(...corners);
    const value = at.netlist.instance(multiply.with({}), operands, least, Math.max(...corners));
    return { value, constant: 0 };
  });
  at.set(op.output, product);
}
