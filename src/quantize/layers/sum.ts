/** Weighted sum of activations: coefficients are refined until the coarser operands are met precisely. */
import type { SumNode } from '../../onnx/graph.js';
import type { Lowering } from '../lowering.js';

export function lowerSum(node: SumNode, at: Lowering): void {
  const inputs = node.inputs.map((name) => at.uniform(at.operand(at.tensor(name), node)));
  const reals = inputs.map((input, k) => node.coefficients[k] * input.scale[0]);
  const finest = Math.min(...reals.filter((value) => value !== 0).map(Math.abs));
  const exact = reals.every((value) => Number.isInteger(value / finest));
  const terms = inputs.map((input, k) => ({ coefficients: [reals[k]], meanSquare: input.meanSquare }));
  const unit = exact ? finest : at.accumulatorScale(node.output, terms, 1);
  const coefficients = reals.map((value) => Math.round(value / unit) + 0);
  at.emitLinear({ kind: 'sum', coefficients }, inputs, node.output, node.shape, unit);
}
