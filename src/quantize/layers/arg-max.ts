/** Position of the largest element, decided exactly on the accumulators. */
import type { ArgMaxNode } from '../../network/graph.js';
import type { Lowering } from '../lowering.js';

export function lowerArgMax(node: ArgMaxNode, at: Lowering): void {
  const x = at.uniform(at.tensor(node.inputs[0]));
  at.emit({ kind: 'argMax', groups: node.groups, selectLast: node.selectLast }, [x], node.output, node.shape, 1);
}
