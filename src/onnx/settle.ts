/**
 * A softmax or sigmoid that was left out, computed after all: where a node reads its results as numbers rather than for
 * their order. Attention is the usual place. What a mask of minus infinity hides has weight zero.
 */
import { scalarFunction } from '../network/functions/index.js';
import type { GraphNode } from '../network/graph.js';
import { reductionGroups } from '../tensor/groups.js';
import type { GraphBuilder } from './builder.js';
import { soften } from './soften.js';
import { unmask } from './unmask.js';
import type { Activation } from './values.js';

/** The activation itself where nothing was left out before it. */
export function settle(builder: GraphBuilder, value: Activation): Activation {
  const { omitted, ...scores } = value;
  if (omitted === undefined) return scores;
  const key = [omitted.op, omitted.axes.join(), value.shape.join(), value.tensor].join(' ');
  const known = builder.settled.get(key);
  if (known !== undefined) return { ...scores, tensor: known };
  const tensor = builder.unique(`${omitted.node}/${omitted.op}`);
  const name = builder.unique(`node ${omitted.node}`).slice('node '.length);
  const common = { name, source: omitted.op, output: tensor, shape: value.shape };
  if (omitted.op === 'Sigmoid')
    builder.add({ ...common, op: 'function', inputs: [value.tensor], f: scalarFunction('Sigmoid', {}) });
  else builder.add(softmaxNode(builder, value, omitted.axes, omitted.op === 'LogSoftmax', common));
  builder.settled.set(key, tensor);
  return { ...scores, tensor };
}

type Common = Pick<GraphNode, 'name' | 'source' | 'output' | 'shape'>;

function softmaxNode(
  builder: GraphBuilder,
  scores: Activation,
  axes: readonly number[],
  logarithm: boolean,
  common: Common,
): GraphNode {
  const groups = reductionGroups(scores.shape, axes);
  const bare = logarithm ? undefined : unmask(builder, scores);
  const fields = { ...common, op: 'softmax' as const, groups, logarithm };
  if (bare === undefined) return { ...fields, inputs: [soften(builder, scores.tensor)] };
  const masked = bare.masked.slice();
  // In a group whose elements are all masked, the softmax is taken without the mask.
  for (let g = 0; g + 1 < groups.offsets.length; g++) {
    const members = groups.indices.subarray(groups.offsets[g], groups.offsets[g + 1]);
    if (members.every((i) => masked[i] === 1)) for (const i of members) masked[i] = 0;
  }
  return { ...fields, inputs: [soften(builder, bare.tensor)], ...(masked.includes(1) ? { masked } : {}) };
}
