/**
 * The Rust prover as a backend, over a binding: the Node addon (`native.ts`) or the WebAssembly module (`wasm.ts`). Both
 * have the same functions and the same errors; here the errors get their classes, and the texts become values.
 */
import { ZkinferError } from '../errors.js';
import { writeWords } from '../r1cs/field.js';
import type { R1cs, SparseMatrix } from '../r1cs/types.js';
import {
  CeremonyError,
  type Ceremony,
  type ContributionRecord,
  type KeyRecord,
  type VerifyKeyOptions,
} from './ceremony.js';
import { UnfinishedKeyError } from './finished-key.js';
import type {
  CircuitInput,
  Groth16Backend,
  ImportedKey,
  LoadedKey,
  LoadKeyOptions,
  OnProgress,
  Proof,
  ProveOptions,
  ProofAndSignals,
  KeySetupOptions,
  VerificationKey,
} from './types.js';

/** What the Rust code may refuse: `native/src/formats/error.rs` and `native/src/failure.rs`. */
export type NativeErrorCode =
  | 'FILE_IO'
  | 'FILE_TRUNCATED'
  | 'FILE_WRONG_MAGIC'
  | 'FILE_WRONG_VERSION'
  | 'FILE_WRONG_PRIME'
  | 'FILE_UNSUPPORTED'
  | 'FILE_MISSING_SECTION'
  | 'FILE_DUPLICATE_SECTION'
  | 'FILE_SECTION_SIZE'
  | 'FILE_OUT_OF_RANGE'
  | 'FILE_INVALID_POINT'
  | 'FILE_NOT_PREPARED'
  | 'FILE_MALFORMED'
  | 'WITNESS_LENGTH'
  | 'WITNESS_VALUE'
  | 'PUBLIC_SIGNAL_COUNT'
  | 'KEY_CLOSED'
  | 'NO_THREADS'
  | 'NO_MEMORY'
  | 'NO_RANDOMNESS'
  | 'CIRCUIT_TOO_LARGE'
  | 'CIRCUIT_ROWS'
  | 'CANCELLED'
  | 'INTERNAL';

/** A file or argument the Rust code refused; `code` starts with `FILE_` where a file's bytes are at fault. */
export class NativeError extends ZkinferError {
  constructor(
    readonly code: NativeErrorCode,
    message: string,
    /** Path of the file at fault, or a description such as `proof`; empty where there is none. */
    readonly file: string,
    /** The file's section at fault, in the format's own terms; empty where there is none. */
    readonly section: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** One statement with its proof, for `verifyBatch`. */
export interface ProvenStatement {
  readonly publicSignals: readonly string[];
  readonly proof: Proof;
}

/** The Rust prover, whichever binding it is behind. */
export interface NativeBackend extends Groth16Backend {
  readonly name: 'native' | 'wasm';
  /**
   * Positions, rising, of the statements whose proofs do not verify; empty if all do. Costs about one pairing a proof
   * (random linear combination), and single verifications only if the combination fails.
   */
  verifyBatch(key: VerificationKey, statements: readonly ProvenStatement[]): Promise<number[]>;
  /** Looks at every coefficient and point of a `.zkey`; rejects with a NativeError at the first defect. */
  checkKey(zkeyPath: string): Promise<void>;
  /** The verification key of a finished `.zkey`, wherever that was made. @throws UnfinishedKeyError */
  verificationKey(zkeyPath: string): Promise<VerificationKey>;
}

/** The Rust prover behind a binding, or why that cannot be had. */
export type RustLoad = { readonly backend: NativeBackend } | { readonly reason: string };

/** What a binding exports; the addon's is `native/node/src`. */
export interface Binding {
  readonly Cancellation: new () => BindingCancellation;
  readonly Circuit: {
    fromFile(path: string): BindingCircuit;
    fromRows(wires: number, publicSignals: number, constraints: number, onWanted: () => void): BindingCircuit;
  };
  loadKey(path: string, checkPoints: boolean): Promise<BindingKey>;
  setup(
    circuit: BindingCircuit,
    zkeyPath: string,
    ptauPath: string | undefined,
    checkPowers: boolean,
    onProgress: OnProgress | undefined,
    cancellation: BindingCancellation,
  ): Promise<string>;
  verify(key: string, publicSignals: string, proof: string): Promise<boolean>;
  verifyBatch(key: string, publicSignals: string[], proofs: string[]): Promise<number[]>;
  checkKey(path: string): Promise<void>;
  verificationKey(path: string): Promise<string>;
  contribute(
    oldPath: string,
    newPath: string,
    name: string | undefined,
    entropy: Uint8Array,
    onProgress: OnProgress | undefined,
    cancellation: BindingCancellation,
  ): Promise<BindingContribution>;
  applyBeacon(
    oldPath: string,
    newPath: string,
    name: string | undefined,
    value: Uint8Array,
    iterationsExp: number,
    onProgress: OnProgress | undefined,
    cancellation: BindingCancellation,
  ): Promise<BindingContribution>;
  verifyKey(
    zkeyPath: string,
    circuit: BindingCircuit,
    ptauPath: string,
    checkPowers: boolean,
    onProgress: OnProgress | undefined,
    cancellation: BindingCancellation,
  ): Promise<BindingKeyRecord>;
  checkPowers(ptauPath: string, onProgress: OnProgress | undefined, cancellation: BindingCancellation): Promise<number>;
  inspectKey(path: string): Promise<BindingKeyRecord>;
}

export type BindingContribution = Omit<ContributionRecord, 'kind'>;
export type BindingKeyRecord = Omit<KeyRecord, 'contributions'> & {
  readonly contributions: readonly BindingContribution[];
};

export interface BindingCancellation {
  cancel(): void;
}

/** Rows of one matrix, as SparseMatrix has them. */
type BindingRows = Record<'offsets' | 'wires' | 'values', Uint32Array>;

export interface BindingCircuit {
  /** `coefficients`: those that have not come before, 32 bytes little-endian each. */
  push(coefficients: Uint8Array, a: BindingRows, b: BindingRows, c: BindingRows): void;
  end(): void;
}

export interface BindingKey {
  readonly wires: number;
  readonly publicCount: number;
  readonly domainSize: number;
  prove(
    witness: Uint8Array,
    threads: number | undefined,
    onProgress: OnProgress | undefined,
    cancellation: BindingCancellation,
  ): Promise<{ proof: string; publicSignals: string }>;
  close(): void;
}

/** The backend over a binding. */
export function backendOver(name: NativeBackend['name'], binding: Binding): NativeBackend {
  return {
    name,

    async setup(circuit: CircuitInput, zkeyPath: string, options: KeySetupOptions = {}): Promise<VerificationKey> {
      const { ptau, checkPowers = true } = options;
      const json = await controlled(binding, options, (onProgress, cancellation, guarded) =>
        binding.setup(circuitOver(binding, circuit, guarded), zkeyPath, ptau, checkPowers, onProgress, cancellation),
      );
      return JSON.parse(json) as VerificationKey;
    },

    async importKey(zkeyPath: string, options: VerifyKeyOptions): Promise<ImportedKey> {
      const record = await ceremonyOver(binding).verifyKey(zkeyPath, options);
      return { record, key: JSON.parse(await named(() => binding.verificationKey(zkeyPath))) as VerificationKey };
    },

    async loadKey(zkeyPath: string, { pointsChecked = false }: LoadKeyOptions = {}): Promise<LoadedKey> {
      const key = await named(() => binding.loadKey(zkeyPath, !pointsChecked));
      const { wires, publicCount, domainSize } = key;
      return {
        shape: { wires, publicSignals: publicCount, domainSize },
        async prove(witness: Uint8Array, options: ProveOptions = {}): Promise<ProofAndSignals> {
          const { proof, publicSignals } = await controlled(binding, options, (onProgress, cancellation) =>
            key.prove(witness, options.threads, onProgress, cancellation),
          );
          return { proof: JSON.parse(proof) as Proof, publicSignals: JSON.parse(publicSignals) as string[] };
        },
        async close(): Promise<void> {
          key.close();
        },
      };
    },

    verify(key: VerificationKey, publicSignals: readonly string[], proof: Proof): Promise<boolean> {
      return named(() => binding.verify(JSON.stringify(key), JSON.stringify(publicSignals), JSON.stringify(proof)));
    },

    verifyBatch(key: VerificationKey, statements: readonly ProvenStatement[]): Promise<number[]> {
      const publicSignals = statements.map((statement) => JSON.stringify(statement.publicSignals));
      const proofs = statements.map((statement) => JSON.stringify(statement.proof));
      return named(() => binding.verifyBatch(JSON.stringify(key), publicSignals, proofs));
    },

    checkKey(zkeyPath: string): Promise<void> {
      return named(() => binding.checkKey(zkeyPath));
    },

    async verificationKey(zkeyPath: string): Promise<VerificationKey> {
      return JSON.parse(await named(() => binding.verificationKey(zkeyPath))) as VerificationKey;
    },

    ceremony: ceremonyOver(binding),
  };
}

function ceremonyOver(binding: Binding): Ceremony {
  return {
    async contribute(oldKey, newKey, options = {}) {
      const { name, entropy = new Uint8Array() } = options;
      return contribution(
        await controlled(binding, options, (onProgress, cancellation) =>
          binding.contribute(oldKey, newKey, name, entropy, onProgress, cancellation),
        ),
      );
    },

    async applyBeacon(oldKey, newKey, options) {
      const { name, value, iterationsExp } = options;
      return contribution(
        await controlled(binding, options, (onProgress, cancellation) =>
          binding.applyBeacon(oldKey, newKey, name, value, iterationsExp, onProgress, cancellation),
        ),
      );
    },

    async verifyKey(zkey, options) {
      const { r1cs, ptau, checkPowers = true } = options;
      return keyRecord(
        await controlled(binding, options, (onProgress, cancellation, guarded) =>
          binding.verifyKey(zkey, circuitOver(binding, r1cs, guarded), ptau, checkPowers, onProgress, cancellation),
        ),
      );
    },

    checkPowers: (ptau, options = {}) =>
      controlled(binding, options, (onProgress, cancellation) => binding.checkPowers(ptau, onProgress, cancellation)),

    inspectKey: async (zkey) => keyRecord(await named(() => binding.inspectKey(zkey))),
  };
}

/** Makes of a callback one whose exceptions stop the work and reject its promise. */
type Guard = <A extends unknown[]>(callback: (...args: A) => void) => (...args: A) => void;

function circuitOver(binding: Binding, circuit: CircuitInput, guarded: Guard): BindingCircuit {
  if (typeof circuit === 'string') return binding.Circuit.fromFile(circuit);
  const { wireCount, publicOutputCount, publicInputCount, constraintCount } = circuit;
  const batches = circuit.batches()[Symbol.iterator]();
  let known = 0;
  const push = ({ a, b, c, coefficients }: R1cs): void => {
    const words = new Uint32Array(8 * (coefficients.length - known));
    for (let id = known; id < coefficients.length; id += 1) writeWords(coefficients[id], words, 8 * (id - known));
    known = coefficients.length;
    rows.push(new Uint8Array(words.buffer), bindingRows(a), bindingRows(b), bindingRows(c));
  };
  const onWanted = guarded(() => {
    const next = batches.next();
    if (next.done === true) rows.end();
    else push(next.value);
  });
  const rows = binding.Circuit.fromRows(wireCount, publicOutputCount + publicInputCount, constraintCount, onWanted);
  return rows;
}

/** The arrays of a builder's matrix have room for more. */
function bindingRows({ offsets, wires, values }: SparseMatrix): BindingRows {
  const entries = offsets[offsets.length - 1];
  return { offsets, wires: wires.subarray(0, entries), values: values.subarray(0, entries) };
}

/** The binding leaves absent fields null. */
export function contribution({ hash, name, beacon, iterationsExp }: BindingContribution): ContributionRecord {
  return {
    kind: beacon == null ? 'contribution' : 'beacon',
    hash,
    ...(name == null ? {} : { name }),
    ...(beacon == null ? {} : { beacon, iterationsExp }),
  };
}

export function keyRecord(record: BindingKeyRecord): KeyRecord {
  return { ...record, contributions: record.contributions.map(contribution) };
}

/**
 * Runs `work` under the caller's signal and progress callback. An abort rejects with the signal's reason; an exception
 * in a guarded callback stops the work and rejects with that exception.
 */
async function controlled<T>(
  binding: Binding,
  options: { readonly onProgress?: OnProgress; readonly signal?: AbortSignal },
  work: (onProgress: OnProgress | undefined, cancellation: BindingCancellation, guarded: Guard) => Promise<T>,
): Promise<T> {
  const { signal, onProgress } = options;
  signal?.throwIfAborted();
  const cancellation = new binding.Cancellation();
  const abort = (): void => cancellation.cancel();
  signal?.addEventListener('abort', abort, { once: true });
  const thrown: unknown[] = [];
  let settled = false;
  const guarded: Guard =
    (callback) =>
    (...args) => {
      if (settled || thrown.length > 0) return;
      try {
        callback(...args);
      } catch (error) {
        thrown.push(error);
        cancellation.cancel();
      }
    };
  try {
    const result = await named(() => work(onProgress && guarded(onProgress), cancellation, guarded));
    if (thrown.length > 0) throw thrown[0];
    return result;
  } catch (error) {
    if (thrown.length > 0) throw thrown[0];
    if (error instanceof NativeError && error.code === 'CANCELLED') signal?.throwIfAborted();
    throw error;
  } finally {
    settled = true;
    signal?.removeEventListener('abort', abort);
  }
}

/** Gives the binding's errors their class. */
async function named<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw rustError(cause);
  }
}

/** What the Rust code refused, with its class; anything else as it is. */
export function rustError(cause: unknown): unknown {
  const { code, message, file, section, reason } = cause as Partial<Omit<NativeError, 'code'>> & {
    readonly code?: string;
  };
  if (code === undefined || message === undefined) return cause;
  if (code === 'KEY_UNFINISHED') return new UnfinishedKeyError(message, { cause });
  if (code === 'CEREMONY_REFUSED' || code === 'CEREMONY_USAGE') return new CeremonyError(message, { cause });
  return new NativeError(code as NativeErrorCode, message, file ?? '', section ?? '', reason ?? message, { cause });
}
