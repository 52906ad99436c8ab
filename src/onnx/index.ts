/** ONNX bytes → normalised float network. */
export { buildGraph, graphInputs } from './build.js';
export {
  chooseFrom,
  parseFixedInput,
  parseInputShape,
  type FixedInput,
  type InputShape,
  type ModelChoice,
} from './choose.js';
export { decodeModel, NEWEST_OPSET, OLDEST_OPSET } from './decode.js';
export * from './errors.js';
export type { Constant, ElementType, OnnxModel, OnnxNode, ValueInfo } from './model.js';
export { operatorNames, OTHER_DOMAINS } from './domains.js';
export { constantOps, supportedOps } from './ops/index.js';
export * from '../network/index.js';
export { OnnxRuntimeError, openReference, type Reference } from './reference.js';
export { surveyModel, type ModelSurvey, type SurveyedNode, type SurveyedTensor } from './survey.js';
