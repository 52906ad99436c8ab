/** What can go wrong in the demonstrations. */
import { ZkinferError } from '../errors.js';

/** The chain did not get to where the story goes. */
export class ScenarioError extends ZkinferError {
  readonly code = 'SCENARIO';
}
