/** Square roots of whole numbers, rounded down: exact, and cheaper than a table of as many digits. */
import { squareRoot } from '../../gadgets/index.js';
import type { IntegerSquareRoot } from '../../integer/integer-model.js';
import { bitsOf } from '../../integer/intervals.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Emitter } from '../emitter.js';

export function compileSquareRoot(op: IntegerSquareRoot, at: Emitter): void {
  const [rows] = at.inputs(op);
  const result = at.elementwise(sizeOf(op.shape), (i) => {
    const [low, high] = at.bounds(op.output, i);
    if (low === high) return { constant: low };
    const spec = squareRoot.with({ bits: Math.max(2, bitsOf(high)) });
    return { value: at.netlist.instance(spec, [{ rows, row: i }], low, high), constant: 0 };
  });
  at.set(op.output, result);
}
