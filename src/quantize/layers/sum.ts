/** Weighted sum of activations: coefficients are refined until the coarser operands are met precisely. */
import { leastOf, mostOf } from '../../tensor/extremes.js';
import { hull } from '../../tensor/intervals.js';
import type { SumNode } from '../../network/graph.js';
import type { IntegerModelBuilder } from '../integer-model-builder.js';
import { asResult, besideRoots, carried, type QuantizedLayer } from './layer.js';

export const sum: QuantizedLayer<SumNode> = {
  lower,
  cut: asResult,
  cutCount: carried,
  readStep: ({ inputs, coefficients, output }, name, plan) =>
    plan.wantedStep(output) / Math.abs(coefficients[inputs.indexOf(name)]),
  sharesCut: false,
  ...besideRoots,
};

/** Bits that aligning scales may add. */
const GROWTH = 10;
/** Bits that the finest operand's scale may add to what is needed. */
const MORE_BITS = 16;
/** Bits of a term at most. */
const MOST_BITS = 44;

function lower(node: SumNode, at: IntegerModelBuilder): void {
  const given = node.inputs.map((name) => at.tensor(name));
  // Terms in one unit, such as two squares, are added as they are.
  const units = given.map(({ scale }, k) => Math.abs(node.coefficients[k]) * scale[0]);
  const growth = units.every((unit) => unit === units[0]) ? Math.ceil(Math.log2(units.length)) : GROWTH;
  const inputs = given.map((input) => at.operand(input, node, growth));
  const reals = inputs.map((input, k) => node.coefficients[k] * input.scale[0]);
  const finest = leastOf(reals.filter((value) => value !== 0).map(Math.abs));
  const terms = inputs.map((input, k) => ({ coefficients: [reals[k]], meanSquare: input.meanSquare }));
  // The finest operand's own scale keeps that operand exact, and often meets the others precisely enough; but an
  // operand that is tiny beside the others must not set their scale.
  const needed = at.accumulatorScale(node.output, terms, 1);
  const chosen = finest * 2 ** MORE_BITS >= needed && at.preciseAt(finest, node.output, terms) ? finest : needed;
  // Where the terms cancel almost wholly, a scale fine enough for the difference would leave exact arithmetic.
  const widest = mostOf(inputs.map((input, k) => Math.abs(reals[k]) * mostOf(hull(input.bounds).map(Math.abs))));
  const unit = Math.max(chosen, widest / 2 ** MOST_BITS);
  const coefficients = reals.map((value) => Math.round(value / unit) + 0);
  at.emit({ kind: 'sum', coefficients }, inputs, node.output, node.shape, unit);
}
