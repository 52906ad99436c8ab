/** What can go wrong when wires are computed. */
import { ZkinferError } from '../errors.js';

/** A value assigned to the circuit does not fit it. */
export class WitnessInputError extends ZkinferError {
  readonly code = 'WITNESS_INPUT';
}
