/** Position of the largest element, decided exactly on the accumulators. */
import type { ArgMaxNode } from '../../network/graph.js';
import type { IntegerModelBuilder } from '../integer-model-builder.js';
import { anyStep, besideRoots, eachResult, uncut, type QuantizedLayer } from './layer.js';

export const argMax: QuantizedLayer<ArgMaxNode> = {
  lower,
  cut: uncut,
  cutCount: eachResult,
  readStep: anyStep,
  sharesCut: false,
  ...besideRoots,
};

function lower(node: ArgMaxNode, at: IntegerModelBuilder): void {
  const x = at.tensor(node.inputs[0]);
  at.emit({ kind: 'argMax', groups: node.groups, selectLast: node.selectLast }, [x], node.output, node.shape, 1);
}
