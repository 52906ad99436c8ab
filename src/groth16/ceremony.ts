/**
 * The second phase of a ceremony (Bowe, Gabizon, Miers, ePrint 2017/1050): contributions and beacons that finish a key
 * made from powers of tau, and their verification. Files are snarkjs's `.zkey` and `.ptau`; contributions made here and
 * there may alternate.
 */
import { ZkinferError } from '../errors.js';
import type { CircuitInput, OnProgress } from './types.js';

/** A key or a file of powers of tau is not what it must be. */
export class CeremonyError extends ZkinferError {
  readonly code = 'CEREMONY';
}

/** One contribution, as a transcript names it. */
export interface ContributionRecord {
  readonly kind: 'contribution' | 'beacon';
  /** What the contributor publishes: the Blake2b-512 digest, in hex, that snarkjs prints in four lines. */
  readonly hash: string;
  readonly name?: string;
  /** The beacon's value in hex, hashed 2^iterationsExp times. */
  readonly beacon?: string;
  readonly iterationsExp?: number;
}

/** What a `.zkey` says of itself. */
export interface KeyRecord {
  readonly wires: number;
  readonly publicSignals: number;
  readonly domainSize: number;
  /** Somebody contributed: delta is not a public number. */
  readonly finished: boolean;
  /** snarkjs's circuit hash (Blake2b-512, hex): names circuit and powers of tau. */
  readonly circuitHash: string;
  readonly contributions: readonly ContributionRecord[];
}

export interface CeremonyOptions {
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

export interface ContributeOptions extends CeremonyOptions {
  /** Who contributes; the first 64 characters are kept in the key. */
  readonly name?: string;
  /** Mixed with the system's randomness; may be empty. It is neither kept nor shown. */
  readonly entropy?: Uint8Array;
}

export interface BeaconOptions extends CeremonyOptions {
  readonly name?: string;
  /** 1 to 255 bytes that nobody could foresee when the last contribution was made: a block's hash, a lottery's draw. */
  readonly value: Uint8Array;
  /** 10 to 63: SHA-256 is applied 2^iterationsExp times. */
  readonly iterationsExp: number;
}

export interface VerifyKeyOptions extends CeremonyOptions {
  readonly r1cs: CircuitInput;
  /** Path of the prepared powers of tau that the key was made from. */
  readonly ptau: string;
  /** False where the powers are known by their hash. Default true: every point of the file is checked first. */
  readonly checkPowers?: boolean;
}

/** What each backend offers; paths in, records out. New keys are put in place whole, or not at all. */
export interface Ceremony {
  contribute(oldKey: string, newKey: string, options?: ContributeOptions): Promise<ContributionRecord>;
  applyBeacon(oldKey: string, newKey: string, options: BeaconOptions): Promise<ContributionRecord>;
  /** @throws CeremonyError where the key is not made from this circuit and these powers by its contributions alone */
  verifyKey(zkey: string, options: VerifyKeyOptions): Promise<KeyRecord>;
  /** Checks every point of a `.ptau`; gives the power of two of its largest domain. @throws CeremonyError */
  checkPowers(ptau: string, options?: CeremonyOptions): Promise<number>;
  /** Reads, and checks nothing but the file's form. */
  inspectKey(zkey: string): Promise<KeyRecord>;
}
