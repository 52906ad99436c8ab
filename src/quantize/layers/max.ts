/** Maxima commute with requantization, so they are taken on whichever side costs fewer constraints. */
import type { MaxNode } from '../../network/graph.js';
import { sizeOf } from '../../tensor/shape.js';
import { bitsOf, spanOf } from '../../integer/intervals.js';
import type { IntegerModelBuilder } from '../integer-model-builder.js';
import { anyStep, asResult, besideRoots, eachInput, type QuantizedLayer } from './layer.js';

export const max: QuantizedLayer<MaxNode> = {
  lower,
  cut: asResult,
  cutCount: eachInput,
  readStep: anyStep,
  sharesCut: false,
  ...besideRoots,
};

function lower(node: MaxNode, at: IntegerModelBuilder): void {
  const x = at.tensor(node.inputs[0]);
  const bits = bitsOf(spanOf(x.bounds));
  const compares = node.groups.indices.length - sizeOf(node.shape);
  const cutFirst = compares * (bits - at.bits) > sizeOf(x.shape) * (bits + 5);
  const input = cutFirst ? at.narrow(x, at.bits) : x;
  at.emit({ kind: 'max', groups: node.groups }, [input], node.output, node.shape, input.scale[0]);
}
