/** Position of the largest element of each group: one ArgMax gadget a group. */
import { leastOf, mostOf } from '../../tensor/extremes.js';
import { argMax } from '../../gadgets/index.js';
import type { IntegerArgMax } from '../../integer/integer-model.js';
import { bitsOf } from '../../integer/intervals.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Emitter } from '../emitter.js';

export function compileArgMax(op: IntegerArgMax, at: Emitter): void {
  // The gadget reads each input in several rows.
  const x = at.narrowRows(at.inputs(op)[0], 1);
  const { offsets, indices } = op.groups;
  const result = at.elementwise(sizeOf(op.shape), (i) => {
    const members = Array.from(indices.subarray(offsets[i], offsets[i + 1]));
    if (members.length === 1) return { constant: 0 };
    const bounds = members.map((member) => at.interval(op.inputs[0], member));
    const low = leastOf(bounds.map(([least]) => least));
    const high = mostOf(bounds.map(([, most]) => most));
    const bits = Math.max(1, bitsOf(high - low));
    const spec = argMax.with({ n: members.length, bits, selectLast: op.selectLast ? 1 : 0 });
    const operands = members.map((row) => ({ rows: x, row }));
    return { value: at.netlist.instance(spec, operands, 0, members.length - 1), constant: 0 };
  });
  at.set(op.output, result);
}
