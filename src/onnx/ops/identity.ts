/** Identity and Dropout (which does nothing in inference): the tensor under another name. */
import { sizeOf } from '../../tensor/shape.js';
import { constant, type Lowering } from './context.js';

export const lowerIdentity: Lowering = (context) => [context.input(0)];

/** The ratio, an attribute before opset 12 and an input since, is irrelevant unless training. */
export const lowerDropout: Lowering = (context) => {
  context.ignore('ratio', 'seed');
  const training = context.optionalConstant(2);
  if (training !== undefined && training.data[0] !== 0) {
    throw context.unsupported('training_mode is true; export the model in evaluation mode (model.eval() in PyTorch)');
  }
  const x = context.input(0);
  // The mask: everything is kept.
  return context.node.outputs[1] ? [x, constant('bool', x.shape, new Float64Array(sizeOf(x.shape)).fill(1))] : [x];
};
