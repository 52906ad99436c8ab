import type { GadgetSignals } from '../gadgets/index.js';
import type { R1cs } from '../r1cs/types.js';

/**
 * A gadget compiled by circom, ready to be linked: an object file. Local wires are circom's own order for the template
 * as main component: 0 = one, then its outputs, its inputs, and what remained of its inner signals.
 */
export interface GadgetObject extends GadgetSignals {
  readonly system: R1cs;
}
