/**
 * Classes alone: a model whose outputs of scores are replaced by the position of the largest, which takes a few bits
 * where the scores take many, and says no more than what was asked for.
 */
import { reductionGroups } from '../tensor/groups.js';
import type { IntegerArgMax, IntegerModel, TensorId } from './integer-model.js';

/** Name of the layer that finds the class, in reports. */
const LAYER = '(class)';

/** `scores`: by output, whether it is scores of classes; the others stay. Ties go to the first. */
export function withClassesAlone(model: IntegerModel, scores: readonly boolean[]): IntegerModel {
  const tensors = [...model.inputs.map(({ tensor }) => tensor), ...model.ops.map(({ output }) => output)];
  let next: TensorId = tensors.reduce((most, tensor) => Math.max(most, tensor), 0) + 1;
  const ops: IntegerArgMax[] = [];
  const outputs = model.outputs.map((output, k) => {
    if (!scores[k]) return output;
    const { name, tensor, shape: ofScores } = output;
    const axis = ofScores.length - 1;
    const shape = ofScores.slice(0, axis);
    const op: IntegerArgMax = {
      kind: 'argMax',
      output: next,
      inputs: [tensor],
      shape,
      scale: 1,
      layer: LAYER,
      groups: reductionGroups(ofScores, [axis]),
      selectLast: false,
    };
    ops.push(op);
    next += 1;
    return { name, tensor: op.output, shape, scale: 1 };
  });
  const layers = ops.map(({ shape }) => ({ name: LAYER, op: 'ArgMax', shape }));
  return {
    ...model,
    ops: [...model.ops, ...ops],
    outputs,
    layers: [...model.layers, ...layers.slice(0, 1)],
  };
}
