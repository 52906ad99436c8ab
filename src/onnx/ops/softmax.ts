/**
 * Softmax and LogSoftmax at the end of a network. They keep the order of the scores, so the proof covers the scores and
 * whoever reads them may apply the softmax; anywhere else they are refused (see lower.ts).
 * Before opset 13 they flatten all dimensions from `axis` on into one; since then they run along `axis` alone.
 */
import type { Lowering, NodeContext } from './context.js';

function omit(context: NodeContext, op: 'Softmax' | 'LogSoftmax'): ReturnType<Lowering> {
  const x = context.activation(0);
  const rank = x.shape.length;
  const flattening = context.opset < 13;
  const given = context.axis(context.int('axis', flattening ? 1 : -1), rank);
  let axis = given;
  if (flattening) {
    const wide = x.shape.flatMap((size, i) => (i >= given && size > 1 ? [i] : []));
    if (wide.length > 1) {
      throw context.unsupportedAttribute('axis', given, 'before opset 13 it flattens several dimensions; export with opset 13 or later');
    }
    axis = wide[0] ?? given;
  }
  return [{ ...x, omitted: { op, axis, node: context.node.name } }];
}

export const lowerSoftmax: Lowering = (context) => omit(context, 'Softmax');
export const lowerLogSoftmax: Lowering = (context) => omit(context, 'LogSoftmax');
