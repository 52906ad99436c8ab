/**
 * The provenance ledger read back. Storage holds the block of each artifact, which finds its event without a search.
 *
 * The trap: an event comes from an RPC that may lie or lag. The artifact in it is hashed again, so that what is
 * returned is what the contract has under that identifier, whoever delivered it.
 */
import type { Log } from 'ethers';
import { RpcResponseError } from '../chain/errors.js';
import type { Rpc } from '../chain/rpc.js';
import { PROVENANCE_ABI } from './abi.js';
import { ARTIFACT_KINDS, type Artifact, artifactId } from './artifact.js';
import { ArtifactMismatchError, ArtifactNotFoundError } from './errors.js';

/** An artifact with when it was recorded. */
export interface RecordedArtifact extends Artifact {
  /** 32 bytes, hex. */
  readonly id: string;
  /** 1 for the ledger's first; a parent's is smaller than its child's. */
  readonly index: number;
  readonly blockNumber: number;
  readonly transaction: string;
  /** The registry's model and version it is linked to, for a linked model version. */
  readonly model?: { readonly modelId: bigint; readonly version: number };
}

/** Which artifacts a registered model version leads back to. */
export interface ModelLink {
  readonly artifactId: string;
  readonly checkpointId: string;
  /** Content hash of the checkpoint itself; for a batch, the leaf's. */
  readonly checkpointHash: string;
}

const RECORDED = PROVENANCE_ABI.getEvent('ArtifactRecorded')!.topicHash;

/** The recorded artifact with this identifier. @throws ArtifactNotFoundError, ArtifactMismatchError */
export async function readArtifact(rpc: Rpc, ledger: string, id: string): Promise<RecordedArtifact> {
  const header = await readHeader(rpc, ledger, id);
  if (header === undefined)
    throw new ArtifactNotFoundError(
      `artifact ${id} is not on record in the ledger at ${ledger} on chain ${rpc.chainId}; check the identifier, --ledger and --rpc`,
    );
  const { blockNumber } = header;
  const [log] = await rpc.provider.getLogs({
    address: ledger,
    topics: [RECORDED, id],
    fromBlock: blockNumber,
    toBlock: blockNumber,
  });
  if (log === undefined)
    throw new RpcResponseError(
      `the RPC at ${rpc.host} does not have block ${blockNumber}'s events; use an archive node`,
    );
  const artifact = toArtifact(log);
  if (artifactId({ chainId: rpc.chainId, ledger }, artifact) !== id) {
    throw new ArtifactMismatchError(
      `the RPC at ${rpc.host} gives an artifact for ${id} that does not have this identifier; use another RPC`,
    );
  }
  // A checkpoint's header names a model too, the one whose royalties reach it; only a model version is linked to the
  // registry.
  const model =
    header.modelId === 0n || artifact.kind !== 'model-version'
      ? {}
      : { model: { modelId: header.modelId, version: header.version } };
  return { ...artifact, id, index: header.index, blockNumber, transaction: log.transactionHash, ...model };
}

/** The artifacts a registered model version is linked to; undefined if none. */
export async function readLink(
  rpc: Rpc,
  ledger: string,
  modelId: bigint,
  version: number,
): Promise<ModelLink | undefined> {
  const [{ artifactId: id, checkpointId, checkpointHash }] = await callLedger(rpc, ledger, 'linkOf', [
    modelId,
    version,
  ]);
  return BigInt(id) === 0n ? undefined : { artifactId: id, checkpointId, checkpointHash };
}

/** The registry whose models are linked here. */
export async function readRegistry(rpc: Rpc, ledger: string): Promise<string> {
  const [address] = await callLedger(rpc, ledger, 'registry', []);
  return address as string;
}

/** The artifact in an `ArtifactRecorded` log. */
function toArtifact(log: Log): Artifact {
  const { args } = PROVENANCE_ABI.parseLog({ topics: [...log.topics], data: log.data })!;
  return {
    kind: ARTIFACT_KINDS[Number(args.kind)],
    codec: Number(args.codec),
    contentHash: args.contentHash,
    parents: [...args.parents],
    licence: args.licence,
    parentsBps: Number(args.parentsBps),
    contributors: [...args.contributors].map(({ account, weight }: { account: string; weight: bigint }) => ({
      account,
      weight: Number(weight),
    })),
  };
}

interface Header {
  readonly index: number;
  readonly blockNumber: number;
  readonly modelId: bigint;
  readonly version: number;
}

/** Where an artifact is on record; undefined where it is not. */
export async function readHeader(rpc: Rpc, ledger: string, id: string): Promise<Header | undefined> {
  const [{ index, blockNumber, modelId, version }] = await callLedger(rpc, ledger, 'headerOf', [id]);
  return index === 0n
    ? undefined
    : { index: Number(index), blockNumber: Number(blockNumber), modelId, version: Number(version) };
}

/** Calls a function of the ledger that only reads. */
export async function callLedger(
  rpc: Rpc,
  ledger: string,
  name: string,
  values: readonly unknown[],
): Promise<ReturnType<typeof PROVENANCE_ABI.decodeFunctionResult>> {
  const data = await rpc.provider.call({ to: ledger, data: PROVENANCE_ABI.encodeFunctionData(name, [...values]) });
  return PROVENANCE_ABI.decodeFunctionResult(name, data);
}
