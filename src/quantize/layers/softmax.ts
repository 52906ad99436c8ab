/**
 * Softmax: exponentials of the distances to the largest score, from a table, times the reciprocal of their sum. The
 * scores are not cut before: the digits of their distances are the table's index. A logarithm is the distance, and that
 * of the sum from one table more.
 */
import type { SoftmaxNode } from '../../network/graph.js';
import { groupOfElement, type Groups } from '../../tensor/groups.js';
import type { IntegerModelBuilder, Quantized } from '../integer-model-builder.js';
import type { CutPlan } from '../plan.js';
import type { Grid } from '../scale.js';
import { indexBits } from './function.js';
import { anyStep, besideRoots, eachInput, type QuantizedLayer } from './layer.js';

export const softmax: QuantizedLayer<SoftmaxNode> = {
  lower,
  cut: (_, __, plan) => scoreGrid(plan),
  cutCount: eachInput,
  readStep: anyStep,
  sharesCut: false,
  ...besideRoots,
};

/** Bits of a distance beyond those of an activation: half a step of it is what a share errs by, in parts of itself. */
const DISTANCE_BITS = 1;
/** Bits of the largest exponential beyond those of an activation. */
const ENTRY_BITS = 1;
/** Bits of the reciprocal where it is least: it rounds down, so that all shares are too small by half a unit of it. */
const RECIPROCAL_BITS = 10;
/** Factors by which scores are multiplied so that a power of two leads from their scale to the wanted step. */
const FACTORS = [1, 3, 5, 7];
/** How much coarser than wanted the step may be without a factor. */
const COARSER = 1.1;

const largestEntry = (bits: number): number => 2 ** (bits + ENTRY_BITS);
const distanceBits = (bits: number): number => indexBits(bits + DISTANCE_BITS);

/** Distances up to where an exponential rounds to nothing. */
function scoreGrid({ bits }: CutPlan): Grid {
  const last = 2 ** distanceBits(bits) - 1;
  return { step: Math.log(2 * largestEntry(bits)) / last, low: -last };
}

function lower(node: SoftmaxNode, at: IntegerModelBuilder): void {
  const x = at.tensor(node.inputs[0]);
  if (node.logarithm) logarithms(node, x, at);
  else shares(node, x, at);
}

function shares({ groups, masked, output, shape }: SoftmaxNode, x: Quantized, at: IntegerModelBuilder): void {
  const seen = masked === undefined ? undefined : Int32Array.from(masked.keys()).filter((i) => masked[i] === 0);
  if (seen === undefined) {
    const made = sharesOf(x, groups, at);
    at.emit(made.body, [made.scores], output, shape, made.scale);
    return;
  }
  const kept = at.emitStep(
    { kind: 'move', index: seen, constants: new Float64Array() },
    [x],
    x.of,
    [seen.length],
    x.scale[0],
  );
  const made = sharesOf(kept, withoutMasked(groups, masked as Uint8Array, seen), at);
  const compact = at.emitStep(made.body, [made.scores], output, kept.shape, made.scale);
  const index = new Int32Array(x.bounds.low.length).fill(-1);
  seen.forEach((position, k) => (index[position] = k));
  at.emit({ kind: 'move', index, constants: Float64Array.of(0) }, [compact], output, shape, made.scale);
}

/** The groups of the elements that are left, by their position among those. */
function withoutMasked({ offsets, indices }: Groups, masked: Uint8Array, seen: Int32Array): Groups {
  const place = new Int32Array(masked.length);
  seen.forEach((position, k) => (place[position] = k));
  const [ends, kept]: [number[], number[]] = [[0], []];
  for (let g = 0; g + 1 < offsets.length; g += 1) {
    for (const i of indices.subarray(offsets[g], offsets[g + 1])) if (masked[i] === 0) kept.push(place[i]);
    // A group that is masked whole is none.
    if (kept.length > ends[ends.length - 1]) ends.push(kept.length);
  }
  return { offsets: Uint32Array.from(ends), indices: Uint32Array.from(kept) };
}

/** The op that makes the shares of these elements, the scores that it reads, and its scale. */
function sharesOf(x: Quantized, groups: Groups, at: IntegerModelBuilder) {
  const { scores, shift, entries } = exponentials(x, at);
  const longest = groups.offsets.reduce((most, end, g) => Math.max(most, end - (groups.offsets[g - 1] ?? 0)), 1);
  const numerator = longest * entries[0] * 2 ** RECIPROCAL_BITS;
  return { body: { kind: 'softmax' as const, groups, shift, entries, numerator }, scores, scale: 1 / numerator };
}

/**
 * The scores in a scale from which a shift leads to about the wanted step, and the exponentials of the distances in
 * that step.
 */
function exponentials(
  x: Quantized,
  at: IntegerModelBuilder,
): { readonly scores: Quantized; readonly shift: number; readonly entries: Float64Array } {
  const wanted = scoreGrid(at.plan).step / x.scale[0];
  const overshoot = (factor: number): number => 2 ** Math.ceil(Math.log2(wanted * factor) - 1e-9) / (wanted * factor);
  const odd =
    overshoot(1) <= COARSER
      ? 1
      : FACTORS.reduce((best, factor) => (overshoot(factor) < overshoot(best) ? factor : best));
  // Coarse scores, such as whole numbers, are multiplied until their units are finer than a step.
  const power = Math.ceil(Math.log2(wanted * odd) - 1e-9);
  const finer = Math.max(0, 1 - power);
  const scores = multiplied(x, odd * 2 ** finer, at);
  const shift = power + finer;
  const step = scores.scale[0] * 2 ** shift;
  const largest = largestEntry(at.bits);
  // A distance lies anywhere in its step; that of the largest score is exact.
  const entries = Float64Array.from({ length: 2 ** distanceBits(at.bits) }, (_, k) =>
    Math.round(largest * Math.exp(k === 0 ? 0 : -(k + 0.5) * step)),
  );
  return { scores, shift, entries };
}

function multiplied(x: Quantized, factor: number, at: IntegerModelBuilder): Quantized {
  if (factor === 1) return x;
  const size = x.bounds.low.length;
  const body = { kind: 'affine', factor: new Float64Array(size).fill(factor), shift: new Float64Array(size) } as const;
  return at.emitStep(body, [x], x.of, x.shape, x.scale[0] / factor);
}

/** Bits of the table that finds the logarithm of a group's sum: one a group. */
const LOGARITHM_BITS = 10;

/** x - M - log(sum of exp(x - M)), M the largest of the group. */
function logarithms({ groups, inputs, output, shape }: SoftmaxNode, x: Quantized, at: IntegerModelBuilder): void {
  const [name] = inputs;
  const size = x.bounds.low.length;
  const count = groups.offsets.length - 1;
  const { scores } = exponentials(x, at);
  const scale = scores.scale[0];
  const spread = (of: Quantized): Quantized =>
    at.emitStep(
      { kind: 'move', index: groupOfElement(groups, size), constants: new Float64Array() },
      [of],
      name,
      shape,
      of.scale[0],
    );
  const largest = at.emitStep({ kind: 'max', groups }, [scores], name, [count], scale);
  const distances = at.emitStep({ kind: 'sum', coefficients: [1, -1] }, [scores, spread(largest)], name, shape, scale);
  // The index is the distance in steps, the top of the table none.
  const bits = distanceBits(at.bits);
  const last = 2 ** bits - 1;
  const index = at.cutForIndex(distances, scoreGrid(at.plan), bits);
  const unit = 1 / largestEntry(at.bits);
  const entries = Float64Array.from({ length: last + 1 }, (_, k) =>
    Math.round(Math.exp(Math.min(0, (index.low + k) * index.x.scale[0])) / unit),
  );
  const powers = at.emitStep({ kind: 'table', low: index.low, bits, entries }, [index.x], name, shape, unit);
  const sums = at.emitStep(
    { kind: 'groupSum', groups, factor: new Float64Array(count).fill(1) },
    [powers],
    name,
    [count],
    unit,
  );
  const longest = groups.offsets.reduce((most, end, g) => Math.max(most, end - (groups.offsets[g - 1] ?? 0)), 1);
  // A sum lies between 1, the largest's own, and the size of the group.
  const step = Math.max((longest - 1) / (2 ** LOGARITHM_BITS - 1), unit);
  const cut = at.cutForIndex(sums, { step, low: 1 / step }, LOGARITHM_BITS);
  const logs = Float64Array.from(
    { length: 2 ** LOGARITHM_BITS },
    (_, k) => Math.round(Math.log(Math.max(1, (cut.low + k) * cut.x.scale[0])) / scale) + 0,
  );
  const logarithm = at.emitStep(
    { kind: 'table', low: cut.low, bits: LOGARITHM_BITS, entries: logs },
    [cut.x],
    name,
    [count],
    scale,
  );
  at.emit({ kind: 'sum', coefficients: [1, -1] }, [distances, spread(logarithm)], output, shape, scale);
}
