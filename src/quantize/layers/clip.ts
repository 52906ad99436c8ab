/** Clip is what a requantization's saturation does, at a grid whose ends are the clip's own. */
import type { ClipNode } from '../../network/graph.js';
import type { Lowering } from '../lowering.js';
import { eachResult, type QuantizedLayer } from './layer.js';

export const clip: QuantizedLayer<ClipNode> = { lower, cut: (node, _, plan) => plan.ownGrid(node.output), cutCount: eachResult };

function lower(node: ClipNode, at: Lowering): void {
  at.requantizeExactly(at.uniform(at.tensor(node.inputs[0])), at.plan.ownGrid(node.output), node.output);
}
