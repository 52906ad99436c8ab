/**
 * The library: the command line's verbs as functions. `compileOnnx` and `inspectOnnx` work on values in memory; the others
 * on a build folder, whose files are the formats of the ecosystem (`.r1cs`, `.zkey`, `proof.json`).
 *
 *     const compiled = await compileOnnx(onnxBytes, { name: 'digits', calibration });
 *     await writeBuild('build/digits', compiled.manifest, buildFiles(compiled));
 *     const backend = chooseBackend('auto', console.warn);
 *     await setupBuild('build/digits', backend);
 *     const prover = await openProver('build/digits', backend);
 *     const { proof, publicSignals, outputs } = await prover.prove([pixels]);
 *     const { valid } = await verifyProof('build/digits', backend, { proof, publicSignals });
 */
export { ZkinferError, UsageError } from './errors.js';
export type { Manifest, Visibility } from './manifest.js';
export type { Groth16Backend, LoadedKey, Proof, VerificationKey } from './groth16/types.js';
export { chooseBackend, type BackendChoice } from './groth16/backends.js';
export { inspectOnnx, type Inspection } from './workflow/inspect.js';
export { buildFiles, compileOnnx, type BuildFiles, type CompiledModel, type CompileOptions } from './workflow/compile.js';
export { readManifest, writeBuild, BuildFolderError } from './workflow/build-folder.js';
export { setupBuild, type SetupResult } from './workflow/setup.js';
export { openProver, openWitness, type Inference, type Prover, type ProveResult } from './workflow/prove.js';
export { openSignals, openingFromJson, openingOf, openingToJson, OpeningError, type Opened, type Opening } from './workflow/opening.js';
export { verifyProof, type VerifyResult } from './workflow/verify.js';
export { proofFromJson, proofToJson, type ProofFile } from './workflow/proof-file.js';
export { deployBuild, registerBuild, submitProof, writeVerifier, type ChainOptions, type DeployResult, type RegisterResult, type SubmitResult } from './workflow/contract.js';
export { runModel, type RunOptions, type RunResult } from './workflow/run.js';
export { parseInput, parseSamples, type Sample } from './workflow/input-json.js';
export type { OutputReport } from './workflow/outputs.js';
export { contextFor, inferenceCalldata, type InferenceCalldata } from './solidity/index.js';
