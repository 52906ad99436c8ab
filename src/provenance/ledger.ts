/**
 * The provenance ledger on a chain: deploy, record, link, read back. Storage holds the block of each artifact, which
 * finds its event without a search.
 *
 * The trap: an event comes from an RPC that may lie or lag. The artifact in it is hashed again, so that what is
 * returned is what the contract has under that identifier, whoever delivered it.
 */
import type { Log } from 'ethers';
import {
  deployContract,
  type Deployed,
  RevertedError,
  type Rpc,
  RpcResponseError,
  type Sender,
  sendOnce,
} from '../chain/index.js';
import { compileContracts } from '../solidity/index.js';
import { PROVENANCE_ABI } from './abi.js';
import { type Artifact, artifactId, isKeySignature, ARTIFACT_KINDS, toStruct } from './artifact.js';
import type { CheckpointLeaf, InclusionProof } from './checkpoints.js';
import { ArtifactMismatchError, ArtifactNotFoundError, SignatureError } from './errors.js';

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

export interface RecordResult {
  readonly artifactId: string;
  readonly transaction: string;
  readonly gasUsed: number;
  /** True when it was on record before, and nothing was sent. */
  readonly alreadyRecorded: boolean;
}

/** Which artifacts a registered model version leads back to. */
export interface ModelLink {
  readonly artifactId: string;
  readonly checkpointId: string;
  /** Content hash of the checkpoint itself; for a batch, the leaf's. */
  readonly checkpointHash: string;
}

const RECORDED = PROVENANCE_ABI.getEvent('ArtifactRecorded')!.topicHash;
const NO_LEAF: CheckpointLeaf = { step: 0n, codec: 0, contentHash: `0x${'0'.repeat(64)}` };

/** Deploys a ledger whose models are those of the registry at `registry`. */
export async function deployProvenance(sender: Sender, registry: string): Promise<Deployed> {
  const { ProvenanceLedger } = await compileContracts('ledger/ProvenanceLedger.sol');
  return await deployContract(sender, ProvenanceLedger, 'deploying the provenance ledger', ['address'], [registry]);
}

/**
 * Puts an artifact on record, once. `signatures` holds each contributor's signature by address; the sender's own needs
 * none.
 * @throws SignatureError where one is missing; RevertedError with the contract's reason
 */
export async function recordArtifact(
  sender: Sender,
  ledger: string,
  artifact: Artifact,
  signatures: ReadonlyMap<string, string> = new Map(),
): Promise<RecordResult> {
  const { rpc, signer } = sender;
  const at = { chainId: rpc.chainId, ledger };
  const id = artifactId(at, artifact);
  const before = await onRecord(rpc, ledger, id);
  if (before !== undefined) return before;
  const ordered = await Promise.all(
    artifact.contributors.map(async ({ account }) => {
      const signature = signatures.get(account);
      if (signature === undefined && account === signer.address) return '0x';
      if (signature === undefined)
        throw new SignatureError(
          `contributor ${account} has not signed artifact ${id}; have its key sign with --sign-only, and give the result with --signature`,
        );
      // A wallet contract's signature is the contract's to judge.
      const isKey = (await rpc.provider.getCode(account)) === '0x';
      if (isKey && !isKeySignature(at, artifact, account, signature)) {
        throw new SignatureError(
          `the signature given for contributor ${account} is not that of its key for artifact ${id}; sign again with the same content, parents, licence and contributors`,
        );
      }
      return signature;
    }),
  );
  try {
    const receipt = await sendOnce(sender, {
      purpose: `record ${id}`,
      to: ledger,
      data: PROVENANCE_ABI.encodeFunctionData('record', [toStruct(artifact), ordered]),
      action: `recording the ${artifact.kind}`,
      abis: [PROVENANCE_ABI],
    });
    return { artifactId: id, transaction: receipt.hash, gasUsed: Number(receipt.gasUsed), alreadyRecorded: false };
  } catch (error) {
    // Another process, or another contributor, may have brought it first.
    const after =
      error instanceof RevertedError &&
      error.errorName === 'ArtifactAlreadyRecorded' &&
      (await onRecord(rpc, ledger, id));
    if (!after) throw error;
    return after;
  }
}

/** What links a registered model version to artifacts. */
export interface LinkRequest {
  readonly modelId: bigint;
  readonly version: number;
  /** The recorded model version. */
  readonly artifactId: string;
  /** Its parent: a recorded checkpoint, or a batch together with `inclusion`. */
  readonly checkpointId: string;
  readonly inclusion?: InclusionProof;
}

export interface LinkResult {
  /** Hash; null where the link was there before, and nothing was sent. */
  readonly transaction: string | null;
  readonly gasUsed: number;
}

/**
 * Says on chain which artifact a registered model version is. The sender owns the model and contributed to the
 * artifact.
 */
export async function linkModelVersion(sender: Sender, ledger: string, link: LinkRequest): Promise<LinkResult> {
  const { modelId, version, inclusion } = link;
  const [artifact, checkpoint, before] = await Promise.all([
    readArtifact(sender.rpc, ledger, link.artifactId),
    readArtifact(sender.rpc, ledger, link.checkpointId),
    readLink(sender.rpc, ledger, modelId, version),
  ]);
  const wantedHash = inclusion?.leaf.contentHash ?? checkpoint.contentHash;
  const linked =
    before?.artifactId === link.artifactId &&
    before.checkpointId === link.checkpointId &&
    before.checkpointHash === wantedHash;
  if (linked) return { transaction: null, gasUsed: 0 };
  const values = [
    modelId,
    version,
    toStruct(bare(artifact)),
    toStruct(bare(checkpoint)),
    inclusion?.leaf ?? NO_LEAF,
    inclusion?.proof ?? [],
  ];
  const receipt = await sendOnce(sender, {
    purpose: `link ${modelId} ${version} ${link.artifactId} ${link.checkpointId} ${wantedHash}`,
    to: ledger,
    data: PROVENANCE_ABI.encodeFunctionData('linkModelVersion', values),
    action: `linking version ${version} of model ${modelId}`,
    abis: [PROVENANCE_ABI],
  });
  return { transaction: receipt.hash, gasUsed: Number(receipt.gasUsed) };
}

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
  const [{ artifactId: id, checkpointId, checkpointHash }] = await call(rpc, ledger, 'linkOf', [modelId, version]);
  return BigInt(id) === 0n ? undefined : { artifactId: id, checkpointId, checkpointHash };
}

/** The registry whose models are linked here. */
export async function readRegistry(rpc: Rpc, ledger: string): Promise<string> {
  const [address] = await call(rpc, ledger, 'registry', []);
  return address as string;
}

/** The contract's own answer to whether a checkpoint is in a recorded batch. */
export async function isInBatch(
  rpc: Rpc,
  ledger: string,
  batch: Artifact,
  { leaf, proof }: InclusionProof,
): Promise<boolean> {
  const [included] = await call(rpc, ledger, 'isInBatch', [toStruct(bare(batch)), leaf, proof]);
  return included;
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

/** The parts that the identifier covers. */
function bare({ kind, codec, contentHash, parents, licence, parentsBps, contributors }: Artifact): Artifact {
  return { kind, codec, contentHash, parents, licence, parentsBps, contributors };
}

interface Header {
  readonly index: number;
  readonly blockNumber: number;
  readonly modelId: bigint;
  readonly version: number;
}

async function readHeader(rpc: Rpc, ledger: string, id: string): Promise<Header | undefined> {
  const [{ index, blockNumber, modelId, version }] = await call(rpc, ledger, 'headerOf', [id]);
  return index === 0n
    ? undefined
    : { index: Number(index), blockNumber: Number(blockNumber), modelId, version: Number(version) };
}

async function onRecord(rpc: Rpc, ledger: string, id: string): Promise<RecordResult | undefined> {
  const header = await readHeader(rpc, ledger, id);
  if (header === undefined) return undefined;
  const { transaction } = await readArtifact(rpc, ledger, id);
  const receipt = await rpc.provider.getTransactionReceipt(transaction);
  if (receipt === null)
    throw new RpcResponseError(`the RPC at ${rpc.host} lost the receipt of ${transaction}; try again`);
  return { artifactId: id, transaction, gasUsed: Number(receipt.gasUsed), alreadyRecorded: true };
}

async function call(
  rpc: Rpc,
  ledger: string,
  name: string,
  values: readonly unknown[],
): Promise<ReturnType<typeof PROVENANCE_ABI.decodeFunctionResult>> {
  const data = await rpc.provider.call({ to: ledger, data: PROVENANCE_ABI.encodeFunctionData(name, [...values]) });
  return PROVENANCE_ABI.decodeFunctionResult(name, data);
}
