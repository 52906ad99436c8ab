/** Averages and sums: exact where all divisors agree (the divisor goes into the scale), else rounded factors. */
import type { MeanNode } from '../../network/graph.js';
import { leastOf } from '../../tensor/extremes.js';
import { bitsOf } from '../../integer/intervals.js';
import type { IntegerModelBuilder } from '../integer-model-builder.js';
import { carried, uncut, type QuantizedLayer } from './layer.js';

export const mean: QuantizedLayer<MeanNode> = {
  lower,
  cut: uncut,
  cutCount: carried,
  readStep: ({ divisors, output }, _, plan) =>
    plan.asksReaders ? plan.wantedStep(output) * leastOf(divisors.map(Math.abs)) : Infinity,
  sharesCut: false,
  takesRoot: () => false,
  stepForRoot: ({ divisors, output }, plan) =>
    divisors.every((divisor) => divisor === 1) ? plan.stepOfRoot(output) : undefined,
};

function lower(node: MeanNode, at: IntegerModelBuilder): void {
  // The factor multiplies a whole group's sum, so its rounding error counts with the sum's mean square.
  const largest = node.divisors.reduce(
    (most, _, i) => Math.max(most, node.groups.offsets[i + 1] - node.groups.offsets[i]),
    1,
  );
  const input = at.operand(at.tensor(node.inputs[0]), node, bitsOf(largest));
  const [first] = node.divisors;
  const exact = node.divisors.every((divisor) => divisor === first);
  const coefficients = node.divisors.map((divisor) => input.scale[0] / divisor);
  const terms = [{ coefficients, meanSquare: input.meanSquare * largest * largest }];
  const unit = exact ? coefficients[0] : at.accumulatorScale(node.output, terms, coefficients.length);
  const factor = coefficients.map((value) => Math.round(value / unit));
  at.emit({ kind: 'groupSum', groups: node.groups, factor }, [input], node.output, node.shape, unit);
}
