/**
 * Rounding to the author's grid is one requantization whose factor is the ratio of the author's scales. On the author's
 * own integers it is exact: `staircase.ts` finds the shortest integer factor that gives each integer in reach the
 * author's code, halves to even where they occur. On values that are approximations themselves, an error of half a code
 * does not matter, so the factor need only be close.
 */
import { at as entry, roundElement, type Rounding, type RoundNode } from '../../network/layers/round.js';
import { hull, type Intervals } from '../../tensor/intervals.js';
import { sizeOf } from '../../tensor/shape.js';
import { bitsOf } from '../../integer/intervals.js';
import type { IntegerModelBuilder, Quantized } from '../integer-model-builder.js';
import type { CutPlan } from '../plan.js';
import type { Grid } from '../scale.js';
import { edges, exactLine, refined, type Line, type Point } from '../staircase.js';
import { anyStep, besideRoots, eachResult, type QuantizedLayer } from './layer.js';

export const round: QuantizedLayer<RoundNode> = {
  lower,
  cut: gridOf,
  cutCount: eachResult,
  readStep: anyStep,
  sharesCut: false,
  ...besideRoots,
};

/** Bits of the accumulator of a rounding at most: it stays far within exact arithmetic. */
const WIDEST = 46;
/** Pairs of integers that are looked at one by one, at most. */
const MOST_PAIRS = 2 ** 17;
/**
 * Share of a code that the factor of an approximation may be wrong by, and that of exact integers of which there are
 * too many to look at.
 */
const CLOSE = 2 ** -4;
const CLOSEST = 2 ** -14;

/** Where all elements share it, the grid is that to which the input is cut. */
function gridOf(node: RoundNode, name: string, _plan: CutPlan): Grid | undefined {
  const factor = node.factors[node.inputs.indexOf(name)];
  const uniform = [factor, node.step, node.zero, node.low, node.high].every(({ length }) => length === 1);
  if (!uniform || factor[0] === 0) return undefined;
  return {
    step: node.step[0] / Math.abs(factor[0]),
    low: factor[0] > 0 ? node.low[0] - node.zero[0] : node.zero[0] - node.high[0],
  };
}

/** Elements that are rounded alike, and the integers that they may be. */
interface PartInLines {
  readonly rounding: Rounding;
  readonly members: number[];
  readonly ranges: [number, number][];
}

function lower(node: RoundNode, at: IntegerModelBuilder): void {
  const inputs = node.inputs.map((name) => at.tensor(name));
  const parts = partsOf(node, inputs);
  const exact = inputs.every((x) => at.isIntegral(x));
  const lines = parts.map((part) => linesOf(part, exact));
  const stairs = lines.some((found) => found.length === 2) ? lines.map(inTwo) : lines;
  const codes =
    stairs[0]?.length === 2
      ? inHalves(node, inputs, parts, stairs, at)
      : emitLine(
          node,
          inputs,
          parts,
          stairs.map(([line]) => line),
          endsOf(node),
          at,
        );
  at.alias(node.output, {
    ...codes,
    of: node.output,
    mean: 0,
    meanSquare: at.plan.statisticsOf(node.output).meanSquare,
  });
}

function partsOf(node: RoundNode, inputs: readonly Quantized[]): PartInLines[] {
  const parts = new Map<string, PartInLines>();
  for (let i = 0; i < sizeOf(node.shape); i += 1) {
    const one = (values: Float64Array): Float64Array => Float64Array.of(entry(values, i));
    const factors = node.factors.map((values, k) => Float64Array.of(entry(values, i) * entry(inputs[k].scale, i)));
    const rounding = {
      factors,
      offset: one(node.offset),
      step: one(node.step),
      zero: one(node.zero),
      low: one(node.low),
      high: one(node.high),
    };
    const key = [...factors, rounding.offset, rounding.step, rounding.zero, rounding.low, rounding.high].join();
    let part = parts.get(key);
    if (part === undefined)
      parts.set(key, (part = { rounding, members: [], ranges: inputs.map(() => [Infinity, -Infinity]) }));
    part.members.push(i);
    inputs.forEach(({ bounds }, k) => {
      const range = (part as PartInLines).ranges[k];
      range[0] = Math.min(range[0], bounds.low[i]);
      range[1] = Math.max(range[1], bounds.high[i]);
    });
  }
  return [...parts.values()];
}

/** One line, or two whose sum goes through the halves. */
function linesOf(part: PartInLines, exact: boolean): readonly Line[] {
  const { rounding, ranges } = part;
  const slopes = rounding.factors.map(([factor]) => factor / rounding.step[0]);
  const points = exact ? pointsOf(part) : undefined;
  if (points === undefined) return [closeLine(part, slopes, exact ? CLOSEST : CLOSE)];
  const reach = ranges.reduce(
    (sum, [low, high], k) => sum + Math.abs(slopes[k]) * Math.max(Math.abs(low), Math.abs(high)),
    2 ** 9,
  );
  const most = Math.max(0, Math.floor(WIDEST - Math.log2(reach)));
  const one = exactLine(points, slopes, most);
  if (one !== undefined) return [one];
  const zero = rounding.zero[0];
  const half = (up: boolean): Line | undefined =>
    exactLine(
      points.map((point) => ({ ...point, code: halfOf(point.code - zero, up) })),
      slopes.map((slope) => slope / 2),
      most,
    );
  const [upper, lower] = [half(true), half(false)];
  return upper === undefined || lower === undefined ? [closeLine(part, slopes, CLOSEST)] : [upper, lower];
}

const halfOf = (value: number, up: boolean): number => (up ? Math.ceil(value / 2) : Math.floor(value / 2)) + 0;

/** The codes at the edges of the steps, or of all pairs; undefined where there are too many. */
function pointsOf({ rounding, ranges }: PartInLines): Point[] | undefined {
  const [{ 0: factor }] = rounding.factors;
  if (ranges.length === 1) {
    const [[low, high]] = ranges;
    // A falling function rises in -n.
    const sign = factor < 0 ? -1 : 1;
    const [from, to] = sign < 0 ? [-high + 0, -low + 0] : [low, high];
    const near = (code: number): number =>
      factor === 0
        ? from
        : ((code - rounding.zero[0] - 0.5) * rounding.step[0] - rounding.offset[0]) / Math.abs(factor);
    return edges((n) => roundElement(rounding, [sign * n], 0), from, to, near, [rounding.low[0], rounding.high[0]]).map(
      (point) => ({ ...point, n: [sign * point.n[0] + 0] }),
    );
  }
  const count = ranges.reduce((product, [low, high]) => product * (high - low + 1), 1);
  if (!(count <= MOST_PAIRS)) return undefined;
  const points: Point[] = [];
  const [least, most] = [rounding.low[0], rounding.high[0]];
  const n = ranges.map(([low]) => low);
  for (let k = 0; k < count; k += 1) {
    const code = roundElement(rounding, n, 0);
    points.push({ n: n.slice(), code, lowest: code === least, highest: code === most });
    for (let place = 0; place < n.length; place += 1) {
      n[place] += 1;
      if (n[place] <= ranges[place][1]) break;
      n[place] = ranges[place][0];
    }
  }
  return points;
}

/** A line that errs by a share of a code at most where no code saturates. */
function closeLine({ rounding, ranges }: PartInLines, slopes: readonly number[], share: number): Line {
  const span = (k: number): number => {
    const [low, high] = ranges[k];
    const most =
      (Math.max(Math.abs(rounding.low[0] - rounding.zero[0]), Math.abs(rounding.high[0] - rounding.zero[0])) + 1) /
      Math.max(Math.abs(slopes[k]), 2 ** -40);
    return ranges.length > 1
      ? Math.max(Math.abs(low), Math.abs(high))
      : Math.min(Math.max(Math.abs(low), Math.abs(high)), most);
  };
  for (let shift = 0; ; shift += 1) {
    const unit = 2 ** shift;
    const multipliers = slopes.map((slope) => Math.round(slope * unit) + 0);
    const offset = (rounding.offset[0] / rounding.step[0] + rounding.zero[0]) * unit + (shift === 0 ? 0 : unit / 2);
    // With a shift of 0 nothing is rounded afterwards, and the offset must be a code already.
    const error = slopes.reduce(
      (sum, slope, k) => sum + Math.abs(multipliers[k] / unit - slope) * span(k),
      Math.abs(offset - Math.round(offset)) / unit,
    );
    const reach = slopes.reduce(
      (sum, slope, k) => sum + Math.abs(slope) * Math.max(Math.abs(ranges[k][0]), Math.abs(ranges[k][1])),
      2 ** 9,
    );
    if (error > share && shift < WIDEST - Math.log2(reach)) continue;
    return { multipliers, offset: Math.round(offset) + 0, shift };
  }
}

/** One line as two of which the second is the rest: it need not go through halves. */
function inTwo(lines: readonly Line[]): readonly Line[] {
  if (lines.length === 2) return lines;
  return [lines[0], { multipliers: lines[0].multipliers.map(() => 0), offset: 0, shift: 0 }];
}

interface Ends {
  readonly low: (i: number) => number;
  readonly high: (i: number) => number;
}

const endsOf = ({ low, high }: Rounding): Ends => ({ low: (i) => entry(low, i), high: (i) => entry(high, i) });
const NO_ENDS: Ends = { low: () => -Infinity, high: () => Infinity };

/** Codes as the sum of two lines; `zero` is added once, since neither line has it. */
function inHalves(
  node: RoundNode,
  inputs: readonly Quantized[],
  parts: readonly PartInLines[],
  stairs: readonly (readonly Line[])[],
  at: IntegerModelBuilder,
): Quantized {
  const [upper, lower] = [0, 1].map((k) =>
    emitLine(
      node,
      inputs,
      parts,
      stairs.map((lines) => lines[k]),
      NO_ENDS,
      at,
    ),
  );
  const size = sizeOf(node.shape);
  const sum = at.emitStep({ kind: 'sum', coefficients: [1, 1] }, [upper, lower], node.output, node.shape, 1);
  const shift = new Float64Array(size);
  // A line that was not split has its zero in it already.
  parts.forEach(({ members, rounding }, p) => {
    const split = stairs[p][1].multipliers.some((multiplier) => multiplier !== 0);
    for (const i of members) shift[i] = split ? rounding.zero[0] : 0;
  });
  const codes = at.emitStep(
    { kind: 'affine', factor: new Float64Array(size).fill(1), shift },
    [sum],
    node.output,
    node.shape,
    1,
  );
  return clampTo(codes, endsOf(node), at);
}

/** Applies one line to each part's elements, saturating at the ends. */
function emitLine(
  node: RoundNode,
  inputs: readonly Quantized[],
  parts: readonly PartInLines[],
  lines: readonly Line[],
  ends: Ends,
  at: IntegerModelBuilder,
): Quantized {
  const size = sizeOf(node.shape);
  const shift = lines.reduce((most, line) => Math.max(most, line.shift), 0);
  const half = shift === 0 ? 0 : 2 ** (shift - 1);
  const factors = inputs.map(() => new Float64Array(size));
  const offsets = new Float64Array(size);
  parts.forEach(({ members }, p) => {
    const { multipliers, offset } = refined(lines[p], shift);
    for (const i of members) {
      factors.forEach((values, k) => (values[i] = multipliers[k]));
      // A requantization adds half a unit itself.
      offsets[i] = offset - half;
    }
  });
  const none = new Float64Array(size);
  const scaled = inputs.map((x, k) =>
    at.emitStep(
      { kind: 'affine', factor: factors[k], shift: k === 0 ? offsets : none },
      [x],
      node.output,
      node.shape,
      1,
    ),
  );
  const sum =
    scaled.length === 1
      ? scaled[0]
      : at.emitStep({ kind: 'sum', coefficients: scaled.map(() => 1) }, scaled, node.output, node.shape, 1);
  return clampTo(cut(sum, shift, ends, at), ends, at);
}

/** floor((x + half) / 2^shift), saturating at as many of the ends as one requantization can. */
function cut(x: Quantized, shift: number, { low, high }: Ends, at: IntegerModelBuilder): Quantized {
  const [least, most] = reached(x.bounds, shift);
  const [first, last] = [low(0), high(0)];
  const sharesLow = Number.isFinite(first) && x.bounds.low.every((_, i) => low(i) === first);
  const both =
    sharesLow && Number.isInteger(Math.log2(last - first + 1)) && x.bounds.low.every((_, i) => high(i) === last);
  const from = sharesLow ? first : least;
  const bits = both ? Math.log2(last - first + 1) : Math.max(1, bitsOf(Math.max(0, most - from)));
  return at.emitStep({ kind: 'requantize', shift, low: from, bits }, [x], x.of, x.shape, 1);
}

function reached(bounds: Intervals, shift: number): [number, number] {
  const [low, high] = hull(bounds);
  const half = shift === 0 ? 0 : 2 ** (shift - 1);
  return [Math.floor((low + half) / 2 ** shift) + 0, Math.floor((high + half) / 2 ** shift) + 0];
}

/**
 * max(x, low), then min(x, high): each by a requantization of its own, and neither where the interval says that x stays
 * inside.
 */
function clampTo(x: Quantized, { low, high }: Ends, at: IntegerModelBuilder): Quantized {
  const above = raised(x, low, at);
  if (above.bounds.high.every((value, i) => value <= high(i))) return above;
  return negated(
    raised(negated(above, at), (i) => -high(i) + 0, at),
    at,
  );
}

function raised(x: Quantized, low: (i: number) => number, at: IntegerModelBuilder): Quantized {
  if (x.bounds.low.every((value, i) => value >= low(i))) return x;
  const least = x.bounds.low.map((value, i) => (Number.isFinite(low(i)) ? low(i) : value));
  const factor = new Float64Array(least.length).fill(1);
  const above = at.emitStep({ kind: 'affine', factor, shift: least.map((value) => -value + 0) }, [x], x.of, x.shape, 1);
  const bits = Math.max(1, bitsOf(Math.max(0, hull(above.bounds)[1])));
  const positive = at.emitStep({ kind: 'requantize', shift: 0, low: 0, bits }, [above], x.of, x.shape, 1);
  return at.emitStep({ kind: 'affine', factor, shift: least }, [positive], x.of, x.shape, 1);
}

function negated(x: Quantized, at: IntegerModelBuilder): Quantized {
  return at.emitStep({ kind: 'sum', coefficients: [-1] }, [x], x.of, x.shape, 1);
}
