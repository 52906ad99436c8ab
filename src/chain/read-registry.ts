/** What the ERC-7992 registry says of a model. */
import { ALL_ABIS, REGISTRY_ABI } from './abi.js';
import { requireCode } from './code.js';
import { decodeRevert, revertData } from './reverts.js';
import type { Rpc } from './rpc.js';

export interface ModelOnChain {
  readonly modelId: bigint;
  /** The current version. */
  readonly version: number;
  readonly deprecated: boolean;
  readonly owner: string;
  /** The current version's generated verifier, and the block it was registered in. */
  readonly verifier: string;
  readonly registeredAt: number;
  readonly modelHash: string;
  readonly circuitHash: string;
  readonly vkHash: string;
  readonly proofSystemId: string;
  readonly uri: string;
}

/**
 * The hashes and the verifier registered for one version of a model. Throws RevertedError `ModelNotFound`,
 * `ModelVersionNotFound`.
 */
export async function readModelVersion(
  rpc: Rpc,
  registry: string,
  modelId: bigint,
  version: number,
): Promise<Pick<ModelOnChain, 'modelHash' | 'circuitHash' | 'vkHash' | 'verifier'>> {
  await requireCode({ rpc }, registry, 'registry');
  const { commitment, verifier } = await reader(rpc, registry, modelId)('getModelVersion', [modelId, version]);
  const { modelHash, circuitHash, vkHash: hash } = commitment;
  return { modelHash, circuitHash, vkHash: hash, verifier };
}

function reader(rpc: Rpc, registry: string, modelId: bigint) {
  return async (name: string, args: unknown[]) => {
    try {
      const data = await rpc.provider.call({ to: registry, data: REGISTRY_ABI.encodeFunctionData(name, args) });
      return REGISTRY_ABI.decodeFunctionResult(name, data);
    } catch (error) {
      const data = revertData(error);
      throw data === undefined ? error : decodeRevert(data, ALL_ABIS, `reading model ${modelId}`);
    }
  };
}

/**
 * What the registry says about a model and its current version. Throws RevertedError `ModelNotFound` if there is none.
 */
export async function readModel(rpc: Rpc, registry: string, modelId: bigint): Promise<ModelOnChain> {
  await requireCode({ rpc }, registry, 'registry');
  const read = reader(rpc, registry, modelId);
  const [{ deprecated, owner }, { version }] = await Promise.all([
    read('getModel', [modelId]),
    read('versionOf', [modelId]),
  ]);
  const { commitment, verifier, registeredAt } = await read('getModelVersion', [modelId, version]);
  return {
    modelId,
    version: Number(version),
    deprecated,
    owner,
    verifier,
    registeredAt: Number(registeredAt),
    modelHash: commitment.modelHash,
    circuitHash: commitment.circuitHash,
    vkHash: commitment.vkHash,
    proofSystemId: commitment.proofSystemId,
    uri: commitment.uri,
  };
}
