/** The operator node: see `operator.ts` for how it works, `node.ts` for how it is put together. */
export {
  type InputLimit,
  InputLimitError,
  InputUnavailableError,
  OperatorRunningError,
  ProofInvalidError,
  UnservableBuildError,
} from './errors.js';
export type { InputLimits } from './input-limits.js';
export { fetchInput, storeInput, type InputPlaces } from './inputs.js';
export { type NodeSettings, openLog, type OperatorNode, startNode, startWorker, type WorkerSettings } from './node.js';
export type { Policy } from './policy.js';
