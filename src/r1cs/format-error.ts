import { ZkinferError } from '../errors.js';

/** Bytes are not what their format demands: truncated, of another format, or with values outside their range. */
export class FormatError extends ZkinferError {
  readonly code: string = 'FORMAT';
}
