/** Scores on chain: the contract `ScoreBoard`, which adds up proved chunks of a data set. */
import { Interface } from 'ethers';
import type { Proof, VerificationKey } from '../groth16/types.js';
import type { Manifest } from '../manifest.js';
import { compileContracts, inferenceCalldata } from '../solidity/index.js';
import { ATTESTATIONS_ABI } from './abi.js';
import { requireCode } from './code.js';
import { type Deployed, deployContract } from './deploy.js';
import type { Rpc } from './rpc.js';
import { type Sender, sendOnce } from './transactions.js';

export const SCORE_BOARD_ABI = new Interface([
  'function openScore(uint256 modelId, uint32 version, bytes32 root, uint32 chunks, uint32 rows) returns (bytes32 id)',
  'function recordChunk(bytes32 id, uint32 chunk, bytes32 commitment, bytes32[] path, bytes output, bytes proof)',
  'function scoreOf(bytes32 id) view returns (uint32 rows, uint32 right)',
  'function confusionOf(bytes32 id) view returns (uint32[] counts)',
  'function progressOf(bytes32 id) view returns ((uint256 modelId, uint32 version, bytes32 dataset, uint32 chunks, uint32 recorded, uint32 rows, uint32 counted, uint8 classes) progress)',
  'function isRecorded(bytes32 id, uint32 chunk) view returns (bool)',
  'function scoreId(uint256 modelId, uint32 version, bytes32 dataset) pure returns (bytes32 id)',
  'error ScoreAlreadyOpen(bytes32 scoreId)',
  'error ScoreNotFound(bytes32 scoreId)',
  'error EmptyDataset()',
  'error NotATally(uint256 modelId, uint32 version)',
  'error ChunkAlreadyRecorded(bytes32 scoreId, uint32 chunk)',
  'error NotInDataset(uint32 chunk, bytes32 commitment)',
  'error WrongOutputLength(uint256 length)',
  'error RowsMismatch(uint32 rows, uint256 counted)',
  'error ScoreNotComplete(bytes32 scoreId, uint32 recorded, uint32 chunks)',
]);

/** A model as registered, and the board that its scores stand on. */
export interface ScoredModel {
  /** Address of the board. */
  readonly board: string;
  readonly modelId: bigint;
  readonly version: number;
  readonly key: VerificationKey;
  readonly manifest: Pick<Manifest, 'publicSignals'>;
}

/** A data set as the board knows it. */
export interface DatasetOnBoard {
  readonly root: string;
  readonly id: string;
  readonly chunks: number;
  readonly rows: number;
}

/** A proof of a chunk, and where the chunk is in the data set. */
export interface ChunkOnBoard {
  readonly chunk: number;
  readonly path: readonly string[];
  readonly proof: Proof;
  readonly publicSignals: readonly string[];
}

export interface ScoreOnBoard {
  readonly rows: number;
  readonly right: number;
  /** Element label * classes + taken. */
  readonly confusion: readonly number[];
}

/** Deploys a board over the attestations contract at `attestations`. Nobody administers it. */
export async function deployScoreBoard(sender: Sender, attestations: string): Promise<Deployed> {
  await requireCode(sender, attestations, 'attestations contract');
  const { ScoreBoard } = await compileContracts('ScoreBoard.sol');
  return await deployContract(sender, ScoreBoard, 'deploying the score board', ['address'], [attestations]);
}

/** The board's code as it is compiled here; compiled once for a machine. */
export async function scoreBoardCode(): Promise<string> {
  return (await compileContracts('ScoreBoard.sol')).ScoreBoard.deployedBytecode;
}

const abis = [SCORE_BOARD_ABI, ATTESTATIONS_ABI];

/** Opens the score of a model on a data set, unless it is open. Gives its identifier. */
export async function openScore(sender: Sender, model: ScoredModel, dataset: DatasetOnBoard): Promise<string> {
  await requireCode(sender, model.board, 'score board');
  const id = await scoreIdOf(sender.rpc, model, dataset);
  if (await isOpen(sender.rpc, model.board, id)) return id;
  const values = [model.modelId, model.version, dataset.root, dataset.chunks, dataset.rows];
  await sendOnce(sender, {
    purpose: `open score ${id}`,
    to: model.board,
    data: SCORE_BOARD_ABI.encodeFunctionData('openScore', values),
    action: 'opening the score',
    abis,
  });
  return id;
}

/** Records a chunk, unless it is on record. Gives the gas, 0 where nothing was sent. @throws RevertedError */
export async function recordChunk(
  sender: Sender,
  model: ScoredModel,
  id: string,
  { chunk, path, proof, publicSignals }: ChunkOnBoard,
): Promise<number> {
  const [isRecorded] = await ask(sender.rpc, model.board, 'isRecorded', [id, chunk]);
  if (isRecorded) return 0;
  const call = inferenceCalldata(model.key, model.manifest, proof, publicSignals);
  const values = [id, chunk, call.inputCommitment, path, call.output, call.proof];
  const receipt = await sendOnce(sender, {
    purpose: `record chunk ${chunk} of score ${id}`,
    to: model.board,
    data: SCORE_BOARD_ABI.encodeFunctionData('recordChunk', values),
    action: `recording chunk ${chunk}`,
    abis,
  });
  return Number(receipt.gasUsed);
}

/** The score; undefined until every chunk is on record. */
export async function readScore(rpc: Rpc, board: string, id: string): Promise<ScoreOnBoard | undefined> {
  const [{ chunks, recorded }] = await ask(rpc, board, 'progressOf', [id]);
  if (chunks !== recorded) return undefined;
  const [rows, right] = await ask(rpc, board, 'scoreOf', [id]);
  const [counts] = await ask(rpc, board, 'confusionOf', [id]);
  return { rows: Number(rows), right: Number(right), confusion: Array.from(counts as bigint[], Number) };
}

async function scoreIdOf(rpc: Rpc, { board, modelId, version }: ScoredModel, dataset: DatasetOnBoard): Promise<string> {
  const [id] = await ask(rpc, board, 'scoreId', [modelId, version, dataset.id]);
  return id as string;
}

async function isOpen(rpc: Rpc, board: string, id: string): Promise<boolean> {
  const opened = SCORE_BOARD_ABI.getError('ScoreNotFound')!.selector;
  try {
    await ask(rpc, board, 'progressOf', [id]);
    return true;
  } catch (error) {
    if (
      (error as { data?: unknown }).data === undefined ||
      !String((error as { data: unknown }).data).startsWith(opened)
    )
      throw error;
    return false;
  }
}

async function ask(rpc: Rpc, board: string, name: string, values: readonly unknown[]) {
  const data = await rpc.provider.call({ to: board, data: SCORE_BOARD_ABI.encodeFunctionData(name, values) });
  return SCORE_BOARD_ABI.decodeFunctionResult(name, data);
}
