import { ZkinferError } from '../errors.js';

/** circom refused a gadget; the message carries circom's own. */
export class CircomError extends ZkinferError {
  readonly code = 'CIRCOM';
}
