/** What can go wrong between a verification key and a contract, one class a cause. */
import { ZkinferError } from '../errors.js';

/** What a context is to be made of is no chain, address or number. */
export class ContextError extends ZkinferError {
  readonly code = 'CONTEXT';
}

/** The manifest describes public signals that a verifier cannot be made for. */
export class SignalLayoutError extends ZkinferError {
  readonly code = 'SIGNAL_LAYOUT';
}

/** No verifier can be made for this key and manifest together. */
export class VerifierRenderError extends ZkinferError {
  readonly code = 'VERIFIER_RENDER';
}

/** The verification key is not one of Groth16 over BN254, or is damaged. */
export class InvalidVerificationKeyError extends ZkinferError {
  readonly code = 'INVALID_VERIFICATION_KEY';
}

/** solc rejected the sources. */
export class SolidityCompileError extends ZkinferError {
  readonly code = 'SOLIDITY_COMPILE';

  constructor(
    /** solc's messages, one for each error, with file and line. */
    readonly diagnostics: readonly string[],
  ) {
    super(`solc rejected the sources:\n${diagnostics.join('\n')}`);
  }
}

/** The public signals are not those of this manifest's circuit. */
export class PublicSignalsError extends ZkinferError {
  readonly code = 'PUBLIC_SIGNALS';
}
