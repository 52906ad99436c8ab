/** Movement of elements, with constants among them. */
import * as intervals from '../../tensor/intervals.js';
import * as kernels from '../../tensor/kernels.js';
import type { AffineNode } from './affine.js';
import type { GraphNode } from './index.js';
import { allWhole, noGains, type FloatLayer, type Fresh, type LayerBase, type UnitTies } from './layer.js';

/**
 * Data movement. Let z be all inputs, flattened and concatenated in order. y[i] = z[index[i]] where index[i] >= 0, and
 * constants[-1 - index[i]] where it is negative. Covers Flatten, Reshape, Transpose, Squeeze, Unsqueeze, Concat, Slice,
 * Pad, Expand, Gather with constant indices.
 */
export interface MoveNode extends LayerBase {
  readonly op: 'move';
  readonly index: Int32Array;
  readonly constants: Float64Array;
}

export const move: FloatLayer<MoveNode> = {
  prepare:
    ({ index, constants }) =>
    (inputs) =>
      kernels.move(inputs, index, constants),
  bound: ({ index, constants }, inputs) => intervals.moveIntervals(inputs, index, constants),
  isMonotone: () => false,
  onlyMoves: () => true,
  maximumOf: () => undefined,
  tieUnits: joinMoved,
  inUnits: constantsInUnits,
  gains: noGains,
  errors: 'each',
  onlyCompares: () => false,
  affineMap: () => undefined,
  withAffineAfter: () => undefined,
  withAffineBefore: swapWithAffine,
  makesWhole: ({ constants }, fromWhole) => fromWhole && allWhole(constants),
  ofOneValue: () => undefined,
};

function joinMoved({ index }: MoveNode, { inputs, output, join }: UnitTies): void {
  let from = 0;
  for (const { first, size } of inputs) {
    for (let i = 0; i < output.size; i += 1)
      if (index[i] >= from && index[i] < from + size) join(output.first + i, first + index[i] - from);
    from += size;
  }
}

/** Each constant stands as often as there are units for it. */
function constantsInUnits(move: MoveNode, _: readonly Float64Array[], output: Float64Array): MoveNode {
  const constants: number[] = [];
  const known = new Map<number, number>();
  const index = move.index.map((position, i) => {
    if (position >= 0) return position;
    const value = move.constants[-1 - position] / output[i];
    const place = known.get(value) ?? constants.push(value) - 1;
    known.set(value, place);
    return -1 - place;
  });
  return { ...move, index, constants: Float64Array.from(constants) };
}

/**
 * Moving data and then mapping it is mapping it and then moving it; the map ends nearer to the layer that can take it.
 */
function swapWithAffine(move: MoveNode, affine: AffineNode, fresh: Fresh): GraphNode[] {
  const between = fresh(`${move.output}/moved`);
  const pick = (values: Float64Array, constant: number): Float64Array =>
    Float64Array.from(move.index, (position) => (position < 0 ? constant : values[position]));
  return [
    { ...move, inputs: affine.inputs, output: between },
    {
      ...affine,
      inputs: [between],
      output: move.output,
      shape: move.shape,
      scale: pick(affine.scale, 1),
      shift: pick(affine.shift, 0),
    },
  ];
}
