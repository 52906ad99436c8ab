/** What can go wrong at an operator, beyond the chain's and the prover's own errors. */
import { ZkinferError } from '../errors.js';

/** The input named by a request cannot be had, or is not the one it commits to. */
export class InputUnavailableError extends ZkinferError {
  readonly code: 'INPUT_UNAVAILABLE' | 'INPUT_LIMIT' = 'INPUT_UNAVAILABLE';
}

/** The part of an input that is too large, or too slow. */
export type InputLimit = 'bytes' | 'nesting' | 'elements' | 'redirects' | 'seconds' | 'rate';

/** The input named by a request asks for more than any input of the model needs. */
export class InputLimitError extends InputUnavailableError {
  override readonly code = 'INPUT_LIMIT';

  constructor(
    readonly limit: InputLimit,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Whether a later attempt could find another input at the same address. A slow server may be faster then. */
  get final(): boolean {
    return this.limit !== 'seconds' && this.limit !== 'rate';
  }
}

/** A build cannot serve requests of a market. */
export class UnservableBuildError extends ZkinferError {
  readonly code = 'UNSERVABLE_BUILD';
}

/** No prover process finished the job, after restarts. */
export class ProverFailedError extends ZkinferError {
  readonly code = 'PROVER_FAILED';
}

/** What a prover or a queue gave as a proof is none, or is one of something else. */
export class ProofInvalidError extends ZkinferError {
  readonly code = 'PROOF_INVALID';
}

/** Another operator process works with the same data folder. */
export class OperatorRunningError extends ZkinferError {
  readonly code = 'OPERATOR_RUNNING';
}
