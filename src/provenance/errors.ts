/** What can go wrong with artifacts, their content and where it is kept; one class a cause. */
import { ZkinferError } from '../errors.js';

/** A file or folder cannot be hashed: missing, unreadable, changing, or something other than files and folders. */
export class ContentError extends ZkinferError {
  readonly code = 'CONTENT';
}

/** Text that should be a content identifier (CIDv1, SHA-256, raw or dag-pb) is not. */
export class CidError extends ZkinferError {
  readonly code = 'CID';
}

/** A model version's content does not hold the ONNX file that the registry has for it. */
export class RegisteredModelError extends ZkinferError {
  readonly code = 'REGISTERED_MODEL';
}

/** A store gave bytes that do not have the hash they were asked by, or that are no UnixFS where that was asked for. */
export class HashMismatchError extends ZkinferError {
  readonly code = 'HASH_MISMATCH';
}

/** A store does not have what was asked for. */
export class NotStoredError extends ZkinferError {
  readonly code = 'NOT_STORED';
}

/** A store cannot be reached, or refuses. */
export class StoreError extends ZkinferError {
  readonly code = 'STORE';
}

/** An artifact is not on the ledger, or a model version has none. */
export class ArtifactNotFoundError extends ZkinferError {
  readonly code = 'ARTIFACT_NOT_FOUND';
}

/** An artifact's event, as the RPC gives it, does not have the artifact's identifier. */
export class ArtifactMismatchError extends ZkinferError {
  readonly code = 'ARTIFACT_MISMATCH';
}

/** Contributors have not signed, or someone else's signature was given. */
export class SignatureError extends ZkinferError {
  readonly code = 'SIGNATURE';
}

/** Checkpoints cannot be put into one batch, or one is not in it. */
export class CheckpointError extends ZkinferError {
  readonly code = 'CHECKPOINT';
}
