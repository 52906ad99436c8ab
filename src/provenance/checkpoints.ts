/**
 * Many checkpoints of one training run under one Merkle root: OpenZeppelin's StandardMerkleTree over (step, codec,
 * contentHash), whose leaf and inner hashes are those of the contract's `isInBatch`.
 *
 * The trap: a root says nothing about its leaves. Whoever records one must keep the tree (`checkpointsToJson`), or
 * nobody can show that a checkpoint is in it.
 */
import { StandardMerkleTree } from '@openzeppelin/merkle-tree';
import { z } from 'zod';
import type { ContentHash } from './cid.js';
import { CheckpointError } from './errors.js';

/** As `IProvenanceLedger.CheckpointLeaf`. */
export interface CheckpointLeaf extends ContentHash {
  /** Epoch, or optimizer step. */
  readonly step: bigint;
}

/** A checkpoint and where it was. */
export interface NamedCheckpoint extends CheckpointLeaf {
  /** File or folder, relative to the batch's folder. */
  readonly name: string;
}

export interface InclusionProof {
  readonly leaf: CheckpointLeaf;
  /** Sibling hashes from leaf to root, 32 bytes each, hex. */
  readonly proof: readonly string[];
}

export interface CheckpointBatch {
  /** Merkle root, 32 bytes, hex: the artifact's `contentHash`. */
  readonly root: string;
  /** By step, ascending. */
  readonly checkpoints: readonly NamedCheckpoint[];
  /** @throws CheckpointError where the batch has no checkpoint of this step */
  prove(step: bigint): InclusionProof;
}

const ENCODING = ['uint256', 'uint8', 'bytes32'];

const fileSchema = z.object({
  format: z.literal('zkinfer-checkpoints'),
  version: z.literal(1),
  checkpoints: z.array(
    z.object({
      name: z.string(),
      step: z
        .string()
        .regex(/^\d{1,78}$/)
        .transform(BigInt)
        .refine((step) => step < 1n << 256n),
      codec: z.number().int().min(1).max(255),
      contentHash: z.string().regex(/^0x[0-9a-f]{64}$/),
    }),
  ),
});

/** Builds the tree. Each step once. @throws CheckpointError */
export function batchCheckpoints(checkpoints: readonly NamedCheckpoint[]): CheckpointBatch {
  if (checkpoints.length === 0) throw new CheckpointError('there is no checkpoint to put into a batch');
  const ordered = [...checkpoints].sort((a, b) => (a.step < b.step ? -1 : a.step > b.step ? 1 : 0));
  const twice = ordered.find((one, i) => i > 0 && one.step === ordered[i - 1].step);
  if (twice !== undefined) {
    const names = ordered.filter(({ step }) => step === twice.step).map(({ name }) => name);
    throw new CheckpointError(
      `${names.join(' and ')} both are step ${twice.step}; the last number in a checkpoint's name is its step, each once`,
    );
  }
  const values = ordered.map(({ step, codec, contentHash }): [bigint, number, string] => [step, codec, contentHash]);
  const tree = StandardMerkleTree.of(values, ENCODING);
  const positions = new Map(ordered.map(({ step }, i) => [step, i]));
  return {
    root: tree.root,
    checkpoints: ordered,
    prove: (step) => {
      const position = positions.get(step);
      if (position === undefined)
        throw new CheckpointError(
          `the batch has no checkpoint of step ${step}; it has ${ordered.length}, from ${ordered[0].step} to ${ordered.at(-1)!.step}`,
        );
      const { codec, contentHash } = ordered[position];
      return { leaf: { step, codec, contentHash }, proof: tree.getProof(position) };
    },
  };
}

/**
 * The last number in a file or folder name before its extension: `epoch-0012.h5` is 12, `checkpoint-500` is 500.
 * @throws CheckpointError
 */
export function stepOf(name: string): bigint {
  const last = (text: string): string | undefined => text.match(/\d+/g)?.at(-1);
  const step = last(name.replace(/\.[a-z]+\d?$/i, '')) ?? last(name);
  if (step === undefined)
    throw new CheckpointError(
      `the name of checkpoint ${name} has no number; name checkpoints by epoch or step, as in epoch-0012.pt`,
    );
  return BigInt(step);
}

export function checkpointsToJson({ checkpoints }: CheckpointBatch): string {
  const file = {
    format: 'zkinfer-checkpoints',
    version: 1,
    checkpoints: checkpoints.map((one) => ({ ...one, step: String(one.step) })),
  };
  return `${JSON.stringify(file, null, 1)}\n`;
}

/** @throws CheckpointError unless `text` is a list of checkpoints whose root is `root` */
export function checkpointsFromJson(text: string, root: string): CheckpointBatch {
  let batch: CheckpointBatch;
  try {
    batch = batchCheckpoints(fileSchema.parse(JSON.parse(text)).checkpoints);
  } catch (cause) {
    throw new CheckpointError(
      'the list of checkpoints is damaged; record the batch again from the checkpoints to have it rewritten',
      { cause },
    );
  }
  if (batch.root !== root)
    throw new CheckpointError(
      `the list of checkpoints has root ${batch.root}, but the batch on record has ${root}; it is of another batch`,
    );
  return batch;
}
