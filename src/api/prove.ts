/** `zkinfer/prove`: keys, witnesses, proofs and their verification, of a build. */
export type { Manifest, Visibility } from '../manifest.js';
export type { Groth16Backend, OnProgress, Proof, VerificationKey } from '../groth16/types.js';
export { chooseBackend, type BackendChoice } from '../groth16/backends.js';
export { openBuild, type Build } from './build.js';
export { setup, type Keys, type PowersSource, type SetupRequest } from './keys.js';
export {
  createProver,
  createInference,
  openCommitments,
  verify,
  type InferenceProver,
  type InferRequest,
  type OpenRequest,
  type ProofRequest,
  type ProverRequest,
  type VerifyRequest,
  type BuildInference,
} from './prover.js';
export type { Inference, ProveResult } from '../workflow/prove.js';
export { openingFromJson, openingOf, openingToJson, type Opened, type Opening } from '../workflow/opening.js';
export type { VerifyResult } from '../workflow/verify.js';
export { boundTo, contextOf, isUsableBy, type BoundTo, type ProofBinding } from '../workflow/proof-context.js';
export { proofFromJson, proofToJson, type ProofFile } from '../workflow/proof-file.js';
export { parseInput, parseSamples, type Sample } from '../workflow/input-json.js';
export { joinSamples } from '../workflow/batch-input.js';
export type { OutputReport } from '../workflow/outputs.js';
