/** Clip is what a requantization's saturation does, at a grid whose ends are the clip's own. */
import type { ClipNode } from '../../network/graph.js';
import type { Lowering } from '../lowering.js';

export function lowerClip(node: ClipNode, at: Lowering): void {
  at.requantizeExactly(at.uniform(at.tensor(node.inputs[0])), at.ownGrid(node.output), node.output);
}
