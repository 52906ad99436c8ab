/** Products of matrices of two activations: exact on what their factors are cut to. */
import type { MatMulNode } from '../../network/graph.js';
import { bitsOf } from '../../integer/intervals.js';
import type { IntegerModelBuilder } from '../integer-model-builder.js';
import { anyStep, besideRoots, eachResult, uncut, type QuantizedLayer } from './layer.js';

export const matmul: QuantizedLayer<MatMulNode> = {
  lower,
  cut: uncut,
  cutCount: eachResult,
  readStep: anyStep,
  sharesCut: false,
  ...besideRoots,
};

function lower(node: MatMulNode, at: IntegerModelBuilder): void {
  const { rows, inner, columns, left, right } = node;
  const [first, second] = node.inputs.map((name) => at.tensor(name));
  const [a, b] = at.factors(first, second, node, bitsOf(inner));
  at.emit(
    { kind: 'matmul', rows, inner, columns, left, right },
    [a, b],
    node.output,
    node.shape,
    a.scale[0] * b.scale[0],
  );
}
