/** Scores of a registered build, chunk by chunk on a score board. */
import { readDeployment } from '../chain/deployment.js';
import { codeDiffers } from '../chain/code.js';
import {
  deployScoreBoard,
  openScore,
  readScore,
  recordChunk,
  scoreBoardCode,
  type ScoreOnBoard,
} from '../chain/score-board.js';
import { compileCached } from '../solidity/index.js';
import { readManifest } from './build-folder.js';
import { compileVerifier, requirePart, requireRegistered, withSender, type ChainOptions } from './contract.js';
import { ScoreError } from './errors.js';
import type { Score } from './score.js';
import { readVerificationKey } from './verify.js';

export interface SubmitScoreOptions extends ChainOptions {
  /** Address of a board over the registry's attestations contract. Default: one that the signer deploys, once. */
  readonly board?: string;
}

export interface SubmittedScore {
  readonly board: string;
  readonly scoreId: string;
  readonly chainId: number;
  /** What the board says, all chunks being there. */
  readonly score: ScoreOnBoard;
  /** Of the transactions sent now that record chunks. */
  readonly gasUsed: number;
  readonly notKnown: readonly string[];
}

/**
 * Records what is not on record yet, and reads the score back.
 * @throws NotReadyError where the build is not registered, RevertedError with the board's reason, ScoreError where the
 *   board says something else than the proofs
 */
export async function submitScore(
  folder: string,
  { dataset, rows, right, confusion, chunks }: Score,
  options: SubmitScoreOptions,
): Promise<SubmittedScore> {
  const manifest = await readManifest(folder);
  const key = await readVerificationKey(folder);
  const artifact = await compileVerifier(folder, compileCached);
  return await withSender(folder, options, async (sender, chain) => {
    const deployment = await readDeployment(folder, chain.rpc);
    const { id, version } = requirePart(deployment, 'model', folder);
    const attestations = requirePart(deployment, 'attestations', folder).address;
    const registered = { folder, attestations, registry: deployment.registry?.address, modelId: BigInt(id), version };
    const notKnown = await requireRegistered(chain.rpc, registered, manifest, key, artifact);
    const board = options.board ?? (await deployScoreBoard(sender, attestations)).address;
    if (await codeDiffers(chain.rpc, board, await scoreBoardCode()))
      notKnown.push(`whether the board at ${board} counts each chunk once: its code is not this package's`);
    const model = { board, modelId: BigInt(id), version, key, manifest };
    const scoreId = await openScore(sender, model, { ...dataset, chunks: chunks.length, rows });
    let gasUsed = 0;
    for (const [chunk, { file, path }] of chunks.entries())
      gasUsed += await recordChunk(sender, model, scoreId, { ...file, chunk, path });
    const score = await readScore(chain.rpc, board, scoreId);
    const same = score?.rows === rows && score.right === right && score.confusion.join() === confusion.flat().join();
    if (score === undefined || !same)
      throw new ScoreError(`the board at ${board} says something else than the proofs; do not rely on it`);
    await chain.save();
    return { board, scoreId, chainId: chain.rpc.chainId, score, gasUsed, notKnown };
  });
}
