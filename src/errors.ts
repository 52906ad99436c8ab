/**
 * Every error a user can cause or meet has a class here (or a subclass beside the code that throws it) and a stable
 * `code`. The message says what was wrong, where, and what to do about it.
 */
export abstract class ZkinferError extends Error {
  /** Stable identifier for programs, e.g. `UNSUPPORTED_OP`. */
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The command line or a library call was used wrongly (exit code 2). */
export class UsageError extends ZkinferError {
  readonly code = 'USAGE';
}

/** The user, or the system, ended the work. */
export class InterruptedError extends ZkinferError {
  readonly code = 'INTERRUPTED';
}

/** A file that the command line names cannot be read. */
export class FileError extends ZkinferError {
  readonly code = 'FILE';
}
