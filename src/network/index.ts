/** The float network: what remains of a model once a front end has read it. */
export { evaluate, evaluator, type TensorValues } from './evaluate.js';
export * from './graph.js';
export { applyOmitted } from './softmax.js';
