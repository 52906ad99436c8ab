/** The first act: where the model comes from goes on record, by the people who made it. */
import { readFile } from 'node:fs/promises';
import { id as keccakText } from 'ethers';
import type { Sender } from '../chain/index.js';
import {
  type Artifact,
  batchCheckpoints,
  CODEC_RAW,
  linkModelVersion,
  type NamedCheckpoint,
  readArtifact,
  recordArtifact,
  type RecordedArtifact,
  signArtifact,
  toContentHash,
} from '../provenance/index.js';
import { hashContent } from '../provenance/content.js';
import { sha256 } from '../workflow/hash.js';

export interface Made {
  readonly dataSet: RecordedArtifact;
  readonly run: RecordedArtifact;
  readonly checkpoints: RecordedArtifact;
  readonly model: RecordedArtifact;
  /** From the model back to the data, as the royalties' terms want to be shown it. */
  readonly graph: readonly RecordedArtifact[];
}

const STEPS = 20;

/**
 * Records data set, training run, a batch of checkpoints and the model version, and links the latter to the registry's.
 * `files`: what each of them consists of.
 */
export async function recordProvenance(
  people: { readonly owner: Sender; readonly curator: Sender; readonly trainer: Sender },
  ledger: string,
  files: { readonly dataSet: string; readonly training: string; readonly onnx: string },
  registered: { readonly modelId: bigint; readonly version: number },
): Promise<Made> {
  const { owner, curator, trainer } = people;
  const at = { chainId: owner.rpc.chainId, ledger };
  const one = (sender: Sender) => [{ account: sender.signer.address, weight: 1 }];
  const record = async (
    sender: Sender,
    artifact: Artifact,
    signers: readonly Sender[] = [],
  ): Promise<RecordedArtifact> => {
    const signatures = new Map(
      await Promise.all(
        signers.map(async ({ signer }) => [signer.address, await signArtifact(signer, at, artifact)] as const),
      ),
    );
    const { artifactId } = await recordArtifact(sender, ledger, artifact, signatures);
    return await readArtifact(sender.rpc, ledger, artifactId);
  };
  const contentOf = async (path: string) => toContentHash((await hashContent(path)).cid);

  const dataSet = await record(curator, {
    kind: 'data-set',
    ...(await contentOf(files.dataSet)),
    parents: [],
    licence: 'CC-BY-4.0',
    parentsBps: 0,
    contributors: one(curator),
  });
  const run = await record(trainer, {
    kind: 'training-run',
    ...(await contentOf(files.training)),
    parents: [dataSet.id],
    licence: 'MIT',
    parentsBps: 5_000,
    contributors: one(trainer),
  });
  // The fixture's training kept its last weights only: the steps before them are stand-ins, the last is the model
  // itself.
  const named: NamedCheckpoint[] = Array.from({ length: STEPS - 1 }, (_, i) => ({
    name: `stand-in-${i + 1}`,
    step: BigInt(i + 1),
    codec: CODEC_RAW,
    contentHash: keccakText(`stand-in for the weights after step ${i + 1}`),
  }));
  named.push({
    name: 'model.onnx',
    step: BigInt(STEPS),
    codec: CODEC_RAW,
    contentHash: sha256([await readFile(files.onnx)]),
  });
  const batch = batchCheckpoints(named);
  const checkpoints = await record(trainer, {
    kind: 'checkpoint-batch',
    codec: 0,
    contentHash: batch.root,
    parents: [run.id],
    licence: 'MIT',
    parentsBps: 10_000,
    contributors: one(trainer),
  });
  const model = await record(owner, {
    kind: 'model-version',
    ...(await contentOf(files.onnx)),
    parents: [checkpoints.id],
    licence: 'MIT',
    parentsBps: 6_000,
    contributors: one(owner),
  });
  await linkModelVersion(owner, ledger, {
    ...registered,
    artifactId: model.id,
    checkpointId: checkpoints.id,
    inclusion: batch.prove(BigInt(STEPS)),
  });
  return { dataSet, run, checkpoints, model, graph: [model, checkpoints, run, dataSet] };
}
