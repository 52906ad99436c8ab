/**
 * A build's verifier on a chain. Without `rpc` the chain is a local one, kept in the build's folder, as are the addresses
 * of what was deployed: the build must be saved.
 */
import { contractName } from '../solidity/index.js';
import {
  deployBuild,
  registerBuild,
  submitProof,
  verifierSource,
  type ChainOptions,
  type DeployResult,
  type RegisterResult,
  type SubmitOptions,
  type SubmitResult,
} from '../workflow/contract.js';
import type { ProofFile } from '../workflow/proof-file.js';
import { folderOf, type Build } from './build.js';
import { placeWithKeys, type Keys } from './keys.js';

/**
 * The verifier made for a build's key.
 * @throws BuildFolderError where there is none, KeyMismatchError where it is another build's, BuildMismatchError
 */
export async function verifierContract({
  build,
  keys,
}: {
  readonly build: Build;
  /** Default: those in the build's folder. */
  readonly keys?: Keys;
}): Promise<{ readonly contract: string; readonly source: string }> {
  const source = await verifierSource(await placeWithKeys(build, keys));
  return { contract: contractName(build.manifest.name), source };
}

export interface DeployRequest extends ChainOptions {
  readonly build: Build;
}

/** @throws RpcError and its like, BuildFolderError where there are no keys */
export async function deploy({ build, ...options }: DeployRequest): Promise<DeployResult> {
  return await deployBuild(await folderOf(build, 'the address of the verifier'), options);
}

export interface RegisterRequest extends ChainOptions {
  readonly build: Build;
  /** Address; without one on record a registry is deployed. */
  readonly registry?: string;
  readonly attestations?: string;
  /** Where the model is described. */
  readonly uri?: string;
}

/** @throws NotReadyError where the build is not deployed, ForeignCodeError where its verifier is not the build's */
export async function register({ build, ...options }: RegisterRequest): Promise<RegisterResult> {
  return await registerBuild(await folderOf(build, 'the number of the model'), options);
}

export interface SubmitRequest extends SubmitOptions {
  readonly build: Build;
  readonly proof: ProofFile;
}

/**
 * Sends a proof: to the attestations contract where the build is registered, else to its verifier.
 * @throws ForeignCodeError, NotReadyError, NotDeployedError, ContextMismatchError, PublicSignalsError
 */
export async function submit({ build, proof, ...options }: SubmitRequest): Promise<SubmitResult> {
  return await submitProof(await folderOf(build, 'where the verifier is'), proof, options);
}
