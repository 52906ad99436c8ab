/** The softmax or sigmoid that a graph output leaves out, for reports that compare with the whole network. */
import { reductionGroups } from '../tensor/groups.js';
import { softmax } from '../tensor/kernels.js';
import type { GraphOutput } from './graph.js';

/** Applies the softmax or sigmoid that `output` leaves out, if any, to its scores (shape `output.shape`). */
export function applyOmitted(
  { shape, omitted }: Pick<GraphOutput, 'shape' | 'omitted'>,
  scores: Float64Array,
): Float64Array {
  if (omitted === undefined) return scores;
  if (omitted.op === 'Sigmoid') return scores.map((score) => 1 / (1 + Math.exp(-score)));
  return softmax(scores, reductionGroups(shape, omitted.axes), undefined, omitted.op === 'LogSoftmax');
}
