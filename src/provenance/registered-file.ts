/** The file that the registry names for a model version, and what the chain alone tells of it. */
import { readModelVersion } from '../chain/read-registry.js';
import type { Rpc } from '../chain/rpc.js';
import type { Artifact } from './artifact.js';
import { CODEC_RAW } from './cid.js';
import { readRegistry } from './read-ledger.js';

export interface RegisteredModelFile {
  readonly modelId: bigint;
  readonly version: number;
  /** SHA-256 of the ONNX file that was registered, hex. */
  readonly modelHash: string;
}

/** What is registered in the ledger's own registry. @throws RevertedError where there is no such version */
export async function readRegisteredFile(
  rpc: Rpc,
  ledger: string,
  modelId: bigint,
  version: number,
): Promise<RegisteredModelFile> {
  const { modelHash } = await readModelVersion(rpc, await readRegistry(rpc, ledger), modelId, version);
  return { modelId, version, modelHash };
}

/** What the chain alone tells of it: undefined for content of more than one block. */
export function artifactIsRegistered(
  { modelHash }: RegisteredModelFile,
  { codec, contentHash }: Pick<Artifact, 'codec' | 'contentHash'>,
): boolean | undefined {
  return codec === CODEC_RAW ? contentHash === modelHash : undefined;
}
