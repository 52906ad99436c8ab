/**
 * Groth16 over BN254 (Groth, "On the Size of Pairing-based Non-interactive Arguments", EUROCRYPT 2016): the one
 * interface behind which the provers stand. Values are in memory; only standard encodings cross this border.
 */

import type { ConstraintSource } from '../r1cs/types.js';
import type { Ceremony, KeyRecord, VerifyKeyOptions } from './ceremony.js';

/** What proofs and keys name themselves by, in snarkjs's terms. */
export const PROTOCOL = 'groth16';
export const CURVE = 'bn128';

/** snarkjs's `proof.json`: coordinates in decimal, projective with z = 1; G2 coordinates as [c0, c1]. */
export interface Proof {
  readonly pi_a: readonly [string, string, string];
  readonly pi_b: readonly [readonly [string, string], readonly [string, string], readonly [string, string]];
  readonly pi_c: readonly [string, string, string];
  readonly protocol: typeof PROTOCOL;
  readonly curve: typeof CURVE;
}

/** snarkjs's `verification_key.json`. */
export interface VerificationKey {
  readonly protocol: typeof PROTOCOL;
  readonly curve: typeof CURVE;
  readonly nPublic: number;
  readonly vk_alpha_1: readonly string[];
  readonly vk_beta_2: readonly (readonly string[])[];
  readonly vk_gamma_2: readonly (readonly string[])[];
  readonly vk_delta_2: readonly (readonly string[])[];
  readonly vk_alphabeta_12?: unknown;
  readonly IC: readonly (readonly string[])[];
}

export interface ProofAndSignals {
  readonly proof: Proof;
  /** Decimal field elements, in the order of the circuit's public wires. */
  readonly publicSignals: readonly string[];
}

/** Called with a share done in [0, 1] and the stage's name. */
export type OnProgress = (share: number, stage: string) => void;

/** A circuit: the path of its `.r1cs`, or its constraints, which are read once. */
export type CircuitInput = string | ConstraintSource;

export interface KeySetupOptions {
  /**
   * Path of a prepared phase-2 powers-of-tau file. The key is then unfinished: it proves nothing before somebody has
   * contributed to it. Without it: fresh one-machine development keys.
   */
  readonly ptau?: string;
  /** False where the powers of tau are known by their hash. Default true: every point of the file is checked first. */
  readonly checkPowers?: boolean;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

export interface ProveOptions {
  /** Threads of the native prover; default: all cores, which snarkjs and wasm (8 at most) take always. */
  readonly threads?: number;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** What a proving key is for. */
export interface KeyShape {
  /** Wires of the circuit, the constant one among them. */
  readonly wires: number;
  readonly publicSignals: number;
  /** Size of the evaluation domain, a power of two. */
  readonly domainSize: number;
}

export interface LoadKeyOptions {
  /** True where every point of a file with these bytes was looked at before. Default false: they are now. */
  readonly pointsChecked?: boolean;
}

/** A proving key ready for many proofs. `close` frees it. */
export interface LoadedKey {
  readonly shape: KeyShape;
  /** `witness`: every wire, 32 bytes little-endian each, canonical (not Montgomery), wire 0 first. */
  prove(witness: Uint8Array, options?: ProveOptions): Promise<ProofAndSignals>;
  close(): Promise<void>;
}

/** A key that people contributed to, checked. */
export interface ImportedKey {
  readonly key: VerificationKey;
  /** Its transcript. */
  readonly record: KeyRecord;
}

export interface Groth16Backend {
  readonly name: 'native' | 'wasm' | 'snarkjs';
  /**
   * Writes a snarkjs `.zkey` for a circuit (atomically), returns the verification key, which for a key from powers of
   * tau is that of the unfinished key. What the constraints throw while they are read stops it. snarkjs reads files
   * only: constraints are written to a temporary one.
   */
  setup(circuit: CircuitInput, zkeyPath: string, options?: KeySetupOptions): Promise<VerificationKey>;
  /**
   * Checks a `.zkey` against circuit and powers of tau and gives its verification key. @throws CeremonyError,
   * UnfinishedKeyError
   */
  importKey(zkeyPath: string, options: VerifyKeyOptions): Promise<ImportedKey>;
  /**
   * @throws UnfinishedKeyError where nobody contributed to the key, and the backend's errors where a point is not in
   *   its group: a proof
   * made with such a point would give the witness away
   */
  loadKey(zkeyPath: string, options?: LoadKeyOptions): Promise<LoadedKey>;
  /** @throws UnfinishedKeyError where nobody contributed to the key */
  verify(key: VerificationKey, publicSignals: readonly string[], proof: Proof): Promise<boolean>;
  /** Contributions to keys, and their verification. */
  readonly ceremony: Ceremony;
}
