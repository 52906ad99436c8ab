/** The table of proof systems: one row each. */
import type { ProofSystemName } from '../manifest.js';
import { groth16 } from './groth16.js';
import type { ProofSystem } from './proof-system.js';

export type { KeyFiles, ProofSystem, VerifierContract } from './proof-system.js';

/** A name without a row does not compile. */
export const PROOF_SYSTEMS: Readonly<Record<ProofSystemName, ProofSystem>> = { groth16 };

/** The row of a build; one that names no system is Groth16's. */
export function proofSystemOf({ proofSystem = 'groth16' }: { readonly proofSystem?: ProofSystemName }): ProofSystem {
  return PROOF_SYSTEMS[proofSystem];
}

/** The row of a proof in JSON, by the protocol it names; undefined where there is none. */
export function proofSystemOfProof(value: { readonly protocol?: unknown }): ProofSystem | undefined {
  return Object.values(PROOF_SYSTEMS).find(({ name }) => name === value.protocol);
}

/** Names of every system's key files: what belongs to a circuit's keys, whichever system they are of. */
export const KEY_FILES: readonly string[] = Object.values(PROOF_SYSTEMS).flatMap(({ files }) => Object.values(files));
