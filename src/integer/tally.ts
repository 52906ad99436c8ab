/**
 * Tallies: instead of scores, how many rows of each class the model takes for which. A row has a label beside its inputs;
 * the model finds the class of the scores and gives a matrix that is 1 in the row of the label and the column of the
 * class, and 0 elsewhere. A batch adds up the matrices of its rows (`summed`), so that nothing is said of any one row.
 *
 * The trap: a label beyond the classes is counted nowhere. It marks rows that only fill up a batch; how many rows were
 * counted is the sum of the matrix, and whoever reads a tally must look at it.
 */
import { reductionGroups } from '../tensor/groups.js';
import type { Shape } from '../tensor/shape.js';
import type { IntegerInput, IntegerModel, IntegerOp, TensorId } from './integer-model.js';
import { bitsOf } from './intervals.js';

/** Name of the input that takes labels, after the model's own. */
export const LABEL_INPUT = 'label';
/** Name of the output: element i * classes + j counts rows labelled i and taken for j. */
const TALLY_OUTPUT = 'tally';
/** Name of the layer, in reports. */
const LAYER = '(tally)';

/** Most classes of a tally, whose matrix has their square in public. */
export const MOST_CLASSES = 32;

/** Label of a row that is not counted. */
export const uncounted = (classes: number): number => classes;

/** The model that tallies its output `k`, of `classes` scores; its other outputs are left out. */
export function withTally(model: IntegerModel, k: number): IntegerModel {
  const { tensor: scores, shape: ofScores } = model.outputs[k];
  const classes = ofScores[ofScores.length - 1];
  const tensors = [...model.inputs.map(({ tensor }) => tensor), ...model.ops.map(({ output }) => output)];
  let last: TensorId = tensors.reduce((most, tensor) => Math.max(most, tensor), 0);
  const fresh = (): TensorId => (last += 1);
  const bits = bitsOf(uncounted(classes));
  const label: IntegerInput = {
    name: LABEL_INPUT,
    tensor: fresh(),
    shape: [1],
    bits,
    scale: Float64Array.of(1),
    low: Float64Array.of(0),
    exact: true,
    declared: [0, uncounted(classes)],
  };
  const ops: IntegerOp[] = [];
  const common = { scale: 1, layer: LAYER };
  const add = (op: IntegerOp): TensorId => {
    ops.push(op);
    return op.output;
  };
  const found = add({
    ...common,
    kind: 'argMax',
    output: fresh(),
    inputs: [scores],
    shape: [1],
    groups: reductionGroups(ofScores, [ofScores.length - 1]),
    selectLast: false,
  });
  const move = (tensor: TensorId, shape: Shape, index: Int32Array): TensorId =>
    add({ ...common, kind: 'move', output: fresh(), inputs: [tensor], shape, index, constants: new Float64Array() });
  /** Element i is 1 where the number is i, else 0. `most`: what the number may be. */
  const oneHot = (tensor: TensorId, most: number): TensorId => {
    const copied = move(tensor, [classes], new Int32Array(classes));
    const shift = new Float64Array(classes).map((_, i) => -i);
    const distance = add({
      ...common,
      kind: 'affine',
      output: fresh(),
      inputs: [copied],
      shape: [classes],
      factor: new Float64Array(classes).fill(1),
      shift,
    });
    const low = 1 - classes;
    const tableBits = Math.max(4, bitsOf(most - low));
    const entries = new Float64Array(2 ** tableBits);
    entries[-low] = 1;
    return add({
      ...common,
      kind: 'table',
      output: fresh(),
      inputs: [distance],
      shape: [classes],
      low,
      bits: tableBits,
      entries,
    });
  };
  const [labelled, taken] = [oneHot(label.tensor, 2 ** bits - 1), oneHot(found, classes - 1)];
  const square: Shape = [classes, classes];
  const cells = Int32Array.from({ length: classes * classes }, (_, cell) => cell);
  const left = move(
    labelled,
    square,
    cells.map((cell) => Math.floor(cell / classes)),
  );
  const right = move(
    taken,
    square,
    cells.map((cell) => cell % classes),
  );
  const tally = add({ ...common, kind: 'multiply', output: fresh(), inputs: [left, right], shape: square });
  return {
    ...model,
    inputs: [...model.inputs, label],
    ops: [...model.ops, ...ops],
    outputs: [{ name: TALLY_OUTPUT, tensor: tally, shape: square, scale: 1 }],
    layers: [...model.layers, { name: LAYER, op: 'Tally', shape: square }],
    summed: true,
  };
}
