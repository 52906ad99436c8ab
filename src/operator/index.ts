/** The operator node: see `operator.ts` for how it works, `node.ts` for how it is put together. */
export { InputUnavailableError, OperatorRunningError, ProverFailedError } from './errors.js';
export { fetchInput, storeInput, type InputPlaces } from './inputs.js';
export { type NodeSettings, openLog, type OperatorNode, startNode, startWorker, type WorkerSettings } from './node.js';
export type { Policy } from './policy.js';
