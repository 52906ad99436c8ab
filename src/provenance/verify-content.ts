/** `provenance verify`: local files against an artifact on the ledger; without files, what a store holds of it. */
import { join } from 'node:path';
import { UsageError } from '../errors.js';
import { contentName, type ArtifactKind } from './artifact.js';
import { fromContentHash } from './cid.js';
import { type Content, hashContent } from './content.js';
import { ArtifactNotFoundError, CheckpointError, NotStoredError, StoreError } from './errors.js';
import { isInBatch } from './ledger.js';
import { type LedgerOptions, type OpenLedger, withLedger } from './open-ledger.js';
import { readArtifact, readLink, type RecordedArtifact } from './read-ledger.js';
import { readRegisteredFile, type RegisteredModelFile } from './registered-file.js';
import { holdsRegistered, storedHoldsRegistered } from './registered-model.js';
import { hashCheckpoints, readCheckpoints } from './record-content.js';
import { checkStored, type Difference, firstDifference, type StoredReport } from './stored.js';
import type { BlockStore } from './stores/store.js';

export interface VerifyOptions extends LedgerOptions {
  /** Artifact identifier; or else `model` and `modelVersion`. */
  readonly artifact?: string;
  readonly model?: bigint;
  readonly modelVersion?: number;
  /** One checkpoint of a batch. */
  readonly step?: bigint;
}

export interface Verified {
  readonly artifactId: string;
  readonly kind: ArtifactKind;
  /** On record: CID, or `merkle:` and the root of a batch. For one checkpoint of a batch, its CID. */
  readonly recorded: string;
  /** Of the local files; absent where the store was checked. */
  readonly local?: string;
  /** Whether the content is what is recorded, and, for a linked model version, what is registered. */
  readonly matches: boolean;
  /** Absent where all matches, or where the store does not have the recorded list of files. */
  readonly difference?: Difference;
  /** Why the difference could not be found. */
  readonly note?: string;
  readonly stored?: StoredReport;
  /**
   * For a model version that a registered model is linked to: whether the content is, or holds, the ONNX file
   * registered.
   */
  readonly registered?: RegisteredModelFile & { readonly matches: boolean };
  /** Hidden local files, which no identifier covers. */
  readonly hidden: readonly string[];
}

/** Whether what is at `path` (without it: in the store) is what the chain has on record. */
export async function verifyContent(
  folder: string,
  path: string | undefined,
  options: VerifyOptions,
): Promise<Verified> {
  const { artifact: id, model, step } = options;
  if ((id === undefined) === (model === undefined))
    throw new UsageError('name what is verified: either --artifact, or --model and --model-version');
  if (model !== undefined && options.modelVersion === undefined) throw new UsageError('--model needs --model-version');
  return await withLedger(folder, options, async (open) => {
    const artifact = await readArtifact(
      open.rpc,
      open.ledger,
      id ?? (await linkedArtifact(open, model!, options.modelVersion!)),
    );
    if (step !== undefined && artifact.kind !== 'checkpoint-batch')
      throw new UsageError('--step is for batches of checkpoints');
    if (artifact.kind !== 'checkpoint-batch')
      return await withRegistered(
        open,
        path,
        artifact,
        await verifyOne(open.store, path, artifact, fromContentHash(artifact)),
      );
    return step === undefined
      ? await verifyBatch(folder, open, path, artifact)
      : await verifyInBatch(folder, open, path, artifact, step);
  });
}

/**
 * Content that is what the ledger has can still be another file than the registered model's: the link is its owner's
 * word.
 */
async function withRegistered(
  { rpc, ledger, store }: OpenLedger,
  path: string | undefined,
  artifact: RecordedArtifact,
  found: Verified,
): Promise<Verified> {
  if (artifact.model === undefined) return found;
  const registered = await readRegisteredFile(rpc, ledger, artifact.model.modelId, artifact.model.version);
  const matches =
    path === undefined
      ? await storedHoldsRegistered(registered, store, fromContentHash(artifact))
      : await holdsRegistered(registered, path);
  return { ...found, matches: found.matches && matches, registered: { ...registered, matches } };
}

async function linkedArtifact({ rpc, ledger }: OpenLedger, model: bigint, version: number): Promise<string> {
  const link = await readLink(rpc, ledger, model, version);
  if (link === undefined)
    throw new ArtifactNotFoundError(
      `version ${version} of model ${model} leads to no artifact in the ledger at ${ledger}`,
    );
  return link.artifactId;
}

async function verifyOne(
  store: BlockStore,
  path: string | undefined,
  { id, kind }: RecordedArtifact,
  cid: ReturnType<typeof fromContentHash>,
): Promise<Verified> {
  const common = { artifactId: id, kind, recorded: String(cid) };
  if (path === undefined) return { ...common, matches: true, stored: await checkStored(store, cid), hidden: [] };
  const local = await hashContent(path);
  const matches = local.cid.equals(cid);
  return {
    ...common,
    local: String(local.cid),
    matches,
    ...(matches ? {} : await locate(store, cid, local, '')),
    hidden: local.hidden,
  };
}

/** The first difference, with `lead` before its path; or why it cannot be told. */
async function locate(
  store: BlockStore,
  cid: ReturnType<typeof fromContentHash>,
  local: Content,
  lead: string,
): Promise<Pick<Verified, 'difference' | 'note'>> {
  if (local.kind === 'file')
    return { difference: { path: lead, how: 'changed', recorded: String(cid), local: String(local.cid) } };
  try {
    const difference = await firstDifference(store, cid, local);
    return difference === undefined
      ? {}
      : { difference: { ...difference, path: [lead, difference.path].filter((part) => part !== '').join('/') } };
  } catch (error) {
    if (!(error instanceof NotStoredError || error instanceof StoreError)) throw error;
    return { note: `which file differs cannot be told without the recorded list of files: ${error.message}` };
  }
}

async function verifyInBatch(
  folder: string,
  { rpc, ledger, store }: OpenLedger,
  path: string | undefined,
  batch: RecordedArtifact,
  step: bigint,
): Promise<Verified> {
  const inclusion = (await readCheckpoints(folder, batch)).prove(step);
  if (!(await isInBatch(rpc, ledger, batch, inclusion)))
    throw new CheckpointError(`the ledger does not accept that step ${step} is in batch ${batch.id}`);
  return await verifyOne(store, path, batch, fromContentHash(inclusion.leaf));
}

async function verifyBatch(
  folder: string,
  { store }: OpenLedger,
  path: string | undefined,
  batch: RecordedArtifact,
): Promise<Verified> {
  const common = { artifactId: batch.id, kind: batch.kind, recorded: contentName(batch) };
  if (path === undefined) {
    let stored: StoredReport = { blocks: 0, bytes: 0 };
    for (const checkpoint of (await readCheckpoints(folder, batch)).checkpoints) {
      const { blocks, bytes } = await checkStored(store, fromContentHash(checkpoint));
      stored = { blocks: stored.blocks + blocks, bytes: stored.bytes + bytes };
    }
    return { ...common, matches: true, stored, hidden: [] };
  }
  const { batch: local, hidden } = await hashCheckpoints(path);
  const matches = local.root === batch.contentHash;
  const found = { ...common, local: `merkle:${local.root}`, matches, hidden };
  if (matches) return found;
  const listed = await readCheckpoints(folder, batch).catch((error: unknown) => {
    if (error instanceof CheckpointError) return error;
    throw error;
  });
  if (listed instanceof CheckpointError)
    return { ...found, note: `which checkpoint differs cannot be told: ${listed.message}` };
  const recorded = new Map(listed.checkpoints.map((one) => [one.step, one]));
  const here = new Map(local.checkpoints.map((one) => [one.step, one]));
  const steps = [...new Set([...recorded.keys(), ...here.keys()])].sort((a, b) => (a < b ? -1 : 1));
  for (const step of steps) {
    const [was, is] = [recorded.get(step), here.get(step)];
    if (was === undefined) return { ...found, difference: { path: is!.name, how: 'added', local: contentName(is!) } };
    if (is === undefined)
      return { ...found, difference: { path: was.name, how: 'missing', recorded: contentName(was) } };
    if (was.contentHash !== is.contentHash || was.codec !== is.codec) {
      return {
        ...found,
        ...(await locate(store, fromContentHash(was), await hashContent(join(path, is.name)), is.name)),
      };
    }
  }
  return found;
}
