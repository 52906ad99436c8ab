/** What can go wrong at an operator, beyond the chain's and the prover's own errors. */
import { ZkinferError } from '../errors.js';

/** The input named by a request cannot be had, or is not the one it commits to. */
export class InputUnavailableError extends ZkinferError {
  readonly code = 'INPUT_UNAVAILABLE';
}

/** No prover process finished the job, after restarts. */
export class ProverFailedError extends ZkinferError {
  readonly code = 'PROVER_FAILED';
}

/** Another operator process works with the same data folder. */
export class OperatorRunningError extends ZkinferError {
  readonly code = 'OPERATOR_RUNNING';
}
