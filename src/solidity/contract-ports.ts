/**
 * Where the contracts find each port's public signals: a row a role. `IInferenceVerifier` has an argument for the output
 * and one for the commitment to the input; signals of any other port stand in the proof's bytes, behind A, B and C.
 */
import type { SignalKind } from '../manifest.js';
import { PORT_ROLES, type PortRole } from '../port-roles.js';

/** Argument of `checkInference`. */
type Carrier = 'output' | 'inputCommitment' | 'proof';

interface ContractPort {
  /** The argument with the port's packed words, where it is public. */
  readonly words: Exclude<Carrier, 'inputCommitment'>;
  /** The argument with the commitment to it, where it is hashed. */
  readonly commitment: Carrier;
  /** What `checkInference` answers where its signals are not canonical, or not what the argument says. */
  readonly mismatch: 'OutputMismatch' | 'InputCommitmentMismatch' | 'InvalidProof';
}

export const CONTRACT_PORTS: Readonly<Record<PortRole, ContractPort>> = {
  output: { words: 'output', commitment: 'output', mismatch: 'OutputMismatch' },
  input: { words: 'proof', commitment: 'inputCommitment', mismatch: 'InputCommitmentMismatch' },
};

/** The port whose commitment is an argument of its own: public words are hashed to it by the contract. */
export const isCommittedByArgument = (role: PortRole): boolean => CONTRACT_PORTS[role].commitment === 'inputCommitment';

/** The argument that carries signals of this kind; undefined for the context. */
export function carrierOf(kind: SignalKind): Carrier | undefined {
  for (const role of PORT_ROLES) {
    if (kind === role) return CONTRACT_PORTS[role].words;
    if (kind === `${role}Commitment`) return CONTRACT_PORTS[role].commitment;
  }
  return undefined;
}
