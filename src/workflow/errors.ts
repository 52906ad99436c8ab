/**
 * What can go wrong with a build and what belongs to it, one class a cause. In a file of their own, so that a program
 * that only asks which error it caught loads nothing else.
 */
import { ZkinferError } from '../errors.js';

/** A build folder is missing, incomplete or damaged. */
export class BuildFolderError extends ZkinferError {
  readonly code = 'BUILD_FOLDER';
}

/** No way to quantize the model is as accurate as was asked. */
export class AccuracyTargetError extends ZkinferError {
  readonly code = 'ACCURACY_TARGET';
}

/** Keys are there that would be lost. */
export class KeysExistError extends ZkinferError {
  readonly code = 'KEYS_EXIST';
}

/** A file of powers of tau is not there, or not the one that was meant. */
export class PowersOfTauError extends ZkinferError {
  readonly code = 'POWERS_OF_TAU';
}

/** The circuit and the interpreter disagree: a bug in this package or a damaged build, never the input's fault. */
export class InconsistentWitnessError extends ZkinferError {
  readonly code = 'INCONSISTENT_WITNESS';
}

/** A file is no opening, or the build publishes nothing that it could open. */
export class OpeningError extends ZkinferError {
  readonly code = 'OPENING';
}

/** Rows and labels cannot be scored with a build, or a folder holds the score of others. */
export class ScoreError extends ZkinferError {
  readonly code = 'SCORE';
}

/** A file is not a Groth16 proof with its public signals. */
export class ProofFormatError extends ZkinferError {
  readonly code = 'PROOF_FORMAT';
}

/** The text is not the JSON that is wanted. */
export class InputFormatError extends ZkinferError {
  readonly code = 'INPUT_FORMAT';
}

/** What was compared is not what it should be. */
export class AuditMismatchError extends ZkinferError {
  readonly code = 'AUDIT_MISMATCH';
}

/** Something has to be deployed or registered first. */
export class NotReadyError extends ZkinferError {
  readonly code = 'NOT_READY';
}

/** The parts of a build do not belong together: a proof would say or show something else than the build declares. */
export class BuildMismatchError extends ZkinferError {
  readonly code = 'BUILD_MISMATCH';
}

/** What a web server gave is no exported build, or could not be fetched. */
export class WebBuildError extends ZkinferError {
  readonly code = 'WEB_BUILD';
}
