/** Data movement keeps integers as they are; what is joined must share a scale. */
import { ACCUMULATOR_LIMIT } from '../../integer/integer-model.js';
import type { MoveNode } from '../../network/graph.js';
import { hull } from '../../tensor/intervals.js';
import type { IntegerModelBuilder, Quantized } from '../integer-model-builder.js';
import { asResult, besideRoots, carried, type QuantizedLayer } from './layer.js';

export const move: QuantizedLayer<MoveNode> = {
  lower,
  cut: (node, name, plan) => (node.inputs.length === 1 ? asResult(node, name, plan) : undefined),
  cutCount: carried,
  readStep: ({ output }, _, plan) => plan.leastRead(output),
  sharesCut: false,
  ...besideRoots,
};

function lower(node: MoveNode, at: IntegerModelBuilder): void {
  const inputs = node.inputs.map((name) => at.tensor(name));
  const aligned = at.align(inputs, node.output);
  const { index } = node;
  const used = node.constants.filter((_, k) => index.includes(-1 - k));
  // Constants must be representable beside the data; zero always is.
  const finer = used.every((value) => value === 0) ? aligned : refine(aligned, used, at);
  const constants = node.constants.map((value) => Math.round(value / finer.scale) + 0);
  at.emit({ kind: 'move', index, constants }, finer.inputs, node.output, node.shape, finer.scale);
}

interface Aligned {
  readonly inputs: readonly Quantized[];
  readonly scale: number;
}

/** Fractional bits that a constant standing among activations gets. */
const CONSTANT_BITS = 6;

function refine({ inputs, scale }: Aligned, constants: Float64Array, at: IntegerModelBuilder): Aligned {
  const exact = constants.every((value) => Math.abs(value / scale - Math.round(value / scale)) < 1e-9);
  const factor = 2 ** CONSTANT_BITS;
  // What has no room for more bits has a step so fine that a constant rounded to it is as good.
  const isFull = inputs.some(({ bounds }) => Math.max(...hull(bounds).map(Math.abs)) * factor > ACCUMULATOR_LIMIT);
  if (exact || isFull) return { inputs, scale };
  const finer = inputs.map((input) => {
    const size = input.bounds.low.length;
    const body = {
      kind: 'affine',
      factor: new Float64Array(size).fill(factor),
      shift: new Float64Array(size),
    } as const;
    return at.emitStep(body, [input], input.of, input.shape, scale / factor);
  });
  return { inputs: finer, scale: scale / factor };
}
