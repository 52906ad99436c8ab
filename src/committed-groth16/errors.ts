import { ZkinferError } from '../errors.js';

/** The rounds of a circuit contradict it, or a commitment to their wires would not be binding. */
export class RoundsError extends ZkinferError {
  readonly code = 'ROUNDS';
}
