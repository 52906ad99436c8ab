/**
 * What the integrity ledger's transactions cost, as the receipts of a local chain say, beside the bare verification of
 * a proof.
 */
import { toBeHex } from 'ethers';
import { memoryJournal } from '../chain/journal.js';
import type { Rpc } from '../chain/rpc.js';
import { developmentSigner } from '../chain/signer.js';
import { type TransactionIntent, type Sender, sendOnce } from '../chain/transactions.js';
import { ATTESTATIONS_ABI } from '../chain/abi.js';
import type { Groth16Backend } from '../groth16/types.js';
import {
  answerOptimisticRequest,
  answerProvedRequest,
  ask,
  DEFAULT_MARKET,
  finalizeRequest,
  forwardRoyaltiesRequest,
  type Mode,
  stakeRequest,
  takeRequest,
  withdrawRequest,
} from '../ledger/index.js';
import type { Artifact } from '../provenance/artifact.js';
import { batchCheckpoints } from '../provenance/checkpoints.js';
import { recordArtifact } from '../provenance/ledger.js';
import { middleInputs } from '../integer/encode.js';
import { openMarket } from '../scenario/market.js';
import { callersProof, contextFor, inferenceCalldata } from '../solidity/index.js';
import { openProver } from '../workflow/prove.js';
import { readVerificationKey } from '../workflow/verify.js';

/** A transaction's gas, and the most that it may cost; above `over`, where that is given. */
export interface LedgerGas {
  readonly name: string;
  readonly gas: number;
  /** Gas of the bare ERC-7992 `verifyInference` of a proof for the same model, which the limit is on top of. */
  readonly over?: number;
  readonly limit?: number;
}

const ETHER = 10n ** 18n;
const FEE = ETHER / 10n;
const CHECKPOINTS = 1_000;
const ZERO = `0x${'0'.repeat(40)}`;
/**
 * Numbers that stand for digests: they have hardly a zero byte, as digests have, and calldata costs more by non-zero
 * bytes.
 */
const digest = (n: number): string => toBeHex(2n ** 256n - 3n ** 150n * BigInt(n + 1), 32);

/** Runs every transaction once, with the build in `folder`. */
export async function measureLedger(rpc: Rpc, folder: string, backend: Groth16Backend): Promise<LedgerGas[]> {
  const journal = memoryJournal();
  const [owner, asker, operator, newcomer]: Sender[] = [1, 2, 3, 4].map((index) => ({
    rpc,
    signer: developmentSigner(index),
    journal,
  }));
  const market = await openMarket(owner, folder, DEFAULT_MARKET);
  const prover = await openProver(folder, backend);
  const key = await readVerificationKey(folder);
  const input = middleInputs(prover.model.inputs);
  const gasOf = async (sender: Sender, request: TransactionIntent): Promise<number> =>
    Number((await sendOnce(sender, request)).gasUsed);
  try {
    const salts = prover.infer(input).salts;
    const provedFor = async (context: bigint) => {
      const { proof, publicSignals } = await prover.prove(input, { context, salts });
      return inferenceCalldata(key, prover.manifest, proof, publicSignals);
    };
    const { inputCommitment } = await provedFor(0n);
    let questions = 0;
    const question = async (mode: Mode): Promise<bigint> => {
      const block = await rpc.provider.getBlock('latest');
      const wish = {
        modelId: market.model.modelId,
        mode,
        inputCommitment,
        inputUri: '',
        fee: FEE,
        bond: DEFAULT_MARKET.minBond,
        deadline: block!.timestamp + 3_600,
        window: 600,
      };
      return (await ask(asker, market.address, wish, `gas ${(questions += 1)}`)).requestId;
    };
    const taken = async (who: Sender, mode: Mode): Promise<bigint> => {
      const id = await question(mode);
      await sendOnce(who, takeRequest(market.address, id, 'once'));
      return id;
    };
    const proved = async (who: Sender, id: bigint): Promise<number> => {
      const { output, proof } = await provedFor(
        contextFor({ chainId: rpc.chainId, contract: market.address, account: who.signer.address, nonce: id }),
      );
      return await gasOf(who, answerProvedRequest(market.address, id, output, proof));
    };
    for (const who of [operator, newcomer]) await sendOnce(who, stakeRequest(market.address, ETHER, 'gas'));

    const { output, proof } = await provedFor(
      contextFor({ chainId: rpc.chainId, contract: market.attestations, account: operator.signer.address, nonce: 1n }),
    );
    const bare = await gasOf(operator, {
      purpose: 'bare verification',
      to: market.attestations,
      data: ATTESTATIONS_ABI.encodeFunctionData('verifyInference', [
        market.model.modelId,
        inputCommitment,
        output,
        callersProof(1n, proof),
      ]),
      action: 'verifying',
      abis: [ATTESTATIONS_ABI],
    });
    const modelsFirst = await proved(operator, await taken(operator, 'proved'));
    // Emptied, as after every withdrawal.
    await sendOnce(operator, withdrawRequest(market.address, ZERO, operator.signer.address, 'gas'));
    await sendOnce(operator, forwardRoyaltiesRequest(market.address, market.model, ZERO, owner.signer.address, 'gas'));
    const answers = {
      'proved answer': await proved(operator, await taken(operator, 'proved')),
      'proved answer, not taken before': await proved(operator, await question('proved')),
      "an operator's first proved answer": await proved(newcomer, await taken(newcomer, 'proved')),
    };
    const optimistic = await taken(operator, 'optimistic');
    const answer = await gasOf(operator, answerOptimisticRequest(market.address, optimistic, output, 'once'));
    await rpc.provider.send('evm_increaseTime', [DEFAULT_MARKET.challengeWindow + 1]);
    const finalized = await gasOf(operator, finalizeRequest(market.address, optimistic));
    return [
      { name: 'bare `verifyInference` (ERC-7992)', gas: bare },
      ...Object.entries(answers).map(([name, gas]) => ({ name, gas, over: bare, limit: 60_000 })),
      { name: "a model's first proved answer", gas: modelsFirst, over: bare },
      { name: 'optimistic answer', gas: answer, limit: 90_000 },
      { name: '`finalize` of it', gas: finalized },
      ...(await measureProvenance(owner, market.ledger.provenance.address)),
    ];
  } finally {
    await prover.close();
  }
}

/** Artifacts with one contributor, who records them. */
async function measureProvenance(owner: Sender, ledger: string): Promise<LedgerGas[]> {
  const contributors = [{ account: owner.signer.address, weight: 1 }];
  const record = async (artifact: Pick<Artifact, 'kind' | 'codec' | 'contentHash' | 'parents'>) =>
    await recordArtifact(owner, ledger, {
      licence: 'CC-BY-4.0',
      parentsBps: artifact.parents.length === 0 ? 0 : 5_000,
      contributors,
      ...artifact,
    });
  const first = await record({ kind: 'data-set', codec: 0x70, contentHash: digest(0), parents: [] });
  const data = await record({ kind: 'data-set', codec: 0x70, contentHash: digest(1), parents: [] });
  const run = await record({
    kind: 'training-run',
    codec: 0x70,
    contentHash: digest(2),
    parents: [first.artifactId, data.artifactId],
  });
  const checkpoints = Array.from({ length: CHECKPOINTS }, (_, i) => ({
    name: String(i),
    step: BigInt(i),
    codec: 0x70,
    contentHash: digest(i),
  }));
  const batch = await record({
    kind: 'checkpoint-batch',
    codec: 0,
    contentHash: batchCheckpoints(checkpoints).root,
    parents: [run.artifactId],
  });
  return [
    { name: 'record an artifact with two parents', gas: run.gasUsed, limit: 120_000 },
    {
      name: `record ${CHECKPOINTS.toLocaleString('en-US')} checkpoints under one root`,
      gas: batch.gasUsed,
      limit: 150_000,
    },
  ];
}
