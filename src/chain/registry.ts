/** Models in the ERC-7992 registry: its contracts, and registering, updating and retiring a model. */
import { getAddress, type Log, toBeHex, type TransactionReceipt } from 'ethers';
import type { VerificationKey } from '../groth16/types.js';
import type { Manifest } from '../manifest.js';
import { type CompiledContract, PROOF_SYSTEM_ID, compileContracts, vkHash } from '../solidity/index.js';
import { ALL_ABIS, REGISTRY_ABI } from './abi.js';
import { requireCode } from './code.js';
import { type Deployed, deployContract } from './deploy.js';
import { type ModelOnChain, readModel } from './read-registry.js';
import { NotDeployedError, RpcResponseError } from './errors.js';
import type { Rpc } from './rpc.js';
import { requireVerifier, type VerifierArtifact } from './verifier.js';
import { type Sender, sendOnce } from './transactions.js';

const VERSION_ADDED = REGISTRY_ABI.getEvent('ModelVersionAdded')!.topicHash;

export interface RegistryContracts {
  readonly registry: Deployed;
  /** ERC-7992 verifier, storage extension and attestations. */
  readonly attestations: Deployed;
}

export interface RegisteredModel {
  readonly modelId: bigint;
  readonly version: number;
  readonly transaction: string;
  readonly gasUsed: number;
}

/** What is registered of a build: its manifest's hashes, its key, and where its verifier is. */
export interface ModelToRegister {
  readonly manifest: Pick<Manifest, 'modelHash' | 'circuitHash'>;
  readonly key: VerificationKey;
  /** Address of the deployed generated verifier. */
  readonly verifier: string;
  /** The verifier as compiled here. The deployed code must equal it: what a contract says of itself proves nothing. */
  readonly artifact: Pick<VerifierArtifact, 'deployedBytecode'>;
  /** Metadata off chain; default none. */
  readonly uri?: string;
}

/** Seconds before a change of the registry's administrator takes effect, so that users can notice it. */
const ADMIN_DELAY = 86_400;

/** `ModelRegistry` and `ZKMLVerifier` of `verifier-contracts/`; compiled once for a machine. */
export function registryContracts(): Promise<Record<string, CompiledContract>> {
  return compileContracts('ModelRegistry.sol', 'ZKMLVerifier.sol');
}

/** Deploys a registry and the ERC-7992 verifier that reads it. The signer administers the registry. */
export async function deployRegistry(sender: Sender): Promise<RegistryContracts> {
  const { ModelRegistry } = await registryContracts();
  const values = [sender.signer.address, ADMIN_DELAY];
  const registry = await deployContract(sender, ModelRegistry, 'deploying the registry', ['address', 'uint48'], values);
  return { registry, attestations: await deployAttestations(sender, registry.address) };
}

/** Deploys an ERC-7992 verifier, with attestations, that reads the registry at `registry`. Nobody administers it. */
export async function deployAttestations(sender: Sender, registry: string): Promise<Deployed> {
  await requireCode(sender, registry, 'registry');
  const { ZKMLVerifier } = await registryContracts();
  return await deployContract(sender, ZKMLVerifier, 'deploying the ERC-7992 verifier', ['address'], [registry]);
}

/**
 * Registers a model with its verifier; the signer becomes its owner. Asked twice for the same build: one model.
 * @throws ForeignCodeError where the verifier's code is not the artifact's
 */
export async function registerModel(
  sender: Sender,
  registry: string,
  model: ModelToRegister,
): Promise<RegisteredModel> {
  await requireCode(sender, registry, 'registry');
  await requireVerifier(sender.rpc, model.verifier, model.key, model.artifact);
  const commitment = commitmentOf(model);
  const receipt = await sendOnce(sender, {
    purpose: `register ${JSON.stringify(commitment)} ${model.verifier}`,
    to: registry,
    data: REGISTRY_ABI.encodeFunctionData('registerModelWithVerifier', [commitment, model.verifier]),
    action: 'registering the model',
    abis: ALL_ABIS,
  });
  return versionAdded(receipt, registry);
}

/**
 * Makes a build the next version of a model, unless it is the current one. Its owner's to do; attestations of older
 * versions stay.
 */
export async function updateModel(
  sender: Sender,
  registry: string,
  modelId: bigint,
  model: ModelToRegister,
): Promise<RegisteredModel> {
  await requireCode(sender, registry, 'registry');
  await requireVerifier(sender.rpc, model.verifier, model.key, model.artifact);
  const current = await readModel(sender.rpc, registry, modelId);
  const commitment = commitmentOf(model);
  if (
    current.verifier === getAddress(model.verifier) &&
    current.vkHash === commitment.vkHash &&
    current.modelHash === commitment.modelHash
  ) {
    return await versionOnRecord(sender.rpc, registry, current);
  }
  const receipt = await sendOnce(sender, {
    purpose: `update ${modelId} from ${current.version} ${JSON.stringify(commitment)} ${model.verifier}`,
    to: registry,
    data: REGISTRY_ABI.encodeFunctionData('updateModelWithVerifier', [modelId, commitment, model.verifier]),
    action: 'updating the model',
    abis: ALL_ABIS,
  });
  return versionAdded(receipt, registry);
}

/** Retires a model for good: no inference of it is accepted any more. Its owner's to do. */
export async function deprecateModel(
  sender: Sender,
  registry: string,
  modelId: bigint,
): Promise<{ transaction: string; gasUsed: number }> {
  await requireCode(sender, registry, 'registry');
  const receipt = await sendOnce(sender, {
    purpose: `deprecate ${modelId}`,
    to: registry,
    data: REGISTRY_ABI.encodeFunctionData('deprecateModel', [modelId]),
    action: 'deprecating the model',
    abis: ALL_ABIS,
  });
  return { transaction: receipt.hash, gasUsed: Number(receipt.gasUsed) };
}

function commitmentOf({ manifest, key, uri = '' }: ModelToRegister) {
  const { modelHash, circuitHash } = manifest;
  return { modelHash, circuitHash, vkHash: vkHash(key), proofSystemId: PROOF_SYSTEM_ID, uri };
}

function versionAdded(receipt: TransactionReceipt, registry: string): RegisteredModel {
  const log = receipt.logs.find((one) => one.address === getAddress(registry) && one.topics[0] === VERSION_ADDED);
  if (!log) throw new NotDeployedError(`the contract at ${registry} registered nothing; it is not a zkinfer registry`);
  return registered(log, receipt);
}

async function versionOnRecord(rpc: Rpc, registry: string, model: ModelOnChain): Promise<RegisteredModel> {
  const [log] = await rpc.provider.getLogs({
    address: registry,
    topics: [VERSION_ADDED, toBeHex(model.modelId, 32), toBeHex(model.version, 32)],
    fromBlock: model.registeredAt,
    toBlock: model.registeredAt,
  });
  const receipt = log && (await rpc.provider.getTransactionReceipt(log.transactionHash));
  if (!receipt) {
    throw new RpcResponseError(
      `the RPC at ${rpc.host} does not have block ${model.registeredAt}'s events; use an archive node`,
    );
  }
  return registered(log, receipt);
}

function registered(log: Pick<Log, 'topics' | 'data'>, receipt: TransactionReceipt): RegisteredModel {
  const { args } = REGISTRY_ABI.parseLog({ topics: [...log.topics], data: log.data })!;
  return {
    modelId: args.modelId,
    version: Number(args.version),
    transaction: receipt.hash,
    gasUsed: Number(receipt.gasUsed),
  };
}
