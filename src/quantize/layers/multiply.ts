/** Product of two activations: one constraint each, on operands cut to activation bits. */
import type { MultiplyNode } from '../../onnx/graph.js';
import type { Lowering } from '../lowering.js';

export function lowerMultiply(node: MultiplyNode, at: Lowering): void {
  const [a, b] = node.inputs.map((name) => at.narrow(at.uniform(at.tensor(name))));
  at.emitLinear({ kind: 'multiply' }, [a, b], node.output, node.shape, a.scale[0] * b.scale[0]);
}
