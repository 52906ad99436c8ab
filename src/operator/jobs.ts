/**
 * Work on one input: what goes into a queue and what comes back. Plain JSON, since it crosses processes and machines.
 */
import type { Proof } from '../groth16/types.js';
import type { RequestName } from '../ledger/index.js';

export interface Job {
  /** The same work has the same id: a queue that already has it does not take it twice. */
  readonly id: string;
  /** Hash of the model's verification key, by which every machine finds its own build folder. */
  readonly vkHash: string;
  /** `compute`: commitment and output by the integer interpreter. `prove`: these and a proof. */
  readonly kind: 'compute' | 'prove';
  /** The input document, as fetched. */
  readonly document: string;
  /** Public signal that binds a proof to operator and request, in decimal. */
  readonly context: string;
  /** From which, and the input's salt, a hashed output has its salt. */
  readonly request: RequestName;
}

export interface Computed {
  /** 32 bytes, hex: what the input commits to, to be compared with the request. */
  readonly inputCommitment: string;
  /** Words of the public output signals, hex. */
  readonly output: string;
  /** Of `prove` jobs. */
  readonly proved?: { readonly proof: Proof; readonly publicSignals: readonly string[] };
  readonly seconds: number;
}

/**
 * `refused`: the document is no input of this model, however often one tries; the code of the error, since its text
 * would quote the input.
 */
export type JobResult = { readonly computed: Computed } | { readonly refused: string };

/** Runs jobs somewhere: in this machine's processes, or on those of a Redis queue. */
export interface ProofQueue {
  /** The job's result. Urgent jobs go first. @throws ProverFailedError */
  run(job: Job, urgent?: boolean): Promise<JobResult>;
  /** Jobs waiting or at work, of this operator. */
  readonly size: number;
  close(): Promise<void>;
}
