/** What page and worker say to each other. Every message but progress answers a request of the same number. */
import type { KeyRecord, ContributionRecord } from '../groth16/ceremony.js';
import type { Proof } from '../groth16/types.js';
import type { WasmThread } from '../groth16/wasm-module.js';
import type { Manifest, PortRole } from '../manifest.js';
import type { Inference } from '../workflow/inference.js';
import type { OutputReport } from '../workflow/outputs.js';
import type { BuildInMemory } from './compile-protocol.js';

/** Where the WebAssembly modules are, and how many threads are wanted; more than one only where memory can be shared. */
export interface ModuleChoice {
  readonly plain: string;
  readonly withThreads: string;
  readonly threads: number;
  /** Shared memory: the number of the request that is being answered, then for each whether it is to stop. */
  readonly control?: Int32Array;
}

/** Requests whose stop is told apart at one time. */
export const STOPS = 255;
export const stopOf = (id: number): number => 1 + (id % STOPS);

/** Bytes, or where they are fetched from. */
export type BytesOrUrl = Uint8Array | string;

/** One flat array for each input of the model. */
export type Input = readonly ArrayLike<number>[];

export interface Calls {
  open: { given: OpenGiven; gives: OpenedBuild };
  /** Ends when the key is loaded. */
  ready: { given: null; gives: KeyReport };
  run: { given: { readonly input: Input }; gives: readonly OutputReport[] };
  prove: { given: ProveGiven; gives: BrowserProof };
  verify: {
    given: { readonly proof: unknown; readonly publicSignals: readonly string[] };
    gives: { readonly valid: boolean; readonly reason?: string; readonly outputs?: readonly OutputReport[] };
  };
  contribute: {
    given: { readonly key: BytesOrUrl; readonly name?: string; readonly entropy: Uint8Array };
    gives: { readonly key: Uint8Array; readonly contribution: ContributionRecord };
  };
  verifyKey: {
    given: {
      readonly key: BytesOrUrl;
      readonly circuit: BytesOrUrl;
      readonly powers: BytesOrUrl;
      readonly checkPowers: boolean;
    };
    gives: KeyRecord;
  };
  inspectKey: { given: { readonly key: BytesOrUrl }; gives: KeyRecord };
  /** Development keys. */
  setup: {
    given: { readonly manifest: Manifest; readonly circuit: Uint8Array };
    /** The manifest with keys, and the files that are new. */
    gives: Pick<BuildInMemory, 'manifest' | 'files'>;
  };
}
export type CallName = keyof Calls;

export interface OpenGiven {
  readonly url: string;
  readonly sha256?: string;
  readonly cache: CacheChoice;
  /** The build, where it is in memory; `url` is then what errors call it. */
  readonly build?: Pick<BuildInMemory, 'manifest' | 'files' | 'poseidon'>;
}

export type CacheChoice = 'opfs' | 'none';

export interface OpenedBuild {
  /** SHA-256 of `web.json`, by which everything else of the build is known. */
  readonly sha256: string;
  readonly manifest: Manifest;
  /** Bytes of the proving key. */
  readonly keyBytes: number;
  /** Threads that proofs are made with. */
  readonly threads: number;
}

/** How the key came. */
export interface KeyReport {
  /** Bytes that were fetched; the others were in the browser's storage. */
  readonly fetched: number;
  /** Whether the whole key is in the browser's storage now. */
  readonly kept: boolean;
  /** Bytes of memory that the module holds. */
  readonly memoryBytes: number;
}

export interface ProveGiven {
  readonly input: Input;
  readonly context: bigint;
  readonly salts?: Readonly<Partial<Record<PortRole, string>>>;
}

/** Milliseconds of each stage of a proof. */
export interface ProofStages {
  /** Waiting for the key, where it was still on its way. */
  readonly key: number;
  readonly witness: number;
  readonly prove: number;
  /** The check that what was made verifies under the build's key. */
  readonly verify: number;
}

export interface BrowserProof extends Pick<Inference, 'publicSignals' | 'outputs' | 'salts'> {
  readonly proof: Proof;
  readonly stages: ProofStages;
  /** Bytes of memory that the module holds. */
  readonly memoryBytes: number;
}

/** The first message to the worker that answers requests. */
export interface Start {
  readonly start: ModuleChoice;
}

/** The only message to a worker that is a thread of its pool. */
export interface StartThread {
  readonly thread: WasmThread;
  readonly control: Int32Array;
}

/**
 * What the worker that answers asks of the page, since the page starts all workers: threads, or none where it cannot use
 * those that wait; and the page's answer.
 */
export interface WantThreads {
  readonly threads: readonly WasmThread[];
}
export interface ThreadsReady {
  readonly ready: boolean;
}

export interface CallRequest<Name extends CallName = CallName> {
  readonly id: number;
  readonly call: Name;
  readonly given: Calls[Name]['given'];
}

/** An error that crosses from the worker. */
export interface ErrorMessage {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly file?: string;
  readonly section?: string;
  readonly reason?: string;
}

export type Reply =
  | { readonly id: number; readonly gives: Calls[CallName]['gives'] }
  | { readonly id: number; readonly error: ErrorMessage }
  | { readonly id: number; readonly share: number; readonly stage: string };
