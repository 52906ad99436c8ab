/**
 * What a proof system is to the rest of the package: one row of the table in `index.ts`. Whatever knows a key's file
 * name, a protocol's name, the shape of a proof or the size of a domain stands behind this interface; the rest asks the
 * build's row.
 */
import type { BackendChoice } from '../groth16/backends.js';
import type { CircuitCounts } from '../groth16/domain.js';
import type { Groth16Backend, KeyShape, Proof, VerificationKey } from '../groth16/types.js';
import type { ProofSystemName } from '../manifest.js';
import type { InferenceCalldata, ProofCalldata, SignalLayout } from '../solidity/calldata.js';
import type { VerifierManifest } from '../solidity/render.js';

/** Names of a build's key files. They depend on the circuit alone. */
export interface KeyFiles {
  readonly provingKey: string;
  /** A key that nobody contributed to yet: it proves nothing, and never bears the proving key's name. */
  readonly unfinishedKey: string;
  readonly verificationKey: string;
}

/** A system's verifier contract, and the encodings that it reads. */
export interface VerifierContract {
  /** ERC-7992's canonical name of the system, and the first four bytes of its keccak256. */
  readonly canonicalName: string;
  readonly id: string;
  /** More public signals than this, and the contract's code would be too large (EIP-170). */
  readonly mostSignals: number;
  /**
   * Solidity source. @throws VerifierRenderError, SignalLayoutError, InvalidVerificationKeyError, UnfinishedKeyError
   */
  render(key: VerificationKey, manifest: VerifierManifest): string;
  /**
   * What a registered model is tied to its verifier by: 32 bytes, hex with 0x. @throws InvalidVerificationKeyError,
   * UnfinishedKeyError
   */
  keyHash(key: VerificationKey): string;
  /** Arguments of `verifyProof`. @throws PublicSignalsError */
  proofCalldata(proof: Proof, publicSignals: readonly string[]): ProofCalldata;
  /** Arguments of `checkInference`. @throws PublicSignalsError */
  inferenceCalldata(
    key: VerificationKey,
    manifest: SignalLayout,
    proof: Proof,
    publicSignals: readonly string[],
  ): InferenceCalldata;
}

export interface ProofSystem {
  /** As a manifest and `protocol` of a proof name it. */
  readonly name: ProofSystemName;
  /** For people. */
  readonly title: string;
  readonly files: KeyFiles;
  /** How many values the verifier sends while a witness is made: none where the witness is made in one go. */
  readonly challenges: number;
  /** Points of the evaluation domain. */
  domainSize(circuit: CircuitCounts): number;
  /**
   * What sets up, proves, verifies and takes contributions. `notice` hears why a faster one is not taken. @throws
   * UsageError
   */
  backend(choice: BackendChoice, notice: (text: string) => void): Promise<Groth16Backend>;
  /** A verification key in JSON, its shape checked. @throws ShapeMismatch */
  keyFrom(value: unknown): VerificationKey;
  keyToJson(key: VerificationKey): string;
  /** Refuses a key under which anybody could forge. @throws UnfinishedKeyError */
  requireFinished(key: VerificationKey, name?: string): void;
  /** What a proving key at a path is for, as it says itself. @throws UnfinishedKeyError, FormatError */
  keyShape(provingKey: string): Promise<KeyShape>;
  /**
   * Refuses a verification key that is not the proving key's. `names`: both as the user knows them, and what helps.
   * @throws KeyMismatchError
   */
  requireSameKey(
    provingKey: string,
    key: VerificationKey,
    names: { readonly key: string; readonly remedy: string },
  ): Promise<void>;
  /** A proof in JSON, its shape checked. `path` is where it stands. @throws ShapeMismatch */
  proofFrom(value: unknown, path?: string): Proof;
  /** Loaded when asked for, since provers do not need it. */
  contract(): Promise<VerifierContract>;
}
