/** Products of matrices of two activations: one constraint for each multiplication, the sums free. */
import { multiply } from '../../gadgets/index.js';
import type { IntegerMatMul } from '../../quantize/integer-model.js';
import type { Emitter } from '../emitter.js';

export function compileMatMul(op: IntegerMatMul, at: Emitter): void {
  const { rows, inner, columns, left, right } = op;
  const [a, b] = at.inputs(op).map((operand) => at.narrowRows(operand, 16));
  const products: number[] = [];
  const spec = multiply.with({});
  for (let m = 0; m < left.length; m += 1) {
    for (let i = 0; i < rows; i += 1) {
      for (let j = 0; j < columns; j += 1) {
        for (let k = 0; k < inner; k += 1) {
          const [atA, atB] = [(left[m] * rows + i) * inner + k, (right[m] * inner + k) * columns + j];
          const [[aLow, aHigh], [bLow, bHigh]] = [at.interval(op.inputs[0], atA), at.interval(op.inputs[1], atB)];
          const corners = [aLow * bLow, aLow * bHigh, aHigh * bLow, aHigh * bHigh];
          products.push(at.netlist.instance(spec, [{ rows: a, row: atA }, { rows: b, row: atB }], Math.min(...corners), Math.max(...corners)));
        }
      }
    }
  }
  const writer = at.writer();
  for (let first = 0; first < products.length; first += inner) {
    for (let k = 0; k < inner; k += 1) writer.addTerm(products[first + k], 1);
    writer.endRow();
  }
  at.set(op.output, writer.finish());
}
