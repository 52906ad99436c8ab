/** `zkinfer/prove`: keys, witnesses, proofs and their verification, of a build folder. */
export type { Manifest, Visibility } from '../manifest.js';
export type { Groth16Backend, LoadedKey, OnProgress, Proof, VerificationKey } from '../groth16/types.js';
export { chooseBackend, type BackendChoice } from '../groth16/backends.js';
export { readManifest } from '../workflow/build-folder.js';
export { setupBuild, type SetupOptions, type SetupResult } from '../workflow/setup.js';
export { openProver, openWitness, type Inference, type Prover, type ProveResult } from '../workflow/prove.js';
export {
  openSignals,
  openingFromJson,
  openingOf,
  openingToJson,
  type Opened,
  type Opening,
} from '../workflow/opening.js';
export { readVerificationKey, verifyProof, type VerifyResult } from '../workflow/verify.js';
export { boundTo, contextOf, isUsableBy, type BoundTo, type ProofBinding } from '../workflow/proof-context.js';
export { proofFromJson, proofToJson, type ProofFile } from '../workflow/proof-file.js';
export { parseInput, parseSamples, type Sample } from '../workflow/input-json.js';
export type { OutputReport } from '../workflow/outputs.js';
