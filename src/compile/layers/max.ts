/**
 * Maximum of a group, as max(m, x) = m + relu(x - m), one comparison after the other: each difference stands in one
 * linear constraint only, so the long combinations of a convolution cost nothing. Differences are bounded pair by pair
 * from the combinations themselves: neighbouring windows of a convolution share most of their input, so their
 * difference is smaller than their intervals suggest, and a comparison costs one constraint per bit of it.
 */
import { leastOf } from '../../tensor/extremes.js';
import type { IntegerMax, TensorId } from '../../integer/integer-model.js';
import { bitsOf } from '../../integer/intervals.js';
import type { Emitter } from '../emitter.js';
import type { LinearRows, RowWriter } from '../linear-rows.js';
import { requantizeGadget } from './requantize.js';

/** Pairwise bounds are quadratic in the group's size; members of larger groups are bounded by their own intervals. */
const MOST_PAIRWISE = 16;
/** Where windows overlap, a row is read by several of them; longer rows than this then get a wire. */
const LONG_ROW = 64;
/**
 * Gains after which a group's maximum so far gets a wire: rows would otherwise be as long as the group, and their sum
 * quadratic in it.
 */
const MOST_GAINS = 64;

/** The maximum of a group's members so far: `base` or, before there is one, the first member; plus the gains since. */
interface Running {
  readonly members: Uint32Array;
  base?: number;
  gains: number[];
  /** Its interval, as those of the members say. */
  low: number;
  high: number;
}

export function compileMax(op: IntegerMax, at: Emitter): void {
  const [input] = op.inputs;
  const [x] = at.inputs(op);
  const overlapping = op.groups.indices.length > x.constants.length;
  const rows = overlapping ? at.narrowRows(x, LONG_ROW) : x;
  const groups = membersOf(op).map((members): Running => {
    const [low, high] = at.interval(input, members[0]);
    return { members, gains: [], low, high };
  });
  const rounds = groups.reduce((most, { members }) => Math.max(most, members.length), 0);
  for (let round = 1; round < rounds; round += 1) {
    const challenged = groups.filter(({ members }) => members.length > round);
    const differences = differenceRows(rows, challenged, round, at);
    challenged.forEach((group, row) => {
      const [low, high] = boundDifference(group, round, input, rows, at);
      const [least, most] = at.interval(input, group.members[round]);
      [group.low, group.high] = [Math.max(group.low, least), Math.max(group.high, most)];
      if (high <= 0) return;
      const operand = { rows: differences, row };
      const gain =
        low >= 0
          ? at.netlist.wire(operand, low, high)
          : at.netlist.instance(requantizeGadget(low, high, 0, bitsOf(high)), [operand], 0, high);
      group.gains.push(gain);
    });
    const long = challenged.filter(({ gains }) => gains.length === MOST_GAINS);
    const maxima = maximumRows(rows, long, at);
    long.forEach((group, row) => {
      group.base = at.netlist.wire({ rows: maxima, row }, group.low, group.high);
      group.gains = [];
    });
  }
  at.set(op.output, maximumRows(rows, groups, at));
}

function membersOf({ groups: { offsets, indices } }: IntegerMax): Uint32Array[] {
  return Array.from({ length: offsets.length - 1 }, (_, group) => indices.subarray(offsets[group], offsets[group + 1]));
}

/** For each group, its maximum so far. */
function maximumRows(rows: LinearRows, groups: readonly Running[], at: Emitter): LinearRows {
  const writer = at.writer();
  for (const group of groups) {
    addMaximum(writer, rows, group, 1);
    writer.endRow();
  }
  return writer.finish();
}

function addMaximum(writer: RowWriter, rows: LinearRows, { members, base, gains }: Running, factor: 1 | -1): void {
  if (base === undefined) writer.addRow(rows, members[0], factor);
  else writer.addTerm(base, factor);
  for (const gain of gains) writer.addTerm(gain, factor);
}

/** For each group, x of the round's member minus the maximum so far. */
function differenceRows(rows: LinearRows, groups: readonly Running[], round: number, at: Emitter): LinearRows {
  const writer = at.writer();
  for (const group of groups) {
    writer.addRow(rows, group.members[round], 1);
    addMaximum(writer, rows, group, -1);
    writer.endRow();
  }
  return writer.finish();
}

/** Bounds of x[round] - max(x[0], ..., x[round - 1]), which is the least of the pairwise differences. */
function boundDifference(
  { members, low: least, high: most }: Running,
  round: number,
  input: TensorId,
  rows: LinearRows,
  at: Emitter,
): [number, number] {
  const [low, high] = at.interval(input, members[round]);
  if (members.length > MOST_PAIRWISE) return [low - most, high - least];
  const bounds = Array.from(members.subarray(0, round), (member) => {
    const [memberLow, memberHigh] = at.interval(input, member);
    return at.narrower(
      [low - memberHigh, high - memberLow],
      at.netlist.differenceInterval(rows, members[round], member),
    );
  });
  return [leastOf(bounds.map(([pairLow]) => pairLow)), leastOf(bounds.map(([, pairHigh]) => pairHigh))];
}
