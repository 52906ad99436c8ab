/** The softmax or sigmoid that a graph output leaves out, for reports that compare with the whole network. */
import { reductionGroups } from '../tensor/groups.js';
import type { GraphOutput } from './graph.js';

/** Applies the softmax or sigmoid that `output` leaves out, if any, to its scores (shape `output.shape`). */
export function applyOmitted(output: GraphOutput, scores: Float64Array): Float64Array {
  if (output.omitted === undefined) return scores;
  if (output.omitted.op === 'Sigmoid') return scores.map((score) => 1 / (1 + Math.exp(-score)));
  const { offsets, indices } = reductionGroups(output.shape, [output.omitted.axis]);
  const result = new Float64Array(scores.length);
  for (let group = 0; group + 1 < offsets.length; group++) {
    const positions = indices.subarray(offsets[group], offsets[group + 1]);
    const largest = positions.reduce((best, position) => Math.max(best, scores[position]), -Infinity);
    const logSum = Math.log(positions.reduce((sum, position) => sum + Math.exp(scores[position] - largest), 0));
    for (const position of positions) {
      const logarithm = scores[position] - largest - logSum;
      result[position] = output.omitted.op === 'Softmax' ? Math.exp(logarithm) : logarithm;
    }
  }
  return result;
}
