/** Witnesses, proofs and their verification, of a build. */
import type { Groth16Backend, OnProgress } from '../groth16/types.js';
import type { Manifest } from '../manifest.js';
import type { IntegerModel } from '../integer/integer-model.js';
import type { Sample } from '../workflow/input-json.js';
import { openSignals, type Opened, type Opening } from '../workflow/opening.js';
import type { ProofFile } from '../workflow/proof-file.js';
import { openProver, openWitness, type Inference, type ProveResult } from '../workflow/prove.js';
import { verifyProof, type VerifyResult } from '../workflow/verify.js';
import { placeOf, type Build } from './build.js';
import { backendOr, placeWithKeys, type Keys } from './keys.js';

export interface InferRequest {
  /** One flat array for each input of the model, in the model's own units. */
  readonly input: Sample;
  /** A field element that binds the proof, as a contract computes it. Default 0: for anybody. */
  readonly context?: bigint;
  /** Where commitments were made before. Default: fresh ones. */
  readonly salts?: Inference['salts'];
}

export interface ProofRequest extends InferRequest {
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** What makes witnesses: everything that does not depend on the input is loaded once. */
export interface BuildInference {
  readonly manifest: Manifest;
  readonly model: IntegerModel;
  /** Every wire of the circuit, and what a proof of it makes public. @throws InputRangeError, InputShapeError */
  infer(request: InferRequest): Inference;
}

/** A build with its key, ready for many proofs. */
export interface InferenceProver extends BuildInference {
  /** A proof, checked under the build's key before it is given. @throws as `infer`, BuildMismatchError */
  prove(request: ProofRequest): Promise<ProveResult>;
  /** Frees the key. */
  close(): Promise<void>;
}

/** @throws BuildFolderError where a file of the build is not what its manifest says */
export async function createInference({ build }: { readonly build: Build }): Promise<BuildInference> {
  const { manifest, model, infer } = await openWitness(await placeOf(build));
  return { manifest, model, infer: ({ input, context, salts }) => infer(input, context, salts) };
}

export interface ProverRequest {
  readonly build: Build;
  /** Default: those in the build's folder. */
  readonly keys?: Keys;
  /** Default: the fastest there is here. */
  readonly backend?: Groth16Backend;
}

/** @throws BuildFolderError where there are no keys, KeyMismatchError where they are of another circuit, UnfinishedKeyError */
export async function createProver({ build, keys, backend }: ProverRequest): Promise<InferenceProver> {
  const { manifest, model, infer, prove, close } = await openProver(
    await placeWithKeys(build, keys),
    backendOr(backend),
  );
  return {
    manifest,
    model,
    infer: ({ input, context, salts }) => infer(input, context, salts),
    prove: ({ input, ...options }) => prove(input, options),
    close,
  };
}

export interface VerifyRequest extends Pick<ProofFile, 'proof' | 'publicSignals'> {
  readonly build: Build;
  /** Default: those in the build's folder. */
  readonly keys?: Keys;
  readonly backend?: Groth16Backend;
}

/** Whether a proof is one of a build, off chain. @throws BuildFolderError, KeyMismatchError, UnfinishedKeyError */
export async function verify({ build, keys, backend, proof, publicSignals }: VerifyRequest): Promise<VerifyResult> {
  return await verifyProof(await placeWithKeys(build, keys), backendOr(backend), { proof, publicSignals });
}

export interface OpenRequest {
  readonly build: Build;
  readonly publicSignals: readonly string[];
  /** Salts, and outputs where they are not the model's for `input`. */
  readonly opening?: Opening;
  /** What the input should be. */
  readonly input?: Sample;
}

/** Checks what public signals are of; says nothing about the proof. @throws OpeningError, InputRangeError, InputShapeError */
export async function openCommitments({ build, publicSignals, ...given }: OpenRequest): Promise<Opened> {
  return await openSignals(await placeOf(build), publicSignals, given);
}
