/** Verifier source from a verification key, its compilation, and the encodings that the contracts read. */
export { contractName, renderVerifier, type RenderOptions, type VerifierManifest } from './render.js';
export { PROOF_SYSTEM, PROOF_SYSTEM_ID, keyWords, vkHash } from './key.js';
export {
  type BatchCalldata,
  type InferenceCalldata,
  type ProofCalldata,
  batchCalldata,
  callersProof,
  inferenceCalldata,
  proofCalldata,
  PublicSignalsError,
  signalCalldata,
} from './calldata.js';
export { agentNonce, ContextError, contextFor, type ContextBinding } from './context.js';
export { SOLIDITY_SETTINGS, SolidityCompileError, type CompiledContract, compileSolidity } from './compile.js';
export { compileCached, compileContracts } from './cached.js';
export { contractSources } from './sources.js';
