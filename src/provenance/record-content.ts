/**
 * `provenance record`: from a file or folder to an artifact on the ledger, and from a model version to its registered
 * model.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getAddress } from 'ethers';
import { type Deployment, readModel, type Sender } from '../chain/index.js';
import { writeFileAtomic } from '../chain/files.js';
import { UsageError } from '../errors.js';
import {
  type Artifact,
  artifactId,
  type Contributor,
  isKeySignature,
  type ArtifactKind,
  signArtifact,
  type LedgerAddress,
  contentName,
} from './artifact.js';
import {
  batchCheckpoints,
  type CheckpointBatch,
  checkpointsFromJson,
  checkpointsToJson,
  type InclusionProof,
  type NamedCheckpoint,
  stepOf,
} from './checkpoints.js';
import { toContentHash } from './cid.js';
import { hashContent } from './content.js';
import { CheckpointError, ContentError, RegisteredModelError, SignatureError } from './errors.js';
import { readRegisteredFile } from './registered-file.js';
import { holdsRegistered } from './registered-model.js';
import { linkModelVersion, recordArtifact } from './ledger.js';
import { readArtifact, type RecordedArtifact } from './read-ledger.js';
import { checkpointsFile, withLedgerSender, type OpenLedger, type LedgerWriteOptions } from './open-ledger.js';
import type { BlockStore } from './stores/store.js';

export interface RecordOptions extends LedgerWriteOptions {
  readonly kind: Exclude<ArtifactKind, 'unknown'>;
  readonly parents?: readonly string[];
  readonly licence?: string;
  readonly parentsBps?: number;
  /** Default: the signer alone. */
  readonly contributors?: readonly Contributor[];
  /** Hex, or `ADDRESS=hex` for a wallet contract's, whose signature does not tell whose it is. */
  readonly signatures?: readonly string[];
  /** Link the model version to this registered model; `own`: to the folder's. */
  readonly model?: bigint | 'own';
  /** Default: the model's current version. */
  readonly modelVersion?: number;
  /** Which checkpoint of a batch the model version was made from. */
  readonly step?: bigint;
}

export interface RecordedContent {
  readonly artifactId: string;
  readonly kind: ArtifactKind;
  /** CID, or `merkle:` and the root of a batch. */
  readonly content: string;
  readonly files: number;
  readonly bytes: number;
  /** Left out, as `ipfs add` does. */
  readonly hidden: readonly string[];
  /** In a batch. */
  readonly checkpoints?: number;
  readonly ledger: string;
  readonly chainId: number;
  readonly transaction: string;
  readonly gasUsed: number;
  readonly alreadyRecorded: boolean;
  readonly link?: {
    readonly modelId: bigint;
    readonly version: number;
    readonly checkpointId: string;
    readonly transaction: string | null;
    readonly gasUsed: number;
  };
}

export interface ContributorSignature {
  readonly artifactId: string;
  readonly content: string;
  readonly contributor: string;
  /** 65 bytes, hex. */
  readonly signature: string;
  readonly ledger: string;
  readonly chainId: number;
}

/** Hashes, stores and records what is at `path`. Idempotent: the same artifact is on record once. */
export async function recordContent(folder: string, path: string, options: RecordOptions): Promise<RecordedContent> {
  requireConsistent(options);
  return await withLedgerSender(folder, options, async (open, sender) => {
    const { ledger, rpc, store } = open;
    const model = options.model === undefined ? undefined : await linkedModel(folder, open, options);
    if (model !== undefined) await requireRegistered(path, open, model);
    const hashed = await hashFor(path, options.kind, store);
    const artifact = toArtifact(hashed, options, sender.signer.address);
    const at = { chainId: rpc.chainId, ledger };
    // Before the transaction: a root whose leaves are lost is worth nothing.
    if (hashed.batch !== undefined)
      await writeFileAtomic(checkpointsFile(folder, hashed.batch.root), checkpointsToJson(hashed.batch));
    const recorded = await recordArtifact(
      sender,
      ledger,
      artifact,
      readSignatures(at, artifact, options.signatures ?? []),
    );
    const link =
      model === undefined
        ? {}
        : { link: await linkRecorded(folder, open, sender, recorded.artifactId, artifact, model, options) };
    const { files, bytes, hidden, batch } = hashed;
    const checkpoints = batch === undefined ? {} : { checkpoints: batch.checkpoints.length };
    return {
      ...recorded,
      kind: options.kind,
      content: contentName(artifact),
      files,
      bytes,
      hidden,
      ...checkpoints,
      ...at,
      ...link,
    };
  });
}

/**
 * The signer's signature of the artifact that `recordContent` would record with the same options; sends nothing for it.
 */
export async function signContent(folder: string, path: string, options: RecordOptions): Promise<ContributorSignature> {
  requireConsistent(options);
  return await withLedgerSender(folder, options, async ({ ledger, rpc }, { signer }) => {
    const artifact = toArtifact(await hashFor(path, options.kind), options, signer.address);
    const at = { chainId: rpc.chainId, ledger };
    return {
      artifactId: artifactId(at, artifact),
      content: contentName(artifact),
      contributor: signer.address,
      signature: await signArtifact(signer, at, artifact),
      ...at,
    };
  });
}

/** What is hashed of a path: one content, or for a batch all the checkpoints in a folder. */
export interface Hashed {
  readonly codec: number;
  readonly contentHash: string;
  readonly files: number;
  readonly bytes: number;
  readonly hidden: readonly string[];
  readonly batch?: CheckpointBatch;
}

async function hashFor(path: string, kind: ArtifactKind, store?: BlockStore): Promise<Hashed> {
  if (kind === 'checkpoint-batch') return await hashCheckpoints(path, store);
  const { cid, files, bytes, hidden } = await hashContent(path, store);
  return { ...toContentHash(cid), files, bytes, hidden };
}

/** The checkpoints in a folder, a file or sub-folder each; the last number in a name is its step. */
export async function hashCheckpoints(
  path: string,
  store?: BlockStore,
): Promise<Hashed & { readonly batch: CheckpointBatch }> {
  const names = await readdir(path).catch((cause) => {
    throw new ContentError(`cannot read the folder of checkpoints ${path}: ${(cause as Error).message}`, { cause });
  });
  const hidden = names.filter((name) => name.startsWith('.'));
  const checkpoints: NamedCheckpoint[] = [];
  let [files, bytes] = [0, 0];
  for (const name of names.filter((one) => !one.startsWith('.')).sort()) {
    const content = await hashContent(join(path, name), store);
    checkpoints.push({ name, step: stepOf(name), ...toContentHash(content.cid) });
    files += content.files;
    bytes += content.bytes;
    for (const one of content.hidden) hidden.push(`${name}/${one}`);
  }
  const batch = batchCheckpoints(checkpoints);
  return { codec: 0, contentHash: batch.root, files, bytes, hidden, batch };
}

/** The batch's checkpoints as this folder keeps them. @throws CheckpointError */
export async function readCheckpoints(
  folder: string,
  { contentHash }: Pick<Artifact, 'contentHash'>,
): Promise<CheckpointBatch> {
  const file = checkpointsFile(folder, contentHash);
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new CheckpointError(
      `the list of the batch's checkpoints, ${file}, cannot be read; it is where the batch was recorded, and is made again by recording the same checkpoints`,
      { cause },
    );
  });
  return checkpointsFromJson(text, contentHash);
}

function toArtifact({ codec, contentHash }: Hashed, options: RecordOptions, signer: string): Artifact {
  const { kind, parents = [], licence = '', parentsBps = 0, contributors = [{ account: signer, weight: 1 }] } = options;
  return { kind, codec, contentHash, parents, licence, parentsBps, contributors };
}

function requireConsistent({ kind, parents = [], model, modelVersion, step, parentsBps = 0 }: RecordOptions): void {
  if (kind !== 'data-set' && parents.length === 0)
    throw new UsageError(`a ${kind} comes from something: name at least one artifact with --parent`);
  if (parents.length === 0 && parentsBps > 0) throw new UsageError('--parents-bps is for artifacts with parents');
  if (model !== undefined && kind !== 'model-version')
    throw new UsageError('--model links a model version: use it with --kind model-version');
  if (model === undefined && (modelVersion !== undefined || step !== undefined))
    throw new UsageError('--model-version and --step say what --model links: use them with it');
}

/** Whose each signature is. @throws SignatureError where it is no contributor's */
function readSignatures(at: LedgerAddress, artifact: Artifact, texts: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const text of texts) {
    const [, account, signature] = /^(?:(0x[0-9a-fA-F]{40})=)?(0x(?:[0-9a-fA-F]{2})+)$/.exec(text) ?? [];
    if (signature === undefined) throw new UsageError('a signature is hex with 0x, or ADDRESS=hex');
    const signer =
      account === undefined
        ? artifact.contributors.find((one) => isKeySignature(at, artifact, one.account, signature))?.account
        : getAddress(account);
    if (signer === undefined) {
      throw new SignatureError(
        `signature ${signature.slice(0, 12)}… is no contributor's for artifact ${artifactId(at, artifact)}; it must be made with the same content, parents, licence and contributors`,
      );
    }
    found.set(signer, signature);
  }
  return found;
}

interface LinkedModel {
  readonly modelId: bigint;
  readonly version: number;
}

/** The registered version that `--model` means. */
async function linkedModel(
  folder: string,
  { rpc, deployment }: OpenLedger,
  options: RecordOptions,
): Promise<LinkedModel> {
  const own = ownModel(deployment, folder, options);
  const modelId = own?.modelId ?? (options.model as bigint);
  const version =
    options.modelVersion ??
    own?.version ??
    (await readModel(rpc, await registryOf(deployment, options), modelId)).version;
  return { modelId, version };
}

/** Before anything is recorded: a link is for good. @throws RegisteredModelError */
async function requireRegistered(
  path: string,
  { rpc, ledger }: OpenLedger,
  { modelId, version }: LinkedModel,
): Promise<void> {
  const registered = await readRegisteredFile(rpc, ledger, modelId, version);
  if (await holdsRegistered(registered, path)) return;
  throw new RegisteredModelError(
    `${path} is not, and does not hold, the ONNX file that is registered as version ${version} of model ${modelId} (SHA-256 ${registered.modelHash}); ` +
      'nothing was recorded. Give the file that was compiled, or name another --model or --model-version',
  );
}

async function linkRecorded(
  folder: string,
  { rpc, ledger }: OpenLedger,
  sender: Sender,
  id: string,
  artifact: Artifact,
  { modelId, version }: LinkedModel,
  options: RecordOptions,
): Promise<NonNullable<RecordedContent['link']>> {
  const parents = await Promise.all(artifact.parents.map((parent) => readArtifact(rpc, ledger, parent)));
  const checkpoints = parents.filter(({ kind }) => kind === 'checkpoint' || kind === 'checkpoint-batch');
  if (checkpoints.length !== 1) {
    throw new CheckpointError(
      `a model version is linked through the one checkpoint among its parents; this one has ${checkpoints.length}`,
    );
  }
  const [checkpoint] = checkpoints;
  const inclusion = await inclusionIn(folder, checkpoint, options.step);
  const linked = await linkModelVersion(sender, ledger, {
    modelId,
    version,
    artifactId: id,
    checkpointId: checkpoint.id,
    ...(inclusion ? { inclusion } : {}),
  });
  return { modelId, version, checkpointId: checkpoint.id, ...linked };
}

function ownModel(
  { model }: Deployment,
  folder: string,
  options: RecordOptions,
): { readonly modelId: bigint; readonly version: number } | undefined {
  if (options.model !== 'own') return undefined;
  if (model === undefined)
    throw new UsageError(
      `${folder} has no registered model; run zkinfer register ${folder}, or give --model its number`,
    );
  return { modelId: BigInt(model.id), version: model.version };
}

async function registryOf(deployment: Deployment, { registry }: RecordOptions): Promise<string> {
  const address = registry ?? deployment.registry?.address;
  if (address === undefined)
    throw new UsageError('the current version of the model is in the registry: give --registry, or --model-version');
  return address;
}

async function inclusionIn(
  folder: string,
  checkpoint: RecordedArtifact,
  step: bigint | undefined,
): Promise<InclusionProof | undefined> {
  if (checkpoint.kind === 'checkpoint') return undefined;
  if (step === undefined)
    throw new UsageError('the parent is a batch: say with --step which of its checkpoints the model was made from');
  return (await readCheckpoints(folder, checkpoint)).prove(step);
}
