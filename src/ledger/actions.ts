/**
 * What accounts do on the market, each as a transaction that `sendOnce` sends at most once. `purpose` names the intent:
 * asked twice (or again after a crash), the same intent is the same transaction.
 *
 * The trap: a request can be reopened and taken again, so "take request 5" may rightly happen twice. Whoever may do it
 * again passes another `attempt`.
 */
import { ZeroAddress } from 'ethers';
import { NotDeployedError, type TransactionIntent, type Sender, sendOnce } from '../chain/index.js';
import { LEDGER_ABIS, MARKET_ABI } from './abi.js';
import { type Mode, MODES, marketEvent } from './market.js';

/** What is asked of a model. Money in wei, times in seconds. */
export interface Question {
  readonly modelId: bigint;
  /** 0 for the current one. */
  readonly version?: number;
  readonly mode: Mode;
  /** 32 bytes, hex, as in the proof's public signals. */
  readonly inputCommitment: string;
  readonly inputUri: string;
  /** Of the fee; default ether. */
  readonly token?: string;
  readonly fee: bigint;
  readonly bond: bigint;
  /** Last second at which it can be taken. */
  readonly deadline: number;
  readonly window: number;
  readonly licenceId?: bigint;
  /** Who gets half of the bond of a wrong answer, whoever disputes it; default nobody: the asker gets all. */
  readonly watcher?: string;
}

function call(
  market: string,
  name: string,
  values: readonly unknown[],
  purpose: string,
  action: string,
  value?: bigint,
): TransactionIntent {
  return {
    purpose,
    to: market,
    data: MARKET_ABI.encodeFunctionData(name, [...values]),
    action,
    abis: LEDGER_ABIS,
    ...(value === undefined ? {} : { value }),
  };
}

/** `nonce` tells apart questions that are otherwise the same. */
export function askRequest(market: string, question: Question, nonce: string): TransactionIntent {
  const { version = 0, token = ZeroAddress, licenceId = 0n, watcher = ZeroAddress, mode, ...rest } = question;
  const values = [{ ...rest, version, token, licenceId, watcher, mode: MODES.indexOf(mode) }];
  return call(
    market,
    'ask',
    values,
    `ask ${nonce}`,
    'asking the model',
    token === ZeroAddress ? question.fee : undefined,
  );
}

/** Asks and returns the request's number. @throws RevertedError */
export async function ask(
  sender: Sender,
  market: string,
  question: Question,
  nonce: string,
): Promise<{ readonly requestId: bigint; readonly blockNumber: number; readonly gasUsed: number }> {
  const receipt = await sendOnce(sender, askRequest(market, question, nonce));
  const asked = receipt.logs.map(marketEvent).find((event) => event?.name === 'Asked');
  if (asked === undefined)
    throw new NotDeployedError(
      `the contract at ${market} took the question without an event; it is not an inference market`,
    );
  return { requestId: asked.requestId, blockNumber: receipt.blockNumber, gasUsed: Number(receipt.gasUsed) };
}

export const takeRequest = (market: string, id: bigint, attempt: string): TransactionIntent =>
  call(market, 'take', [id], `take ${id} ${attempt}`, `taking request ${id}`);

export const answerProvedRequest = (market: string, id: bigint, output: string, proof: string): TransactionIntent =>
  call(market, 'answerProved', [id, output, proof], `answer ${id}`, `answering request ${id}`);

export const answerOptimisticRequest = (
  market: string,
  id: bigint,
  output: string,
  attempt: string,
): TransactionIntent =>
  call(market, 'answerOptimistic', [id, output], `answer ${id} ${attempt}`, `answering request ${id}`);

/** `answer` (its hash and when it is due) tells apart successive answers to one request. */
export const disputeRequest = (market: string, id: bigint, answer: string, bond: bigint): TransactionIntent =>
  call(market, 'dispute', [id], `dispute ${id} ${answer}`, `disputing the answer to request ${id}`, bond);

export const proveRequest = (market: string, id: bigint, output: string, proof: string): TransactionIntent =>
  call(market, 'prove', [id, output, proof], `prove ${id}`, `proving the answer to request ${id}`);

export const finalizeRequest = (market: string, id: bigint): TransactionIntent =>
  call(market, 'finalize', [id], `finalize ${id}`, `finalizing request ${id}`);

export const slashRequest = (market: string, id: bigint, due: number): TransactionIntent =>
  call(market, 'slash', [id], `slash ${id} ${due}`, `slashing the operator of request ${id}`);

export const cancelRequest = (market: string, id: bigint): TransactionIntent =>
  call(market, 'cancel', [id], `cancel ${id}`, `cancelling request ${id}`);

export const stakeRequest = (market: string, amount: bigint, nonce: string): TransactionIntent =>
  call(market, 'stake', [], `stake ${amount} ${nonce}`, 'staking', amount);

export const unbondRequest = (market: string, amount: bigint, nonce: string): TransactionIntent =>
  call(market, 'unbond', [amount], `unbond ${amount} ${nonce}`, 'unbonding stake');

export const withdrawStakeRequest = (market: string, to: string, nonce: string): TransactionIntent =>
  call(market, 'withdrawStake', [to], `withdraw stake ${nonce}`, 'withdrawing stake');

export const withdrawRequest = (market: string, token: string, to: string, nonce: string): TransactionIntent =>
  call(market, 'withdraw', [token, to], `withdraw ${token} ${nonce}`, 'withdrawing earnings');

export const forwardRoyaltiesRequest = (
  market: string,
  model: { readonly modelId: bigint; readonly version: number },
  token: string,
  holder: string,
  nonce: string,
): TransactionIntent =>
  call(
    market,
    'forwardRoyalties',
    [model.modelId, model.version, token, holder],
    `forward ${model.modelId} ${token} ${nonce}`,
    'forwarding royalties',
  );
