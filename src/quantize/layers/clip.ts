/**
 * Clip is what a requantization's saturation does, at a grid whose ends are the clip's own. Integers are clipped
 * exactly, one end after the other.
 */
import type { ClipNode } from '../../network/graph.js';
import { hasWholeEnds } from '../../network/layers/clip.js';
import { hull } from '../../tensor/intervals.js';
import { bitsOf } from '../../integer/intervals.js';
import type { IntegerModelBuilder, Quantized } from '../integer-model-builder.js';
import { anyStep, besideRoots, eachResult, type QuantizedLayer } from './layer.js';

export const clip: QuantizedLayer<ClipNode> = {
  lower,
  cut: (node, _, plan) => plan.clipGrid(node),
  cutCount: eachResult,
  readStep: anyStep,
  sharesCut: false,
  ...besideRoots,
};

function lower(node: ClipNode, at: IntegerModelBuilder): void {
  const x = at.tensor(node.inputs[0]);
  if (at.isIntegral(x) && hasWholeEnds(node)) clipIntegers(node, x, at);
  else at.requantizeExactly(x, at.plan.clipGrid(node), node.output, at.plan.bitsOf(node.output));
}

/** max(x, min), then min(x, max) = -max(-x, -max); each requantization has bits enough to saturate at one end only. */
function clipIntegers({ min, max, output, shape }: ClipNode, x: Quantized, at: IntegerModelBuilder): void {
  const raised = Number.isFinite(min) ? raise(x, min, at) : x;
  if (!Number.isFinite(max)) at.emit({ kind: 'sum', coefficients: [1] }, [raised], output, shape, 1);
  else at.emit({ kind: 'sum', coefficients: [-1] }, [raise(negated(raised, at), -max + 0, at)], output, shape, 1);
}

function raise(x: Quantized, low: number, at: IntegerModelBuilder): Quantized {
  const bits = Math.max(1, bitsOf(Math.max(0, hull(x.bounds)[1] - low)));
  return at.emitStep({ kind: 'requantize', shift: 0, low, bits }, [x], x.of, x.shape, 1);
}

function negated(x: Quantized, at: IntegerModelBuilder): Quantized {
  return at.emitStep({ kind: 'sum', coefficients: [-1] }, [x], x.of, x.shape, 1);
}
