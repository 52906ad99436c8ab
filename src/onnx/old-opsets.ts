/**
 * Models of operator sets before version 7, which old exporters write: operators that meant then what they mean in
 * version 7 are taken, with what only that time wrote about them put aside. Others, whose meaning was another
 * (BatchNormalization and Dropout in training form by default, slopes of PRelu along the channels), are refused.
 */
import { UnsupportedOpError } from './errors.js';
import type { OnnxNode } from './model.js';

/** The operator set whose operators are followed as they are. */
export const PLAIN_OPSET = 7;

const SAME_SINCE_THE_FIRST = `
  Abs Add AveragePool Ceil Clip Constant Conv ConvTranspose DepthToSpace Div Elu Exp Flatten Floor Gather Gemm
  GlobalAveragePool GlobalMaxPool HardSigmoid Identity LRN LeakyRelu Log LogSoftmax MatMul Max MaxPool Mean Min Mul
  Neg Not Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd
  ReduceSum ReduceSumSquare Relu Shape Sigmoid Size Slice Softmax Softplus Softsign SpaceToDepth Sqrt Squeeze Sub Sum
  Tanh Transpose Unsqueeze
`
  .trim()
  .split(/\s+/);

/** By operator, the version of the operator set from which on it means what it does in version 7. */
const SAME_SINCE: Readonly<Record<string, number>> = {
  ...Object.fromEntries(SAME_SINCE_THE_FIRST.map((op) => [op, 1])),
  Split: 2,
  Pad: 2,
  Concat: 4,
  Reshape: 5,
  Cast: 6,
  InstanceNormalization: 6,
  Selu: 6,
  Tile: 6,
};

/** Operators that broadcast where `broadcast` said so: to the right, as later versions always do, unless by `axis`. */
const BROADCASTING: ReadonlySet<string> = new Set(['Add', 'Sub', 'Mul', 'Div', 'Gemm']);

/**
 * The node as version 7 writes it; itself from version 7 on.
 * @throws UnsupportedOpError where its operator meant something else
 */
export function asPlainOpset(node: OnnxNode, opset: number): OnnxNode {
  if (node.domain !== '' || opset >= PLAIN_OPSET) return node;
  const since = Object.hasOwn(SAME_SINCE, node.op) ? SAME_SINCE[node.op] : Infinity;
  const byAxis = BROADCASTING.has(node.op) && node.attributes.has('axis');
  if (opset < since || byAxis) {
    throw new UnsupportedOpError(
      `Node ${node.name} (${node.op}), opset ${opset}: ${byAxis ? 'broadcasting along an axis' : 'this operator'} meant something else before opset ${PLAIN_OPSET}; export the model again with that or a later one.`,
    );
  }
  const attributes = new Map(node.attributes);
  attributes.delete('consumed_inputs');
  if (BROADCASTING.has(node.op)) attributes.delete('broadcast');
  return { ...node, attributes };
}
