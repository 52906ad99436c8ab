/** The table of layer kinds of the float network: one row and one file each. A kind without a row does not compile. */
import { affine, type AffineNode } from './affine.js';
import { argMax, type ArgMaxNode } from './arg-max.js';
import { clip, type ClipNode } from './clip.js';
import { conv, type ConvNode } from './conv.js';
import { dense, type DenseNode } from './dense.js';
import { floorDivide, type FloorDivideNode } from './floor-divide.js';
import { scalar, type FunctionNode } from './function.js';
import { matmul, type MatMulNode } from './matmul.js';
import { max, type MaxNode } from './max.js';
import { mean, type MeanNode } from './mean.js';
import { move, type MoveNode } from './move.js';
import { multiply, type MultiplyNode } from './multiply.js';
import { prelu, type PReluNode } from './prelu.js';
import { round, type RoundNode } from './round.js';
import { softmax, type SoftmaxNode } from './softmax.js';
import { step, type StepNode } from './step.js';
import { sum, type SumNode } from './sum.js';
import type { FloatLayer } from './layer.js';

export type GraphNode =
  | DenseNode
  | ConvNode
  | AffineNode
  | MeanNode
  | MaxNode
  | MoveNode
  | PReluNode
  | ClipNode
  | SumNode
  | MultiplyNode
  | ArgMaxNode
  | StepNode
  | RoundNode
  | FunctionNode
  | SoftmaxNode
  | MatMulNode
  | FloorDivideNode;

export type GraphOp = GraphNode['op'];

const TABLE: { readonly [Op in GraphOp]: FloatLayer<Extract<GraphNode, { op: Op }>> } = {
  dense,
  conv,
  affine,
  mean,
  max,
  move,
  prelu,
  clip,
  sum,
  multiply,
  argMax,
  step,
  round,
  function: scalar,
  softmax,
  matmul,
  floorDivide,
};

/** The row of a layer's kind. */
export function layerOf(node: GraphNode): FloatLayer<GraphNode> {
  return TABLE[node.op] as FloatLayer<GraphNode>;
}
