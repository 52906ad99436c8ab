/**
 * A function of one value becomes a table over the input cut to few bits. What the table holds where the function has
 * no finite value is defined for all functions alike: outside the domain the value at the nearest argument inside it,
 * at a pole the end of the output's range on that side. Beyond the ends of its range the index saturates, and with it
 * the function: calibration says where the ends are, and flat tails are cut off, so that the steps in between are
 * finer.
 *
 * A smooth function is made of straight lines between points of a finer index: 32 lines over 2^11 arguments cost less
 * than 2^8 entries without order, and err less. What they give has more bits, since their slopes must be whole numbers.
 * Square roots of accumulators that are not negative are computed exactly. A sign, and a rounding to few whole numbers,
 * are taken of the accumulators themselves: in a table over 8 bits their jumps would stand half a step of the index
 * away from where they belong.
 */
import { LEAST_TABLE_BITS, MOST_ROOT_BITS, MOST_TABLE_BITS, MOST_UPPER_DIGITS } from '../../gadgets/index.js';
import type { FunctionNode } from '../../network/graph.js';
import { hull } from '../../tensor/intervals.js';
import { sizeOf } from '../../tensor/shape.js';
import { bitsOf } from '../../integer/intervals.js';
import type { IntegerModelBuilder, Quantized } from '../integer-model-builder.js';
import type { CutPlan } from '../plan.js';
import { gridFor, operandBits, type Grid } from '../scale.js';
import { eachResult, type QuantizedLayer } from './layer.js';
import { compare } from './step.js';

export const scalar: QuantizedLayer<FunctionNode> = {
  lower,
  cut: inputGrid,
  cutCount: eachResult,
  readStep: (node, name, plan) =>
    node.f.squareRoot || plan.asksReaders ? (inputGrid(node, name, plan)?.step ?? Infinity) : Infinity,
  sharesCut: false,
  takesRoot: (node) => node.f.squareRoot === true,
  stepForRoot: () => undefined,
};

/** Points at which a function is looked at to find its flat tails. */
const POINTS = 1024;
/** Finer steps than an activation's where the result is an output of the network: they cost output bits alone. */
const OUTPUT_BITS = 4;
/** Whole numbers up to this size, such as a sign or a rounded value, are kept exactly. */
const LARGEST_WHOLE = 2 ** 20;

/** Bits of a table's index: those of an activation, within what a table takes. */
export function indexBits(bits: number): number {
  return Math.min(Math.max(bits, LEAST_TABLE_BITS), MOST_TABLE_BITS);
}

/** Bits by which the index of lines is finer than an activation. */
const LINE_BITS = 2;
/** Fewest and most upper digits of an index: 8 to 64 lines. */
const UPPER_DIGITS = [3, 4, 5, MOST_UPPER_DIGITS] as const;
/** Share of a step of the result by which lines may err, and by which the rounding of their slopes may. */
const LINE_ERROR = 1 / 2;
/** Bits by which a square root is finer than an activation. */
const ROOT_BITS = 2;

/** Constraints that tables of a layer may cost, about, for their index to have more bits than an activation. */
const MOST_FINER = 2 ** 9;
/** Steps of the result from one argument to the next from which on a table is too coarse. */
const STEEP = 4;
/** Share of their spans by which an index, at steep ends, and a table's values go beyond what calibration saw. */
const BEYOND = 1 / 4;
/**
 * Share of a step of the result by which a tail that is cut off may change: all its arguments then err to one side, and
 * sums of many such results with them, as in a radial kernel's.
 */
const FLAT = 1 / 4;
/** Bits by which a table's values are finer than an activation where products read them. */
const FACTOR_BITS = operandBits(0);

/** Bits by which accumulators are finer than an activation where a sign is taken of them. */
const JUMP_BITS = 4;
/** Bits behind the point of accumulators that are rounded to whole numbers. */
const ROUNDING_BITS = 8;

function lower(node: FunctionNode, at: IntegerModelBuilder): void {
  const x = at.tensor(node.inputs[0]);
  if (node.f.squareRoot && lowerRoot(node, x, at)) return;
  const narrow = narrowIndex(node, x, at);
  if (narrow === undefined && lowerJumps(node, x, at)) return;
  if (narrow === undefined && lowerLines(node, x, at)) return;
  const index = narrow ?? cutIndex(node, x, at);
  const { low, bits } = index;
  const scale = index.x.scale[0];
  const values = valuesAt(node, { low, step: scale }, bits);
  // Of an input, rows that were not calibrated on may lie a little outside what calibration saw; a pole has no outside.
  const reaches = narrow === undefined || (at.isInput(x) && values.every(Number.isFinite));
  const { entries, step } = tabulate(node, values, at.plan, reaches ? BEYOND : 0);
  at.emit({ kind: 'table', low, bits, entries }, [index.x], node.output, node.shape, step);
}

/** A tensor that a table can read, with the integers that its index begins at and has bits for. */
interface Index {
  readonly x: Quantized;
  readonly low: number;
  readonly bits: number;
}

/**
 * x itself, where it has few enough values: a requantized activation, or small integers, whose function is then exact.
 */
function narrowIndex(node: FunctionNode, x: Quantized, at: IntegerModelBuilder): Index | undefined {
  // From whole numbers to whole numbers nothing is rounded, however few bits activations have.
  const most = node.f.whole && at.isIntegral(x) ? MOST_TABLE_BITS : tableBits(node, at.plan);
  const made = at.requantizationOf(x);
  if (made !== undefined && made.bits >= LEAST_TABLE_BITS && made.bits <= most)
    return { x, low: made.low, bits: made.bits };
  const [low, high] = hull(x.bounds);
  const bits = Math.max(LEAST_TABLE_BITS, bitsOf(high - low));
  return bits <= most ? { x, low, bits } : undefined;
}

function cutIndex(node: FunctionNode, x: Quantized, at: IntegerModelBuilder): Index {
  const bits = tableBits(node, at.plan);
  const cut = at.cutForIndex(x, indexGrid(node, at.plan, bits), bits);
  return { x: cut.x, low: cut.low, bits };
}

/**
 * Bits of the index of a table that has an entry for each argument: more than an activation's where the function is so
 * steep in places, as next to a pole, that a step of the index is several of the result, and few elements have such
 * tables.
 */
function tableBits(node: FunctionNode, plan: CutPlan): number {
  const allowed = STEEP * plan.activationGrid(node.output).step;
  for (let bits = indexBits(plan.bits); ; bits += 1) {
    const cost = 3 * 2 ** ((bits + 1) / 2) * sizeOf(node.shape);
    if (bits === MOST_TABLE_BITS || cost > MOST_FINER) return bits;
    const values = bounded(node, valuesAt(node, indexGrid(node, plan, bits), bits), plan);
    if (values.every((value, k) => k === 0 || Math.abs(value - values[k - 1]) <= allowed)) return bits;
  }
}

/** The grid to which the input is cut, or that its accumulators should be as fine as. */
function inputGrid(node: FunctionNode, _name: string, plan: CutPlan): Grid {
  if (node.f.jumps === 'Sign') return plan.ownGrid(node.inputs[0], plan.bits + JUMP_BITS);
  if (node.f.jumps !== undefined && isOfFew(node, plan)) return { step: 2 ** -ROUNDING_BITS, low: 0 };
  if (node.f.squareRoot) return { step: rootStep(node, plan) ** 2, low: 0 };
  const bits = lineBits(plan);
  const fine = indexGrid(node, plan, bits);
  return linesFit(node, fine, bits, plan) ? fine : indexGrid(node, plan, tableBits(node, plan));
}

/** Bits of a root beyond an activation's where a root is taken of it, which is steep next to zero. */
const ROOT_OF_ROOT_BITS = 6;

/** Step of roots from 0 to the largest at activation bits. */
function rootStep({ output, f }: FunctionNode, plan: CutPlan): number {
  return gridFor(0, plan.statisticsOf(output).max, plan.bits + (f.apart ? ROOT_OF_ROOT_BITS : 0)).step;
}

/**
 * Square roots: of numbers made finer first where their roots would be too coarse, and cut to what their roots need where
 * they are too wide, or negative by an error or by their interval alone.
 */
function lowerRoot(node: FunctionNode, given: Quantized, at: IntegerModelBuilder): boolean {
  const wanted = rootStep(node, at.plan) / 2 ** ROOT_BITS;
  const finerBy = ({ scale }: Quantized): number => Math.max(0, Math.ceil(Math.log2(Math.sqrt(scale[0]) / wanted)));
  const fits = (x: Quantized): boolean => {
    const [low, high] = hull(x.bounds);
    return low >= 0 && bitsOf(high) + 2 * finerBy(x) <= 2 * MOST_ROOT_BITS - 4;
  };
  const x = fits(given) ? given : cutForRoot(node, given, wanted ** 2, at);
  if (x === undefined || !fits(x)) return false;
  const factor = 4 ** finerBy(x);
  const size = sizeOf(x.shape);
  const scaled =
    factor === 1
      ? x
      : at.emitStep(
          { kind: 'affine', factor: new Float64Array(size).fill(factor), shift: new Float64Array(size) },
          [x],
          x.of,
          x.shape,
          x.scale[0] / factor,
        );
  at.emit({ kind: 'squareRoot' }, [scaled], node.output, node.shape, Math.sqrt(scaled.scale[0]));
  return true;
}

/** x from zero to twice the largest value known, in steps as fine as wanted or as its own. */
function cutForRoot(
  { inputs }: FunctionNode,
  x: Quantized,
  step: number,
  at: IntegerModelBuilder,
): Quantized | undefined {
  const { max } = at.plan.statisticsOf(inputs[0]);
  if (!(max > 0)) return undefined;
  const shift = Math.max(0, Math.floor(Math.log2(step / x.scale[0])));
  const scale = x.scale[0] * 2 ** shift;
  const bits = Math.max(1, bitsOf(Math.min((2 * max) / scale, Math.max(1, hull(x.bounds)[1] / 2 ** shift))));
  return at.emitStep({ kind: 'requantize', shift, low: 0, bits }, [x], x.of, x.shape, scale);
}

/** Whether an activation's bits hold all whole numbers from the function's least value to its greatest. */
function isOfFew({ output }: FunctionNode, plan: CutPlan): boolean {
  const { min, max } = plan.statisticsOf(output);
  return max - min < 2 ** plan.bits;
}

/**
 * A function that jumps, taken of accumulators whose scale is a power of two (`inputGrid` asks for one); a sign of any.
 */
function lowerJumps(node: FunctionNode, x: Quantized, at: IntegerModelBuilder): boolean {
  const {
    f: { jumps },
    output,
    shape,
  } = node;
  if (jumps === undefined) return false;
  if (jumps === 'Sign') {
    // [x >= 1] + [x >= 0] - 1
    const reached = [1, 0].map((least) => {
      const { differences, body } = compare(x, () => least, at);
      return at.emitStep(body, [differences], x.of, shape, 1);
    });
    const both = at.emitStep({ kind: 'sum', coefficients: [1, 1] }, reached, x.of, shape, 1);
    const size = sizeOf(shape);
    at.emit(
      { kind: 'affine', factor: new Float64Array(size).fill(1), shift: new Float64Array(size).fill(-1) },
      [both],
      output,
      shape,
      1,
    );
    return true;
  }
  const shift = -Math.log2(x.scale[0]);
  if (!isOfFew(node, at.plan) || !Number.isInteger(shift) || shift < 1) return false;
  const half = 2 ** (shift - 1);
  if (jumps === 'Round' && at.isInput(x)) {
    halvesToEven(node, x, shift, at);
    return true;
  }
  // A requantization rounds halves up; Floor and Ceil are moved by a half, and Ceil by the least fraction less.
  const moved = at.added(x, jumps === 'Floor' ? -half : jumps === 'Ceil' ? half - 1 : 0);
  const { min, max } = at.plan.statisticsOf(output);
  const low = Math.floor((min + max + 1 - 2 ** at.bits) / 2) + 0;
  at.emit({ kind: 'requantize', shift, low, bits: at.bits }, [moved], output, shape, 1);
  return true;
}

/**
 * round(x) = ceil((x - 1/2) / 2) + floor((x + 1/2) / 2): the first part rises where an odd number begins, after its half,
 * and the second where an even one does, at its half. So a half goes to the even number, as ONNX has it.
 */
function halvesToEven({ output, shape }: FunctionNode, x: Quantized, shift: number, at: IntegerModelBuilder): void {
  const half = 2 ** (shift - 1);
  const parts = [-half + 2 ** (shift + 1) - 1, half].map((moved) => {
    // A requantization adds half of what it divides by.
    const dividend = at.added(x, moved - 2 ** shift);
    const [low, high] = hull(dividend.bounds).map((end) => Math.floor((end + 2 ** shift) / 2 ** (shift + 1)) + 0);
    const bits = Math.max(1, bitsOf(high - low));
    return at.emitStep({ kind: 'requantize', shift: shift + 1, low, bits }, [dividend], x.of, shape, 1);
  });
  at.emit({ kind: 'sum', coefficients: [1, 1] }, parts, output, shape, 1);
}

/** Bits of the index of lines. */
function lineBits({ bits }: Pick<CutPlan, 'bits'>): number {
  return indexBits(bits + LINE_BITS);
}

/** Real arguments of an index: its integers times the step. */
function valuesAt({ f }: FunctionNode, { low, step }: Grid, bits: number): Float64Array {
  const values = Float64Array.from({ length: 2 ** bits }, (_, k) => f.apply((low + k) * step));
  return defined(values.map((value, k) => (Number.isNaN(value) ? endBeside(k) : value)));

  /** Where the domain ends between argument k and the one beside it: the function's value there, if it is finite. */
  function endBeside(k: number): number {
    const inside = [k - 1, k + 1].find((other) => !Number.isNaN(values[other] ?? NaN));
    if (inside === undefined) return NaN;
    const [from, to] = [Math.min(k, inside), Math.max(k, inside)];
    const [least, most] = f.bound((low + from) * step, (low + to) * step);
    const end = values[inside] - least > most - values[inside] ? least : most;
    return Number.isFinite(end) ? end : NaN;
  }
}

/**
 * Straight lines through a function's values: by line its value in the middle and its rise from one argument to the
 * next.
 */
interface Fit {
  readonly upper: number;
  readonly middle: Float64Array;
  readonly rise: Float64Array;
  /** Largest distance of a value from its line. */
  readonly error: number;
}

function fitLines(values: Float64Array, upper: number): Fit {
  const width = values.length / 2 ** upper;
  const [middle, rise] = [new Float64Array(2 ** upper), new Float64Array(2 ** upper)];
  let error = 0;
  for (let line = 0; line < middle.length; line += 1) {
    const first = line * width;
    rise[line] = (values[first + width - 1] - values[first]) / (width - 1);
    let [least, most] = [Infinity, -Infinity];
    for (let k = 0; k < width; k += 1) {
      const rest = values[first + k] - rise[line] * (k - (width - 1) / 2);
      [least, most] = [Math.min(least, rest), Math.max(most, rest)];
    }
    middle[line] = (least + most) / 2;
    error = Math.max(error, (most - least) / 2);
  }
  return { upper, middle, rise, error };
}

/** The fewest lines that err by no more than `allowed`; undefined where none do. */
function linesWithin(values: Float64Array, allowed: number): Fit | undefined {
  for (const upper of UPPER_DIGITS) {
    const fit = fitLines(values, upper);
    if (fit.error <= allowed) return fit;
  }
  return undefined;
}

function linesFit(node: FunctionNode, grid: Grid, bits: number, plan: CutPlan): boolean {
  const values = bounded(node, valuesAt(node, grid, bits), plan);
  return (
    !values.every(Number.isInteger) &&
    linesWithin(values, plan.activationGrid(node.output).step * LINE_ERROR) !== undefined
  );
}

/** Values within the range that calibration saw, and a little beyond: at a pole its end. */
function bounded({ output }: FunctionNode, values: Float64Array, plan: CutPlan): Float64Array {
  const { step, low } = plan.activationGrid(output);
  const room = BEYOND * 2 ** plan.bits;
  return values.map((value) =>
    Math.min(Math.max(value, (low - room) * step), (low + 2 ** plan.bits - 1 + room) * step),
  );
}

/**
 * An argument that other layers read too, such as the cell of an LSTM, is cut once for all of them, to the bits of the
 * index: as a product's factor it then carries a smaller error from step to step.
 */
function sharedIndex(
  node: FunctionNode,
  x: Quantized,
  bits: number,
  at: IntegerModelBuilder,
): { readonly x: Quantized; readonly low: number } | undefined {
  if (!at.plan.isArgumentAndMore(node.inputs[0])) return undefined;
  const cut = at.narrow(x, bits);
  const made = at.requantizationOf(cut);
  return made?.bits === bits ? { x: cut, low: made.low } : undefined;
}

/** A table of straight lines, where the function is smooth enough for a few of them. */
function lowerLines(node: FunctionNode, x: Quantized, at: IntegerModelBuilder): boolean {
  const { plan } = at;
  const bits = lineBits(plan);
  const grid = indexGrid(node, plan, bits);
  if (!linesFit(node, grid, bits, plan)) return false;
  const index = sharedIndex(node, x, bits, at) ?? at.cutForIndex(x, grid, bits);
  const values = bounded(node, valuesAt(node, { low: index.low, step: index.x.scale[0] }, bits), plan);
  const { step } = plan.activationGrid(node.output);
  // The index's step is a power of two times the accumulator's, so it may be coarser than planned.
  const { upper, middle, rise } = linesWithin(values, step * LINE_ERROR) ?? fitLines(values, MOST_UPPER_DIGITS);
  const width = 2 ** (bits - upper);
  // A slope is rounded by half a unit at most, and the ends of its line are half a width away from where it is exact.
  const unit = step / 2 ** Math.max(2, Math.ceil(Math.log2(width / 4 / LINE_ERROR)));
  const entries = values.map((_, k) => {
    const line = Math.floor(k / width);
    const slope = Math.round(rise[line] / unit);
    return Math.round(middle[line] / unit - (slope * (width - 1)) / 2) + slope * (k % width) + 0;
  });
  at.emit({ kind: 'table', low: index.low, bits, entries }, [index.x], node.output, node.shape, unit);
  return true;
}

/**
 * The grid of the index: the input's range, with room for rows that were not calibrated on and lie a little outside it,
 * and without the ends at which the function hardly changes any more.
 */
function indexGrid({ f, inputs, output }: FunctionNode, plan: CutPlan, bits: number): Grid {
  const { min, max } = plan.statisticsOf(inputs[0]);
  const { step } = plan.ownGrid(output);
  const room = BEYOND * (max - min);
  // What is never negative stays so, and the domain of the function is not left.
  const within = (moved: number, end: number): number => (Number.isNaN(f.apply(moved)) ? end : moved);
  const least = within(min >= 0 ? Math.max(0, min - room) : min - room, min);
  const most = within(max <= 0 ? Math.min(0, max + room) : max + room, max);
  const at = (k: number): number => least + ((most - least) * k) / POINTS;
  const flat = (from: number, to: number): boolean => Math.abs(f.apply(to) - f.apply(from)) <= step * FLAT;
  let [first, last] = [0, POINTS];
  while (first + 1 < last && flat(least, at(first + 1))) first += 1;
  while (last - 1 > first && flat(most, at(last - 1))) last -= 1;
  // A constant function has no tails, only a middle.
  const [from, to] = last - first <= 1 ? [min, max] : [at(first), at(last)];
  return gridFor(from, to, bits);
}

/** The values with those that are undefined replaced by the nearest that is; zeros where none is. */
function defined(values: Float64Array): Float64Array {
  const nearest = (k: number): number => {
    for (let distance = 1; distance < values.length; distance += 1) {
      for (const other of [k - distance, k + distance])
        if (other >= 0 && other < values.length && !Number.isNaN(values[other])) return values[other];
    }
    return 0;
  };
  return values.map((value, k) => (Number.isNaN(value) ? nearest(k) : value));
}

function tabulate(
  { output }: FunctionNode,
  values: Float64Array,
  plan: CutPlan,
  beyond: number,
): { readonly entries: Float64Array; readonly step: number } {
  if (values.every((value) => Number.isInteger(value) && Math.abs(value) <= LARGEST_WHOLE))
    return { entries: values.map((value) => value + 0), step: 1 };
  const grid = plan.activationGrid(output);
  const more = plan.isOutput(output) ? OUTPUT_BITS : plan.isFactor(output) ? FACTOR_BITS : 0;
  const finer = 2 ** more;
  const asked = plan.stepForRoot(output);
  if (asked !== undefined && asked < grid.step)
    return { entries: values.map((value) => Math.round(value / asked) + 0), step: asked };
  const step = grid.step / finer;
  const room = beyond * 2 ** plan.bits;
  const [least, most] = [(grid.low - room) * finer, (grid.low + 2 ** plan.bits + room) * finer - 1];
  const entries = values.map((value) => Math.min(Math.max(Math.round(value / step), least), most) + 0);
  return { entries, step };
}
