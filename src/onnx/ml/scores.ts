/**
 * What classifiers and regressors of ai.onnx.ml do after their sums: the post transform, the second class of a binary
 * classifier, and the label. A softmax or logistic function is left to whoever reads the scores, as a Softmax at the
 * end of a network is.
 */
import { reductionGroups } from '../../tensor/groups.js';
import { sizeOf } from '../../tensor/shape.js';
import { identityView, reshapeView } from '../../tensor/views.js';
import type { Activation } from '../values.js';
import { emitAffine } from '../ops/arithmetic.js';
import { emitStep } from '../ops/comparison.js';
import type { NodeContext } from '../ops/context.js';
import { moveOne } from '../ops/moving.js';
import { emitClassLabels } from './labels.js';

export type PostTransform = 'NONE' | 'SOFTMAX' | 'LOGISTIC';

/** Names of the transforms; TreeEnsemble writes their positions in this list. */
export const POST_TRANSFORMS = ['NONE', 'SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO', 'PROBIT'];

export function checkedTransform(context: NodeContext, name: string): PostTransform {
  if (name === 'NONE' || name === 'SOFTMAX' || name === 'LOGISTIC') return name;
  throw context.unsupportedAttribute('post_transform', name, 'NONE, SOFTMAX and LOGISTIC are');
}

export function readTransform(context: NodeContext): PostTransform {
  return checkedTransform(context, context.string('post_transform', 'NONE'));
}

/**
 * Scores [N, classes] with the transform that the proof leaves out. One score alone is not transformed, as onnxruntime
 * does it.
 */
export function withTransform(context: NodeContext, scores: Activation, transform: PostTransform): Activation {
  if (transform === 'NONE' || scores.shape[scores.shape.length - 1] === 1) return scores;
  const op = transform === 'SOFTMAX' ? 'Softmax' : 'Sigmoid';
  return { ...scores, omitted: { op, axes: [scores.shape.length - 1], node: context.node.name } };
}

/** [N, 1] to [N, 2]: rest - s, then s. */
export function emitSecondClass(context: NodeContext, score: Activation, rest: number): Activation {
  const shape = [score.shape[0], 2];
  const spread = moveOne(
    context,
    score,
    { shape, index: Int32Array.from({ length: 2 * shape[0] }, (_, i) => i >> 1) },
    { step: 'both', output: 1 },
  );
  const sign = Float64Array.from({ length: 2 * shape[0] }, (_, i) => (i % 2 === 0 ? -1 : 1));
  return emitAffine(
    context,
    spread,
    shape,
    sign,
    sign.map((value) => (value < 0 ? rest : 0)),
    'classes',
  );
}

export interface Labels {
  readonly strings?: readonly string[];
  readonly integers?: readonly number[];
}

export function labelCount({ strings, integers }: Labels): number {
  return (strings ?? integers ?? []).length;
}

/** The labels under the names that the operator gives its attributes. */
export function readLabels(context: NodeContext, strings: string, integers: string): Labels {
  const [names, numbers] = [context.strings(strings), context.ints(integers)];
  return names !== undefined && names.length > 0 ? { strings: names } : { integers: numbers ?? [] };
}

/** The label of the largest score of each row, the first of equal ones. */
export function emitLargest(context: NodeContext, scores: Activation, { strings, integers }: Labels): Activation {
  const shape = [scores.shape[0]];
  const groups = reductionGroups(scores.shape, [scores.shape.length - 1]);
  const at = context.emit({ op: 'argMax', shape, groups, selectLast: false }, [scores], {
    step: 'class',
    type: 'int64',
  });
  return emitClassLabels(context, at, strings, integers);
}

/** The second label where a score is above the threshold, else the first; `score` is [N, 1]. */
export function emitAbove(
  context: NodeContext,
  score: Activation,
  threshold: number,
  { strings, integers }: Labels,
): Activation {
  const row = { ...score, shape: [sizeOf(score.shape)] };
  const above = emitStep(context, row, Float64Array.of(threshold), true, 'class');
  return emitClassLabels(context, { ...above, type: 'int64' }, strings, integers);
}

/** x as rows of features: a vector is one row. */
export function asRows(context: NodeContext, x: Activation): Activation {
  if (x.shape.length === 2) return x;
  if (x.shape.length > 2 || x.shape.length === 0)
    throw context.shapeError('its input should be a matrix of one row an example');
  return { ...x, shape: reshapeView(identityView(x.shape), [1, x.shape[0]]).shape };
}
