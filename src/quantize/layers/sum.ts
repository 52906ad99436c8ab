/** Weighted sum of activations: coefficients are refined until the coarser operands are met precisely. */
import { leastOf } from '../../tensor/extremes.js';
import type { SumNode } from '../../network/graph.js';
import type { Lowering } from '../lowering.js';
import { asResult, carried, type QuantizedLayer } from './layer.js';

export const sum: QuantizedLayer<SumNode> = { lower, cut: asResult, cutCount: carried };

/** Bits that aligning scales may add. */
const GROWTH = 10;

function lower(node: SumNode, at: Lowering): void {
  const inputs = node.inputs.map((name) => at.uniform(at.operand(at.tensor(name), node, GROWTH)));
  const reals = inputs.map((input, k) => node.coefficients[k] * input.scale[0]);
  const finest = leastOf(reals.filter((value) => value !== 0).map(Math.abs));
  const terms = inputs.map((input, k) => ({ coefficients: [reals[k]], meanSquare: input.meanSquare }));
  // The finest operand's own scale keeps that operand exact, and often meets the others precisely enough.
  const unit = at.preciseAt(finest, node.output, terms) ? finest : at.accumulatorScale(node.output, terms, 1);
  const coefficients = reals.map((value) => Math.round(value / unit) + 0);
  at.emit({ kind: 'sum', coefficients }, inputs, node.output, node.shape, unit);
}
