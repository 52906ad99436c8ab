/**
 * Masks that the network computes, such as (1 - mask) * -3.4e38 added to scores, or -1e9 chosen where a boolean says so.
 * Which elements they hide is not known before, so unmask.ts cannot name them; but beside a number as far below zero
 * scores have no bits left. What a softmax sees of a mask is only that it is far below every score, so a nearer number
 * does as well.
 *
 * The trap: in a group whose elements are all masked, float32 leaves nothing of the scores beside -3.4e38, and shares
 * are equal; here they are those without the mask, as where the mask is constant.
 */
import type { GraphNode } from '../network/graph.js';
import type { AffineNode } from '../network/layers/affine.js';
import { sizeOf } from '../tensor/shape.js';
import type { GraphBuilder } from './builder.js';
import { factsOf } from './facts.js';

/** What is at or below this is a mask, as in unmask.ts. */
const MASK = -1e4;
/** What stands for it: further below zero than scores of attention lie apart, and ten bits more than they have. */
const FAR = 1024;
/** Layers between a mask and its softmax, at most. */
const MOST_LAYERS = 16;

/** The scores with nearer masks: the same tensor where they hold no computed one. */
export function soften(builder: GraphBuilder, tensor: string, layers = 0): string {
  const node = builder.makerOf(tensor);
  if (node === undefined || layers > MOST_LAYERS) return tensor;
  if (node.op === 'affine') {
    const mask = nearer(builder, node);
    if (mask !== undefined) return added(builder, mask);
    const chosen = elsewhere(builder, node);
    return chosen === undefined ? tensor : masked(builder, node, chosen, 1);
  }
  if (node.op === 'sum') {
    const chosen = inPlace(builder, node);
    if (chosen !== undefined) return masked(builder, node, chosen, -1);
  }
  if (node.op !== 'move' && !(node.op === 'sum' && node.coefficients.every((coefficient) => coefficient > 0)))
    return tensor;
  const inputs = node.inputs.map((input) => soften(builder, input, layers + 1));
  return inputs.every((input, k) => input === node.inputs[k]) ? tensor : added(builder, { ...node, inputs });
}

/** The node under another name. */
function added(builder: GraphBuilder, node: GraphNode, step = 'nearer'): string {
  const output = builder.unique(`${node.output}/${step}`);
  const name = builder.unique(`node ${node.name}/${step}`).slice('node '.length);
  builder.add({ ...node, name, output });
  return output;
}

/** An affine map of whole numbers to multiples of a large one, as multiples of a nearer one. */
function nearer(builder: GraphBuilder, node: AffineNode): AffineNode | undefined {
  const { scale, shift } = node;
  const isMask = scale.every((value, i) => Math.abs(value) >= -MASK && Number.isInteger(shift[i] / value));
  if (!isMask || !factsOf(builder, node.inputs[0]).whole) return undefined;
  return {
    ...node,
    scale: scale.map((value) => Math.sign(value) * FAR),
    shift: shift.map((value, i) => (value / Math.abs(scale[i])) * FAR + 0),
  };
}

/** Scores, and the boolean that says where they are masked, or where not. */
interface ScoresUnderMask {
  readonly scores: string;
  readonly condition: string;
}

/** c * (mask - x) + x, which is where c, mask, else x. */
function inPlace(builder: GraphBuilder, node: GraphNode): ScoresUnderMask | undefined {
  const [scores, change] = node.inputs;
  const product = builder.makerOf(change);
  if (product?.op !== 'multiply') return undefined;
  const [condition, difference] = product.inputs;
  const from = builder.makerOf(difference);
  return from?.op === 'affine' &&
    from.inputs[0] === scores &&
    from.scale.every((value) => value === -1) &&
    from.shift.every((value) => value <= MASK) &&
    isBoolean(builder, condition)
    ? { scores, condition }
    : undefined;
}

/** c * (x - mask) + mask, which is where c, x, else mask. */
function elsewhere(builder: GraphBuilder, node: AffineNode): ScoresUnderMask | undefined {
  const product = builder.makerOf(node.inputs[0]);
  if (product?.op !== 'multiply') return undefined;
  const [condition, difference] = product.inputs;
  const from = builder.makerOf(difference);
  return from?.op === 'affine' &&
    node.scale.every((value) => value === 1) &&
    from.scale.every((value) => value === 1) &&
    node.shift.every((value, i) => value <= MASK && value === -from.shift[i]) &&
    isBoolean(builder, condition)
    ? { scores: from.inputs[0], condition }
    : undefined;
}

/** By its type, or by its bounds, which a sum of steps does not show. */
function isBoolean(builder: GraphBuilder, tensor: string): boolean {
  const integers = builder.makerOf(tensor)?.integers;
  if (integers !== undefined) return integers[0] === 0 && integers[1] === 1;
  const { bounds, whole } = factsOf(builder, tensor);
  return whole && bounds.low.every((least) => least >= 0) && bounds.high.every((most) => most <= 1);
}

/** scores + (c or c - 1) * FAR */
function masked(builder: GraphBuilder, node: GraphNode, { scores, condition }: ScoresUnderMask, sign: 1 | -1): string {
  const { name, source, output, shape } = node;
  const size = sizeOf(shape);
  const common = { name, source, output, shape };
  const mask = added(
    builder,
    {
      ...common,
      op: 'affine',
      inputs: [condition],
      scale: new Float64Array(size).fill(sign * FAR),
      shift: new Float64Array(size).fill(sign > 0 ? -FAR : 0),
    },
    'mask',
  );
  return added(builder, {
    ...common,
    op: 'sum',
    coefficients: [1, 1],
    inputs: [soften(builder, scores, 1), mask],
  });
}
