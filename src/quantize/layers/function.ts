/**
 * A function of one value becomes a table over the input cut to few bits. What the table holds where the function has no finite value is
 * defined for all functions alike: outside the domain the value at the nearest argument inside it, at a pole the end of the output's range
 * on that side. Beyond the ends of its range the index saturates, and with it the function: calibration says where the ends are, and flat
 * tails are cut off, so that the steps in between are finer.
 */
import { LEAST_TABLE_BITS, MOST_TABLE_BITS } from '../../gadgets/index.js';
import type { FunctionNode } from '../../network/graph.js';
import { hull } from '../../tensor/intervals.js';
import { bitsOf } from '../intervals.js';
import type { Lowering, Quantized } from '../lowering.js';
import type { CutPlan } from '../plan.js';
import { gridFor, type Grid } from '../scale.js';
import { eachResult, type QuantizedLayer } from './layer.js';

export const scalar: QuantizedLayer<FunctionNode> = { lower, cut: indexGrid, cutCount: eachResult };

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

function lower(node: FunctionNode, at: Lowering): void {
  const x = at.uniform(at.tensor(node.inputs[0]));
  const index = narrowIndex(x, at) ?? cutIndex(node, x, at);
  const { low, bits } = index;
  const scale = index.x.scale[0];
  const values = defined(Float64Array.from({ length: 2 ** bits }, (_, k) => node.f.apply((low + k) * scale)));
  const { entries, step } = tabulate(node, values, at.plan);
  at.emit({ kind: 'table', low, bits, entries }, [index.x], node.output, node.shape, step);
}

/** A tensor that a table can read, with the integers that its index begins at and has bits for. */
interface Index {
  readonly x: Quantized;
  readonly low: number;
  readonly bits: number;
}

/** x itself, where it has few enough values: a requantized activation, or small integers, whose function is then exact. */
function narrowIndex(x: Quantized, at: Lowering): Index | undefined {
  const most = indexBits(at.bits);
  const made = at.requantizationOf(x);
  if (made !== undefined && made.bits >= LEAST_TABLE_BITS && made.bits <= most) return { x, low: made.low, bits: made.bits };
  const [low, high] = hull(x.bounds);
  const bits = Math.max(LEAST_TABLE_BITS, bitsOf(high - low));
  return bits <= most ? { x, low, bits } : undefined;
}

function cutIndex(node: FunctionNode, x: Quantized, at: Lowering): Index {
  const bits = indexBits(at.bits);
  const cut = at.cutForIndex(x, indexGrid(node, node.inputs[0], at.plan), bits);
  return { x: cut.x, low: cut.low, bits };
}

/** The grid of the index: the input's range without the ends at which the function no longer changes by half a step of its result. */
function indexGrid({ f, inputs, output }: FunctionNode, _name: string, plan: CutPlan): Grid {
  const { min, max } = plan.statisticsOf(inputs[0]);
  const { step } = plan.ownGrid(output);
  const at = (k: number): number => min + ((max - min) * k) / POINTS;
  const flat = (from: number, to: number): boolean => Math.abs(f.apply(to) - f.apply(from)) <= step / 2;
  let [first, last] = [0, POINTS];
  while (first + 1 < last && flat(min, at(first + 1))) first += 1;
  while (last - 1 > first && flat(max, at(last - 1))) last -= 1;
  // A constant function has no tails, only a middle.
  const [from, to] = last - first <= 1 ? [min, max] : [at(first), at(last)];
  return gridFor(from, to, indexBits(plan.bits));
}

/** The values with those that are undefined replaced by the nearest that is not; zeros where none is. */
function defined(values: Float64Array): Float64Array {
  const nearest = (k: number): number => {
    for (let distance = 1; distance < values.length; distance += 1) {
      for (const other of [k - distance, k + distance]) if (other >= 0 && other < values.length && !Number.isNaN(values[other])) return values[other];
    }
    return 0;
  };
  return values.map((value, k) => (Number.isNaN(value) ? nearest(k) : value));
}

function tabulate({ output }: FunctionNode, values: Float64Array, plan: CutPlan): { readonly entries: Float64Array; readonly step: number } {
  if (values.every((value) => Number.isInteger(value) && Math.abs(value) <= LARGEST_WHOLE)) return { entries: values.map((value) => value + 0), step: 1 };
  const grid = plan.activationGrid(output);
  const [finer, bits] = plan.isOutput(output) ? [2 ** OUTPUT_BITS, plan.bits + OUTPUT_BITS] : [1, plan.bits];
  const step = grid.step / finer;
  const least = grid.low * finer;
  const entries = values.map((value) => Math.min(Math.max(Math.round(value / step), least), least + 2 ** bits - 1) + 0);
  return { entries, step };
}
