/**
 * Softmax and LogSoftmax. They keep the order of the scores, so at the end of a network the proof covers the scores,
 * and whoever reads them may apply the softmax; where a node computes with the result it is proved (see settle.ts).
 * Before opset 13 they run over all dimensions from `axis` on together; since then along `axis` alone.
 */
import { requireNumeric } from './arithmetic.js';
import type { Lowering, NodeContext } from './context.js';

function omit(context: NodeContext, op: 'Softmax' | 'LogSoftmax'): ReturnType<Lowering> {
  const x = context.activation(0);
  requireNumeric(context, [x]);
  return [
    { ...context.settled(x), omitted: { op, axes: softmaxAxes(context, x.shape.length), node: context.node.name } },
  ];
}

/** The axes over which together Softmax, LogSoftmax and Hardmax run. */
export function softmaxAxes(context: NodeContext, rank: number): number[] {
  const flattening = context.opset < 13;
  const given = context.int('axis', flattening ? 1 : -1);
  // A matrix of all elements has as many rows as the dimensions before `axis`; there may be none behind it.
  const axis = flattening && given === rank ? rank : context.axis(given, rank);
  return flattening ? Array.from({ length: rank - axis }, (_, k) => axis + k) : [axis];
}

export const lowerSoftmax: Lowering = (context) => omit(context, 'Softmax');
export const lowerLogSoftmax: Lowering = (context) => omit(context, 'LogSoftmax');
