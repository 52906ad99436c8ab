/**
 * Softmax, group by group: one Distances gadget, whose digits are the index of a Table for each member; the sum of the
 * exponentials, free; its Reciprocal; a product for each member. The scores stand in linear rows alone, however long
 * their combinations are.
 */
import { distances, multiply, reciprocal, table } from '../../gadgets/index.js';
import type { IntegerSoftmax } from '../../integer/integer-model.js';
import { bitsOf } from '../../integer/intervals.js';
import { leastOf, mostOf } from '../../tensor/extremes.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Emitter } from '../emitter.js';

export function compileSoftmax(op: IntegerSoftmax, at: Emitter): void {
  const {
    groups: { offsets, indices },
    entries,
    numerator,
  } = op;
  const lists = Array.from({ length: offsets.length - 1 }, (_, g) =>
    Array.from(indices.subarray(offsets[g], offsets[g + 1])),
  );
  const bits = widths(op, lists, at);
  const made = new Map<number, number>();
  for (const members of lists) {
    if (members.length === 1) continue;
    const powers = exponentials(op, members, bits.get(members.length) as number, at);
    const most = members.length * entries[0];
    const sums = at.writer();
    for (const { value, offset } of powers) {
      sums.addTerm(value, 1);
      sums.addConstant(offset);
    }
    sums.endRow();
    powers.forEach(({ value, offset }) => {
      sums.addTerm(value, 1);
      sums.addConstant(offset);
      sums.endRow();
    });
    const rows = sums.finish();
    const largest = Math.floor(numerator / entries[0]);
    const spec = reciprocal.with({ numerator, bits: bitsOf(most), outBits: bitsOf(largest) });
    const sum = at.netlist.wire({ rows, row: 0 }, entries[0], most);
    const values = at.writer();
    values.addTerm(sum, 1);
    values.endRow();
    const divisor = { rows: values.finish(), row: 0 };
    const factor = at.netlist.instance(spec, [divisor], Math.floor(numerator / most), largest);
    const factors = at.writer();
    factors.addTerm(factor, 1);
    factors.endRow();
    const common = { rows: factors.finish(), row: 0 };
    members.forEach((member, k) => {
      const [low, high] = at.bounds(op.output, member);
      made.set(member, at.netlist.instance(multiply.with({}), [{ rows, row: 1 + k }, common], low, high));
    });
  }
  const result = at.elementwise(sizeOf(op.shape), (i) => {
    const value = made.get(i);
    return value === undefined ? { constant: at.bounds(op.output, i)[0] } : { value, constant: 0 };
  });
  at.set(op.output, result);
}

/** Bits of the distances in groups of each size: all of one size share a gadget. */
function widths(op: IntegerSoftmax, lists: readonly (readonly number[])[], at: Emitter): ReadonlyMap<number, number> {
  const bits = new Map<number, number>();
  for (const members of lists) {
    const intervals = members.map((member) => at.interval(op.inputs[0], member));
    const span = mostOf(intervals.map(([, high]) => high)) - leastOf(intervals.map(([low]) => low));
    bits.set(members.length, Math.max(bits.get(members.length) ?? op.shift + 1, bitsOf(span)));
  }
  return bits;
}

/** The exponential of each member's distance, as a value plus a constant. */
function exponentials(
  op: IntegerSoftmax,
  members: readonly number[],
  bits: number,
  at: Emitter,
): { readonly value: number; readonly offset: number }[] {
  const { entries, shift } = op;
  const operands = members.map((row) => ({ rows: at.rows(op.inputs[0]), row }));
  const count = bits - shift;
  const spec = distances.with({ n: members.length, bits, shift });
  const first = at.netlist.instanceOfMany(spec, operands, new Array(members.length * count).fill([0, 1]));
  const index = Math.log2(entries.length);
  const last = entries[entries.length - 1];
  const lookup = table.with({ bits: index, entries: Array.from(entries) });
  const digits = at.writer();
  for (let k = 0; k < members.length; k += 1) {
    for (let j = 0; j < index; j += 1) {
      if (j < count) digits.addTerm(first + k * count + j, 1);
      digits.endRow();
    }
  }
  const digitRows = digits.finish();
  return members.map((_, k) => {
    const looked = Array.from({ length: index }, (__, j) => ({ rows: digitRows, row: k * index + j }));
    let [value, offset] = [at.netlist.instance(lookup, looked, last, entries[0]), 0];
    // Farther than the table reaches, each digit above its index makes the value the last entry.
    for (let j = index; j < count; j += 1) {
      const factors = at.writer();
      factors.addTerm(value, 1);
      factors.addConstant(offset - last);
      factors.endRow();
      factors.addTerm(first + k * count + j, -1);
      factors.addConstant(1);
      factors.endRow();
      const rows = factors.finish();
      value = at.netlist.instance(
        multiply.with({}),
        [
          { rows, row: 0 },
          { rows, row: 1 },
        ],
        0,
        entries[0] - last,
      );
      offset = last;
    }
    return { value, offset };
  });
}
