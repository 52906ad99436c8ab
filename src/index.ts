/**
 * The library: the command line's verbs as functions. `compileOnnx` and `inspectOnnx` work on values in memory; the
 * others on a build folder, whose files are the formats of the ecosystem (`.r1cs`, `.zkey`, `proof.json`).
 *
 * Nothing heavy is loaded by importing this: a verb loads what it needs when it is first called. Everything about one
 * matter, with its types, is in `zkinfer/compile`, `/prove`, `/solidity`, `/chain` and `/ledger`; every error class in
 * `zkinfer/errors`.
 *
 *     const compiled = await compileOnnx(onnxBytes, { name: 'digits', calibration });
 *     await writeBuild('build/digits', compiled.manifest, buildFiles(compiled));
 *     const backend = chooseBackend('auto', console.warn);
 *     await setupBuild('build/digits', backend);
 *     const prover = await openProver('build/digits', backend);
 *     const { proof, publicSignals, outputs } = await prover.prove([pixels]);
 *     const { valid } = await verifyProof('build/digits', backend, { proof, publicSignals });
 */
import { lazily } from './lazily.js';

export { ZkinferError, UsageError } from './errors.js';
export { BuildFolderError, OpeningError } from './workflow/errors.js';
export type { ErrorCode } from './api/errors.js';
export type { Manifest, Visibility } from './manifest.js';
export type { Groth16Backend, LoadedKey, Proof, VerificationKey } from './groth16/types.js';
export type { Inspection } from './workflow/inspect.js';
export type { BuildFiles, CompiledModel, CompileOptions } from './workflow/compile.js';
export type { SetupResult } from './workflow/setup.js';
export type { Inference, Prover, ProveResult } from './workflow/prove.js';
export type { Opened } from './workflow/opening.js';
export type { VerifyResult } from './workflow/verify.js';
export type { ChainOptions, DeployResult, RegisterResult, SubmitResult } from './workflow/contract.js';
export type { RunOptions, RunResult } from './workflow/run.js';
export type { OutputReport } from './workflow/outputs.js';
export { chooseBackend, type BackendChoice } from './groth16/backends.js';
export { buildFiles } from './workflow/build-files.js';
export { openingFromJson, openingOf, openingToJson, type Opening } from './workflow/opening-file.js';
export { proofFromJson, proofToJson, type ProofFile } from './workflow/proof-file.js';
export { parseInput, parseSamples, type Sample } from './workflow/input-json.js';

export const inspectOnnx = lazily(async () => (await import('./workflow/inspect.js')).inspectOnnx);
export const readOnnxFile = lazily(async () => (await import('./workflow/onnx-file.js')).readOnnxFile);
export const compileOnnx = lazily(async () => (await import('./workflow/compile.js')).compileOnnx);
export const readManifest = lazily(async () => (await import('./workflow/build-folder.js')).readManifest);
export const writeBuild = lazily(async () => (await import('./workflow/build-folder.js')).writeBuild);
export const setupBuild = lazily(async () => (await import('./workflow/setup.js')).setupBuild);
export const openProver = lazily(async () => (await import('./workflow/prove.js')).openProver);
export const openWitness = lazily(async () => (await import('./workflow/prove.js')).openWitness);
export const openSignals = lazily(async () => (await import('./workflow/opening.js')).openSignals);
export const verifyProof = lazily(async () => (await import('./workflow/verify.js')).verifyProof);
export const writeVerifier = lazily(async () => (await import('./workflow/contract.js')).writeVerifier);
export const deployBuild = lazily(async () => (await import('./workflow/contract.js')).deployBuild);
export const registerBuild = lazily(async () => (await import('./workflow/contract.js')).registerBuild);
export const submitProof = lazily(async () => (await import('./workflow/contract.js')).submitProof);
export const runModel = lazily(async () => (await import('./workflow/run.js')).runModel);
