/** Product of two activations: one constraint each. */
import type { MultiplyNode } from '../../network/graph.js';
import type { Lowering } from '../lowering.js';
import { eachResult, uncut, type QuantizedLayer } from './layer.js';

export const multiply: QuantizedLayer<MultiplyNode> = { lower, cut: uncut, cutCount: eachResult };

function lower(node: MultiplyNode, at: Lowering): void {
  const [left, right] = node.inputs.map((name) => at.tensor(name));
  const [a, b] = at.factors(left, right, node);
  at.emit({ kind: 'multiply' }, [a, b], node.output, node.shape, a.scale[0] * b.scale[0]);
}
