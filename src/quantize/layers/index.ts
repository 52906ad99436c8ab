/** The table of layer kinds: one row and one file each. */
import type { GraphNode, GraphOp } from '../../network/graph.js';
import type { Lowering } from '../lowering.js';
import { lowerAffine } from './affine.js';
import { lowerArgMax } from './arg-max.js';
import { lowerClip } from './clip.js';
import { lowerConv } from './conv.js';
import { lowerDense } from './dense.js';
import { lowerMax } from './max.js';
import { lowerMean } from './mean.js';
import { lowerMove } from './move.js';
import { lowerMultiply } from './multiply.js';
import { lowerPRelu } from './prelu.js';
import { lowerSum } from './sum.js';

type Table = { readonly [Op in GraphOp]: (node: Extract<GraphNode, { op: Op }>, at: Lowering) => void };

const TABLE: Table = {
  dense: lowerDense,
  conv: lowerConv,
  affine: lowerAffine,
  mean: lowerMean,
  max: lowerMax,
  move: lowerMove,
  prelu: lowerPRelu,
  clip: lowerClip,
  sum: lowerSum,
  multiply: lowerMultiply,
  argMax: lowerArgMax,
};

/** Appends to the workbench the integer ops that implement this node. */
export function lowerNode(node: GraphNode, at: Lowering): void {
  const lower = TABLE[node.op] as (node: GraphNode, at: Lowering) => void;
  lower(node, at);
}
