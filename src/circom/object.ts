import type { R1cs } from '../r1cs/types.js';

/** A gadget with its parameters: `{ template: 'Requantize', parameters: [22, 9, 8, 1] }`. */
export interface GadgetSpec {
  readonly template: string;
  readonly parameters: readonly number[];
}

/**
 * A gadget compiled by circom, ready to be linked: an object file. Local wires are circom's own order for the template
 * as main component: 0 = one, then its outputs, its inputs, and what remained of its inner signals.
 */
export interface GadgetObject {
  readonly spec: GadgetSpec;
  readonly system: R1cs;
  readonly outputCount: number;
  readonly inputCount: number;
  /** For each local wire the signal it carries, without `main.`: `bits[3]`. Wire 0 is `one`. */
  readonly signals: readonly string[];
}

/** What witness generation needs of an object file: which signal each local wire carries. */
export type GadgetSignals = Pick<GadgetObject, 'spec' | 'signals' | 'outputCount' | 'inputCount'>;
