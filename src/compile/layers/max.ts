/**
 * Maximum of a group, as max(m, x) = m + relu(x - m), one comparison after the other: each difference stands in one linear
 * constraint only, so the long combinations of a convolution cost nothing. Differences are bounded pair by pair from
 * the combinations themselves: neighbouring windows of a convolution share most of their input, so their difference is
 * smaller than their intervals suggest, and a comparison costs one constraint per bit of it.
 */
import { leastOf } from '../../tensor/extremes.js';
import type { IntegerMax, TensorId } from '../../quantize/integer-model.js';
import { bitsOf } from '../../quantize/intervals.js';
import type { Emitter } from '../emitter.js';
import type { LinearRows, RowWriter } from '../linear-rows.js';
import { requantizeGadget } from './requantize.js';

/** Pairwise bounds are quadratic in the group's size; members of larger groups are bounded by their own intervals. */
const MOST_PAIRWISE = 16;
/** Where windows overlap, a row is read by several of them; longer rows than this then get a wire. */
const LONG_ROW = 64;

export function compileMax(op: IntegerMax, at: Emitter): void {
  const [x] = at.inputs(op);
  const overlapping = op.groups.indices.length > x.constants.length;
  const rows = overlapping ? at.narrowRows(x, LONG_ROW) : x;
  const groups = membersOf(op);
  const gains: number[][] = groups.map(() => []);
  const rounds = groups.reduce((most, members) => Math.max(most, members.length), 0);
  const scratch = at.writer();
  for (let round = 1; round < rounds; round += 1) {
    const challengers = groups.flatMap((members, group) => (members.length > round ? [group] : []));
    const differences = differenceRows(rows, groups, gains, challengers, round, at);
    challengers.forEach((group, row) => {
      const [low, high] = boundDifference(groups[group], round, op.inputs[0], rows, at, scratch);
      if (high <= 0) return;
      const operand = { rows: differences, row };
      const gain =
        low >= 0
          ? at.netlist.wire(operand, low, high)
          : at.netlist.instance(requantizeGadget(low, high, 0, bitsOf(high)), [operand], 0, high);
      gains[group].push(gain);
    });
  }
  const writer = at.writer();
  groups.forEach((members, group) => {
    writer.addRow(rows, members[0], 1);
    for (const gain of gains[group]) writer.addTerm(gain, 1);
    writer.endRow();
  });
  at.set(op.output, writer.finish());
}

function membersOf({ groups: { offsets, indices } }: IntegerMax): Uint32Array[] {
  return Array.from({ length: offsets.length - 1 }, (_, group) => indices.subarray(offsets[group], offsets[group + 1]));
}

/** For each group still in play, x of the round's member minus the maximum so far. */
function differenceRows(
  rows: LinearRows,
  groups: readonly Uint32Array[],
  gains: readonly number[][],
  challengers: readonly number[],
  round: number,
  at: Emitter,
): LinearRows {
  const writer = at.writer();
  for (const group of challengers) {
    writer.addRow(rows, groups[group][round], 1);
    writer.addRow(rows, groups[group][0], -1);
    for (const gain of gains[group]) writer.addTerm(gain, -1);
    writer.endRow();
  }
  return writer.finish();
}

/** Bounds of x[round] - max(x[0], ..., x[round - 1]), which is the least of the pairwise differences. */
function boundDifference(members: Uint32Array, round: number, input: TensorId, rows: LinearRows, at: Emitter, scratch: RowWriter): [number, number] {
  const [low, high] = at.interval(input, members[round]);
  const earlier = Array.from(members.subarray(0, round), (member) => at.interval(input, member));
  const plain = earlier.map(([least, most]): [number, number] => [low - most, high - least]);
  const bounds = members.length > MOST_PAIRWISE ? plain : plain.map((bound, j) => at.narrower(bound, at.differenceInterval(rows, members[round], members[j], scratch)));
  return [leastOf(bounds.map(([least]) => least)), leastOf(bounds.map(([, most]) => most))];
}
