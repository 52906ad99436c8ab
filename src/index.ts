/**
 * The library: the command line's verbs as functions. Each takes one object; models, builds, keys and proofs are values,
 * and a build that is saved is a folder of the ecosystem's formats (`.r1cs`, `.zkey`, `proof.json`), which the command
 * line reads too.
 *
 * Nothing heavy is loaded by importing this: a verb loads what it needs when it is first called. Everything about one
 * matter, with its types, is in `zkinfer/compile`, `/prove`, `/solidity`, `/chain` and `/ledger`; every error class in
 * `zkinfer/errors`.
 *
 *     const build = await compile({ onnx, name: 'digits', calibration });
 *     await build.save('build/digits');
 *     const keys = await setup({ build });
 *     const prover = await createProver({ build, keys });
 *     const { proof, publicSignals, outputs } = await prover.prove({ input: [pixels] });
 *     const { valid } = await verify({ build, keys, proof, publicSignals });
 */
import { lazily } from './lazily.js';

export { ZkinferError, UsageError } from './errors.js';
export { BuildFolderError, OpeningError } from './workflow/errors.js';
export type { ErrorCode } from './api/errors.js';
export type { Build, CompiledBuild, CompileRequest } from './api/build.js';
export type { DeployRequest, RegisterRequest, SubmitRequest } from './api/contract.js';
export type { Keys, PowersSource, SetupRequest } from './api/keys.js';
export type {
  InferenceProver,
  InferRequest,
  OpenRequest,
  ProofRequest,
  ProverRequest,
  VerifyRequest,
  BuildInference,
} from './api/prover.js';
export type { RunRequest } from './api/run.js';
export type { Manifest, Visibility } from './manifest.js';
export type { Groth16Backend, Proof, VerificationKey } from './groth16/types.js';
export type { Inspection } from './workflow/inspect.js';
export type { Inference, ProveResult } from './workflow/prove.js';
export type { Opened } from './workflow/opening.js';
export type { VerifyResult } from './workflow/verify.js';
export type { ChainOptions, DeployResult, RegisterResult, SubmitResult } from './workflow/contract.js';
export type { RunResult } from './workflow/run.js';
export type { OutputReport } from './workflow/outputs.js';
export { chooseBackend, type BackendChoice } from './groth16/backends.js';
export { openingFromJson, openingOf, openingToJson, type Opening } from './workflow/opening-file.js';
export { proofFromJson, proofToJson, type ProofFile } from './workflow/proof-file.js';
export { parseInput, parseSamples, type Sample } from './workflow/input-json.js';

export const readOnnxFile = lazily(async () => (await import('./workflow/onnx-file.js')).readOnnxFile);
export const inspect = lazily(async () => (await import('./api/inspect.js')).inspect);
export const compile = lazily(async () => (await import('./api/build.js')).compile);
export const openBuild = lazily(async () => (await import('./api/build.js')).openBuild);
export const setup = lazily(async () => (await import('./api/keys.js')).setup);
export const createProver = lazily(async () => (await import('./api/prover.js')).createProver);
export const createInference = lazily(async () => (await import('./api/prover.js')).createInference);
export const openCommitments = lazily(async () => (await import('./api/prover.js')).openCommitments);
export const verify = lazily(async () => (await import('./api/prover.js')).verify);
export const verifierContract = lazily(async () => (await import('./api/contract.js')).verifierContract);
export const deploy = lazily(async () => (await import('./api/contract.js')).deploy);
export const register = lazily(async () => (await import('./api/contract.js')).register);
export const submit = lazily(async () => (await import('./api/contract.js')).submit);
export const run = lazily(async () => (await import('./api/run.js')).run);
