/**
 * The operator table of the domain ai.onnx.preview, whose operators ONNX may still change: one row an operator, as in
 * ops/index.ts.
 */
import { transposeView } from '../../tensor/views.js';
import { isFloat } from '../model.js';
import { shared } from '../ops/attention.js';
import { constant, type Lowering, type NodeContext, type OnnxOperator } from '../ops/context.js';
import { moveValue } from '../ops/moving.js';
import type { Value } from '../values.js';

/** What the sub-graph of this attribute makes of a tensor; the tensor itself where there is none. */
function modified(context: NodeContext, attribute: string, value: Value): Value {
  if (!context.has(attribute)) return value;
  const [made] = context.subgraph(attribute, [value]);
  if (made === undefined || made.shape.join() !== value.shape.join())
    throw context.shapeError(`${attribute} gives a tensor of another shape than it is given`);
  return made;
}

/** prob_mod(softmax(score_mod(scale Q K^T))) V, as its function body computes it. */
const lowerFlexAttention: Lowering = (context) => {
  context.ignore('softmax_precision');
  const [query, key, value] = [context.input(0), context.input(1), context.input(2)];
  if ([query, key, value].some(({ shape, type }) => shape.length !== 4 || !isFloat(type)))
    throw context.shapeError('queries, keys and values should be floats [batch, heads, positions, size]');
  const [, heads, , size] = query.shape;
  const turned = moveValue(context, shared(context, key, heads, 'keys'), (view) => transposeView(view, [0, 1, 3, 2]), {
    step: 'transposed',
  });
  const [product] = context.apply('MatMul', [query, turned], 'product');
  const scale = constant(product.type, [], Float64Array.of(context.float('scale', 1 / Math.sqrt(size))));
  const [scores] = context.apply('Mul', [product, scale], 'scores');
  const [weights] = context.apply('Softmax', [modified(context, 'score_mod', scores)], 'weights', { axis: 3 });
  const probabilities = modified(context, 'prob_mod', context.settled(weights));
  return context.apply('MatMul', [probabilities, shared(context, value, heads, 'values')], 'result');
};

export const PREVIEW_OPERATORS: Readonly<Record<string, OnnxOperator>> = {
  FlexAttention: { lower: lowerFlexAttention },
};
