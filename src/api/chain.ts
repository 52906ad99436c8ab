/**
 * `zkinfer/chain`: verifiers, registry and attestations on a chain, for a build folder or part by part. Loads ethers.
 */
export * from '../chain/index.js';
export {
  compileVerifier,
  deployBuild,
  registerBuild,
  submitProof,
  verifierSource,
  withSender,
  writeVerifier,
  type ChainOptions,
  type DeployResult,
  type RegisterResult,
  type SubmitOptions,
  type SubmitResult,
} from '../workflow/contract.js';
