/**
 * Comparisons of one value with several constants: the elements of a requantization to one bit whose accumulators
 * differ by constants alone, as the questions of a forest of trees about a feature. From two thresholds on they usually
 * cost less together, by the interval that the value lies in (`circuits/Thresholds.circom`), than one by one.
 */
import { thresholds, type GadgetSpec } from '../../gadgets/index.js';
import { bitsOf } from '../../integer/intervals.js';
import { mostOf } from '../../tensor/extremes.js';
import type { LinearRows } from '../linear-rows.js';
import type { Emitter } from '../emitter.js';

/** Thresholds of one gadget, at most: circom takes time as the square of their number, a second for these. */
const MOST_TOGETHER = 128;

/** Terms of the longest row that is compared with others. */
const MOST_TERMS = 8;

/** A bit for each i: whether row i reaches `least`. `cost`: constraints of that comparison alone. */
export interface ThresholdTest {
  readonly i: number;
  readonly least: number;
  readonly interval: readonly [number, number];
  readonly cost: number;
}

/** One value, and what is asked about it. */
interface Subject {
  readonly row: number;
  /** The row's constant. */
  readonly constant: number;
  low: number;
  high: number;
  /** By threshold. */
  readonly asked: Map<number, { readonly elements: number[]; readonly cost: number }>;
}

/** Values of the bits of those questions that are cheaper to answer together, by element. */
export function compileThresholds(
  questions: readonly ThresholdTest[],
  x: LinearRows,
  at: Emitter,
): ReadonlyMap<number, number> {
  const answers = new Map<number, number>();
  for (const { row, constant, low, high, asked } of subjectsOf(questions, x, at)) {
    const order = [...asked.keys()].sort((a, b) => a - b);
    if (order[0] <= low || order[order.length - 1] > high) continue;
    const length = Math.ceil(order.length / Math.ceil(order.length / MOST_TOGETHER));
    const parts = Array.from({ length: Math.ceil(order.length / length) }, (_, k) =>
      order.slice(k * length, (k + 1) * length),
    );
    const plans = parts.flatMap((part) => intervalsOf(part, low, high) ?? []);
    const isLong = at.netlist.termCount(x, row) > 1;
    const apart = order.reduce((sum, least) => sum + (asked.get(least)?.cost ?? 0), 0);
    const together = plans.reduce((sum, { cost }) => sum + cost, Number(isLong));
    if (plans.length < parts.length || together >= apart) continue;
    const wire = isLong ? at.netlist.wire({ rows: x, row }, ...at.netlist.interval(x, row)) : undefined;
    const writer = at.writer();
    if (wire === undefined) writer.addRow(x, row, 1);
    else writer.addTerm(wire, 1);
    // What is asked about is the row without its constant.
    writer.addConstant(-constant - low);
    writer.endRow();
    const subject = { rows: writer.finish(), row: 0 };
    plans.forEach(({ spec, threshold }, k) => {
      const first = at.netlist.instanceOfMany(
        spec,
        [subject],
        threshold.map(() => [0, 1]),
      );
      for (const least of parts[k])
        for (const element of asked.get(least)?.elements ?? [])
          answers.set(element, first + threshold.indexOf(least - low));
    });
  }
  return answers;
}

function subjectsOf(questions: readonly ThresholdTest[], x: LinearRows, { netlist }: Emitter): Iterable<Subject> {
  const subjects = new Map<string, Subject>();
  for (const { i, least, interval, cost } of questions) {
    if (netlist.termCount(x, i) > MOST_TERMS) continue;
    const { text, constant } = netlist.combination(x, i);
    const [low, high] = interval.map((bound) => bound - constant);
    const subject = subjects.get(text) ?? { row: i, constant, low, high, asked: new Map() };
    subjects.set(text, subject);
    subject.low = Math.max(subject.low, low);
    subject.high = Math.min(subject.high, high);
    const known = subject.asked.get(least - constant);
    if (known === undefined) subject.asked.set(least - constant, { elements: [i], cost });
    else known.elements.push(i);
  }
  return subjects.values();
}

/**
 * The cheapest gadget for rising thresholds of a value in [low, high], with the thresholds' distances from `low`;
 * undefined for a single comparison. An interval wider than the digits that are checked is cut: one threshold more
 * costs one constraint, one digit more costs two.
 */
function intervalsOf(
  order: readonly number[],
  low: number,
  high: number,
): { readonly spec: GadgetSpec; readonly threshold: readonly number[]; readonly cost: number } | undefined {
  const begins = [0, ...order.map((least) => least - low)];
  const top = high - low + 1;
  const widths = begins.map((begin, k) => (k + 1 < begins.length ? begins[k + 1] : top) - begin);
  let best: { readonly bits: number; readonly cost: number } | undefined;
  for (let bits = 1; bits <= Math.max(1, bitsOf(mostOf(widths) - 1)); bits += 1) {
    const count = widths.reduce((sum, width) => sum + Math.ceil(width / 2 ** bits), 0);
    const cost = count + 2 * bits;
    if (count > 2 && cost < (best?.cost ?? Infinity)) best = { bits, cost };
  }
  if (best === undefined) return undefined;
  const { bits, cost } = best;
  const threshold = begins
    .flatMap((begin, k) => Array.from({ length: Math.ceil(widths[k] / 2 ** bits) }, (_, j) => begin + j * 2 ** bits))
    .slice(1);
  return { spec: thresholds.with({ n: threshold.length, bits, threshold, top }), threshold, cost };
}
