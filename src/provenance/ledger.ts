/** The provenance ledger on a chain: deploy, record, link. What is on record is read back by `read-ledger.ts`. */
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
import { type Artifact, artifactId, isKeySignature, toStruct } from './artifact.js';
import type { CheckpointLeaf, InclusionProof } from './checkpoints.js';
import { SignatureError } from './errors.js';
import { callLedger, readArtifact, readHeader, readLink } from './read-ledger.js';

export interface RecordResult {
  readonly artifactId: string;
  readonly transaction: string;
  readonly gasUsed: number;
  /** True when it was on record before, and nothing was sent. */
  readonly alreadyRecorded: boolean;
}

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

/** The contract's own answer to whether a checkpoint is in a recorded batch. */
export async function isInBatch(
  rpc: Rpc,
  ledger: string,
  batch: Artifact,
  { leaf, proof }: InclusionProof,
): Promise<boolean> {
  const [included] = await callLedger(rpc, ledger, 'isInBatch', [toStruct(bare(batch)), leaf, proof]);
  return included;
}

/** The parts that the identifier covers. */
function bare({ kind, codec, contentHash, parents, licence, parentsBps, contributors }: Artifact): Artifact {
  return { kind, codec, contentHash, parents, licence, parentsBps, contributors };
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
