/** Product of two activations: one constraint each. */
import type { MultiplyNode } from '../../network/graph.js';
import type { IntegerModelBuilder } from '../integer-model-builder.js';
import { besideRoots, eachResult, uncut, type QuantizedLayer } from './layer.js';

export const multiply: QuantizedLayer<MultiplyNode> = {
  lower,
  cut: uncut,
  cutCount: eachResult,
  readStep({ inputs, output }, name, plan) {
    if (!plan.asksReaders) return Infinity;
    const { min, max } = plan.statisticsOf(inputs[inputs[0] === name ? 1 : 0]);
    return plan.wantedStep(output) / Math.max(Math.abs(min), Math.abs(max));
  },
  sharesCut: false,
  ...besideRoots,
};

function lower(node: MultiplyNode, at: IntegerModelBuilder): void {
  const [left, right] = node.inputs.map((name) => at.tensor(name));
  const [a, b] = at.factors(left, right, node);
  at.emit({ kind: 'multiply' }, [a, b], node.output, node.shape, a.scale[0] * b.scale[0]);
}
