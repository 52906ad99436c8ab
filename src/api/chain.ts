/**
 * `zkinfer/chain`: verifiers, registry and attestations on a chain, for a build or part by part. Loads ethers.
 */
export * from '../chain/index.js';
export { openBuild, type Build } from './build.js';
export {
  deploy,
  register,
  verifierContract,
  submit,
  type DeployRequest,
  type RegisterRequest,
  type SubmitRequest,
} from './contract.js';
export type { ChainOptions, DeployResult, RegisterResult, SubmitResult } from '../workflow/contract.js';
