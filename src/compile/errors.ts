/** What can be wrong with a compiled circuit's files. */
import { ZkinferError } from '../errors.js';

/** A stored witness plan cannot be read back. */
export class WitnessPlanFormatError extends ZkinferError {
  readonly code = 'WITNESS_PLAN_FORMAT';
}
