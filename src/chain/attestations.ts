/**
 * Attestations read back. Storage holds an attestation's block, which finds its event without a search; by model or
 * prover the indexed events are searched, in ranges as small as the RPC wants them.
 *
 * The trap: an attestation made alone has an event of its own, those made in a batch share one, which carries no ids:
 * they are computed from what it does carry.
 */
import { AbiCoder, dataLength, dataSlice, keccak256, type Log, toBeHex, zeroPadValue } from 'ethers';
import { ATTESTATIONS_ABI } from './abi.js';
import { readBlockRanges } from './logs.js';
import type { Rpc } from './rpc.js';

export interface Attestation {
  /** 32 bytes, hex: keccak256(abi.encode(modelId, version, inputCommitment, context)). */
  readonly id: string;
  readonly modelId: bigint;
  readonly version: number;
  /** Account that sent the proof, with checksum. */
  readonly prover: string;
  /** 32 bytes, hex. */
  readonly inputCommitment: string;
  readonly context: bigint;
  /** The public output signals, 32 bytes each, hex. */
  readonly output: string;
  readonly blockNumber: number;
  readonly transaction: string;
}

export interface AttestationFilter {
  readonly modelId?: bigint;
  readonly prover?: string;
}

/** Blocks asked for at once, at most. */
const BLOCK_RANGE = 10_000;

const ATTESTED = ATTESTATIONS_ABI.getEvent('InferenceAttested')!.topicHash;
const BATCH_ATTESTED = ATTESTATIONS_ABI.getEvent('InferencesAttested')!.topicHash;

/** The attestation with this id; undefined if there is none. */
export async function findAttestation(rpc: Rpc, contract: string, id: string): Promise<Attestation | undefined> {
  const data = await rpc.provider.call({
    to: contract,
    data: ATTESTATIONS_ABI.encodeFunctionData('attestationOf', [id]),
  });
  const [blockNumber] = ATTESTATIONS_ABI.decodeFunctionResult('attestationOf', data) as unknown as [bigint];
  if (blockNumber === 0n) return undefined;
  const logs = await rpc.provider.getLogs({
    address: contract,
    topics: [[ATTESTED, BATCH_ATTESTED]],
    fromBlock: Number(blockNumber),
    toBlock: Number(blockNumber),
  });
  return logs.flatMap(toAttestations).find((attestation) => attestation.id === id);
}

/**
 * Every attestation that passes `filter` in blocks `fromBlock` (the contract's own, say) to `toBlock`, oldest first.
 */
export async function listAttestations(
  rpc: Rpc,
  contract: string,
  filter: AttestationFilter = {},
  fromBlock = 0,
  toBlock?: number,
): Promise<Attestation[]> {
  const last = toBlock ?? (await rpc.provider.getBlockNumber());
  return await readBlockRanges(fromBlock, last, BLOCK_RANGE, async (first, to) => {
    const logs = await Promise.all(
      topics(filter).map((one) =>
        rpc.provider.getLogs({ address: contract, topics: one, fromBlock: first, toBlock: to }),
      ),
    );
    return logs
      .flat()
      .sort((a, b) => a.blockNumber - b.blockNumber || a.index - b.index)
      .flatMap(toAttestations);
  });
}

/** Topics of the two events; the batch's has no id before model and prover. */
function topics(filter: AttestationFilter): (string | null)[][] {
  const model = filter.modelId === undefined ? null : toBeHex(filter.modelId, 32);
  const prover = filter.prover === undefined ? null : zeroPadValue(filter.prover, 32);
  return [
    [ATTESTED, null, model, prover],
    [BATCH_ATTESTED, model, prover],
  ];
}

/** The attestations in an `InferenceAttested` or `InferencesAttested` log; none in any other. */
export function toAttestations(log: Pick<Log, 'topics' | 'data' | 'blockNumber' | 'transactionHash'>): Attestation[] {
  if (log.topics[0] !== ATTESTED && log.topics[0] !== BATCH_ATTESTED) return [];
  const { args } = ATTESTATIONS_ABI.parseLog({ topics: [...log.topics], data: log.data })!;
  const common = {
    modelId: args.modelId as bigint,
    version: Number(args.version),
    prover: args.prover as string,
    blockNumber: log.blockNumber,
    transaction: log.transactionHash,
  };
  const one = (inputCommitment: string, context: bigint, output: string): Attestation => ({
    id: attestationId(common.modelId, common.version, inputCommitment, context),
    ...common,
    inputCommitment,
    context,
    output,
  });
  if (log.topics[0] === ATTESTED) return [one(args.inputCommitment, args.context, args.output)];
  const commitments: string[] = [...args.inputCommitments];
  const size = dataLength(args.outputs) / commitments.length;
  return commitments.map((commitment, i) =>
    one(commitment, args.contexts[i], dataSlice(args.outputs, i * size, (i + 1) * size)),
  );
}

/** keccak256(abi.encode(modelId, version, inputCommitment, context)), as the contract's `attestationId` computes it. */
export function attestationId(modelId: bigint, version: number, inputCommitment: string, context: bigint): string {
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ['uint256', 'uint32', 'bytes32', 'uint256'],
      [modelId, version, inputCommitment, context],
    ),
  );
}
