/** The table of layer kinds: one row and one file each. A kind without a row does not compile. */
import type { GraphNode, GraphOp } from '../../network/graph.js';
import { affine } from './affine.js';
import { argMax } from './arg-max.js';
import { clip } from './clip.js';
import { conv } from './conv.js';
import { dense } from './dense.js';
import { floorDivide } from './floor-divide.js';
import { scalar } from './function.js';
import { matmul } from './matmul.js';
import { max } from './max.js';
import { mean } from './mean.js';
import { move } from './move.js';
import { multiply } from './multiply.js';
import { prelu } from './prelu.js';
import { round } from './round.js';
import { softmax } from './softmax.js';
import { step } from './step.js';
import { sum } from './sum.js';
import type { QuantizedLayer } from './layer.js';

const TABLE: { readonly [Op in GraphOp]: QuantizedLayer<Extract<GraphNode, { op: Op }>> } = {
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
export function quantizedLayerOf(node: GraphNode): QuantizedLayer<GraphNode> {
  return TABLE[node.op] as QuantizedLayer<GraphNode>;
}
