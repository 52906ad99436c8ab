/**
 * Sends what must happen once, once. EIP-1559 transactions (older ones where the chain has no base fee), simulated
 * before they are signed, journalled before they are sent, followed to their confirmations.
 *
 * The trap: "nonce too low" after a lost answer usually means that our own transaction was mined. So every refusal is
 * checked against the chain by transaction hash before it is believed, and an intent gets a new nonce only when another
 * transaction was mined with its old one, because only then can the old one never be.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { getAddress, id, type Interface, isError, Transaction, type TransactionReceipt } from 'ethers';
import {
  InsufficientFundsError,
  NonceError,
  RecordError,
  RevertedError,
  RpcResponseError,
  TransactionPendingError,
} from './errors.js';
import type { Journal, Signed } from './journal.js';
import { decodeRevert, revertData } from './reverts.js';
import type { Rpc } from './rpc.js';
import type { Signer } from './signer.js';

/** Who sends, where, and how patiently. */
export interface Sender {
  readonly rpc: Rpc;
  readonly signer: Signer;
  readonly journal: Journal;
  /** Blocks that must include or follow the transaction's own; default 1, the block itself. */
  readonly confirmations?: number;
  /** Milliseconds to wait for them; default two minutes. */
  readonly timeoutMs?: number;
  /** Runs after each mined transaction; a chain kept in a folder saves itself here. */
  readonly onMined?: () => Promise<void>;
}

export interface TransactionIntent {
  /** What must happen once; with chain and sender it identifies the intent in the journal. */
  readonly purpose: string;
  /** Contract called; null to create one. */
  readonly to: string | null;
  readonly data: string;
  /** Wei sent along; default none. */
  readonly value?: bigint;
  /** For messages, as in "attesting the inference was refused by …". */
  readonly action: string;
  /** ABIs that name the custom errors of every contract in the call. */
  readonly abis: readonly Interface[];
  /**
   * Gas limit; default: estimated. Needed where the contract answers failure instead of reverting, since an estimate is
   * the least gas with which a call does not revert.
   */
  readonly gas?: bigint;
}

const POLL_MS = 200;
const DEFAULT_TIMEOUT_MS = 120_000;
/** Estimates are for the pending block; state may be a little costlier when the transaction runs. */
const GAS_MARGIN_PERCENT = 115n;
/** Nodes accept a replacement at the same nonce from 10 % more fees on. */
const REPLACEMENT_PERCENT = 113n;
/** One gwei, for nodes that suggest none. */
const USUAL_PRIORITY_FEE = 1_000_000_000n;
/** Times a nonce may be lost to other transactions of the account, or refused without reason, before giving up. */
const NONCE_ATTEMPTS = 8;
/** Looks without a receipt after which something may be wrong with the pool. */
const STUCK_LOOKS = 25;
/** Of a transaction that does nothing. */
const TRANSFER_GAS = 21_000n;
/** Consecutive looks that must agree that a nonce is used up by another transaction; nodes behind one URL may lag. */
const LOST_LOOKS = 3;

/** Sends `request` unless it was sent before; returns the receipt of the one transaction that carries it. */
export async function sendOnce(sender: Sender, request: TransactionIntent): Promise<TransactionReceipt> {
  const from = sender.signer.address;
  const intent = id(JSON.stringify([sender.rpc.genesisHash, sender.rpc.chainId, from, request.to, request.purpose]));
  const deadline = Date.now() + (sender.timeoutMs ?? DEFAULT_TIMEOUT_MS);

  for (let attempt = 0; attempt < NONCE_ATTEMPTS; attempt++) {
    const signed = await inTurn(turnOf(sender), async () => {
      let mined = false;
      const ready = await sender.journal.update(intent, async (known) => {
        mined = known !== undefined && (await minedReceipt(sender.rpc, known)) !== undefined;
        return mined ? known! : await signOrResume(sender, request, known);
      });
      if (!mined) await broadcast(sender, ready, deadline);
      return ready;
    });
    const finish = (kept: Signed | undefined) =>
      sender.journal.update(intent, async (now) => (now?.nonce === signed.nonce ? kept : now));
    const receipt = await follow(sender, signed, deadline);
    if (receipt !== undefined) requireOwn(request, receipt, from);
    if (receipt === undefined) {
      await finish(undefined); // Its nonce went to another transaction: it can never be mined.
      continue;
    }
    await sender.onMined?.();
    if (receipt.status !== 1) {
      await finish(undefined);
      throw await minedRevert(sender, request, receipt);
    }
    await finish({ nonce: signed.nonce, hashes: signed.hashes });
    return receipt;
  }
  throw new NonceError(
    `${request.action}: the nonces of ${from} kept going to other transactions; is another program sending from this account?`,
  );
}

/**
 * What would happen to `request` if it were sent now: the gas limit it needs, or RevertedError with the contract's own
 * reason. Sends nothing.
 */
export async function simulate(sender: Pick<Sender, 'rpc' | 'signer'>, request: TransactionIntent): Promise<bigint> {
  const call = { from: sender.signer.address, to: request.to, data: request.data, value: request.value ?? 0n };
  try {
    const estimate = await sender.rpc.provider.estimateGas(call);
    return request.gas ?? (estimate * GAS_MARGIN_PERCENT) / 100n;
  } catch (error) {
    throw refusal(sender, request, error);
  }
}

/**
 * The journalled transaction, signed again where its fees no longer do; or a new one. A journalled nonce stays while it
 * is free.
 */
async function signOrResume(sender: Sender, request: TransactionIntent, known: Signed | undefined): Promise<Signed> {
  const { provider } = sender.rpc;
  const from = sender.signer.address;
  if (known === undefined || (await provider.getTransactionCount(from, 'latest')) > known.nonce) {
    return await sign(sender, request, await provider.getTransactionCount(from, 'pending'));
  }
  if (known.raw === undefined) return await sign(sender, request, known.nonce, undefined, known.hashes);
  const old = Transaction.from(known.raw);
  const { least } = await fees(sender);
  return priceOf(old) >= least ? known : await sign(sender, request, known.nonce, old, known.hashes);
}

async function sign(
  sender: Sender,
  request: TransactionIntent,
  nonce: number,
  replaced?: Transaction,
  hashes: readonly string[] = [],
): Promise<Signed> {
  const gas = await simulate(sender, request);
  const { offer } = await fees(sender);
  const raised = (fee: bigint, old: bigint | null | undefined) => {
    const least = ((old ?? 0n) * REPLACEMENT_PERCENT) / 100n;
    return fee > least ? fee : least;
  };
  const price =
    offer.type === 0
      ? { type: 0, gasPrice: raised(offer.gasPrice, replaced && priceOf(replaced)) }
      : {
          type: 2,
          maxFeePerGas: raised(offer.maxFeePerGas, replaced && priceOf(replaced)),
          maxPriorityFeePerGas: raised(offer.maxPriorityFeePerGas, replaced?.maxPriorityFeePerGas),
        };
  const raw = await sender.signer.signTransaction({
    ...price,
    chainId: sender.rpc.chainId,
    nonce,
    to: request.to,
    data: request.data,
    value: request.value ?? 0n,
    gasLimit: gas,
  });
  return { nonce, hashes: [...hashes, Transaction.from(raw).hash!] as Signed['hashes'], raw };
}

/** What a transaction pays for gas, in wei: by EIP-1559, or as before it. */
type Price =
  | { readonly type: 2; readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint }
  | { readonly type: 0; readonly gasPrice: bigint };

interface Fees {
  /** What a transaction must offer to be mined now. */
  readonly least: bigint;
  readonly offer: Price;
  /** Enough now, and less than `offer`. */
  readonly modest: Price;
}

/** The most that a transaction pays for a unit of gas. */
function priceOf({ maxFeePerGas, gasPrice }: Transaction): bigint {
  return maxFeePerGas ?? gasPrice ?? 0n;
}

/**
 * By EIP-1559, twice the base fee covers six full blocks in a row; the priority fee is the node's suggestion. (Not
 * ethers' getFeeData, which takes a base fee of zero, as private chains have, for none.) On a chain without base fee,
 * the node's gas price.
 */
async function fees({ rpc }: Sender): Promise<Fees> {
  const block = await rpc.provider.getBlock('latest');
  const baseFee = block?.baseFeePerGas;
  if (baseFee == null) return await legacyFees(rpc);
  const suggestion = (await rpc.provider.send('eth_maxPriorityFeePerGas', []).catch((error) => {
    if (isError(error, 'UNKNOWN_ERROR') || isError(error, 'UNSUPPORTED_OPERATION')) return USUAL_PRIORITY_FEE;
    throw error;
  })) as string | bigint;
  const maxPriorityFeePerGas = BigInt(suggestion);
  return {
    least: baseFee,
    offer: { type: 2, maxFeePerGas: 2n * baseFee + maxPriorityFeePerGas, maxPriorityFeePerGas },
    modest: { type: 2, maxFeePerGas: baseFee + baseFee / 4n + maxPriorityFeePerGas, maxPriorityFeePerGas },
  };
}

/**
 * A quarter above the node's price, which is what was paid lately; there is no base fee that would bound how it moves.
 */
async function legacyFees(rpc: Rpc): Promise<Fees> {
  const answer = await rpc.provider.send('eth_gasPrice', []);
  if (typeof answer !== 'string' || !/^0x[0-9a-fA-F]+$/.test(answer)) {
    throw new RpcResponseError(`the RPC at ${rpc.host} gives neither a base fee (EIP-1559) nor a gas price`);
  }
  const gasPrice = BigInt(answer);
  // `least` is half the price: a transaction sent earlier is signed again, at a higher price, only where it offers less
  // than that.
  return {
    least: gasPrice / 2n,
    offer: { type: 0, gasPrice: gasPrice + gasPrice / 4n },
    modest: { type: 0, gasPrice },
  };
}

/** Hands the transaction to the node; returns when the node has it, or when its nonce is used up (left to `follow`). */
async function broadcast(sender: Sender, signed: Signed, deadline: number): Promise<void> {
  const { provider } = sender.rpc;
  let refused: unknown;
  for (let attempt = 0; attempt < NONCE_ATTEMPTS; attempt++) {
    try {
      await provider.send('eth_sendRawTransaction', [signed.raw]);
      return;
    } catch (error) {
      if (/already known|already imported|known transaction/i.test(rpcMessage(error))) return;
      if (await isKnown(sender.rpc, signed)) return;
      if (isError(error, 'INSUFFICIENT_FUNDS') || /insufficient funds/i.test(rpcMessage(error))) {
        throw new InsufficientFundsError(
          `account ${sender.signer.address} cannot pay the transaction's gas; send it some ether`,
          {
            cause: error,
          },
        );
      }
      if (!/nonce|replacement|underpriced/i.test(rpcMessage(error))) {
        throw error instanceof Error && 'attempts' in error
          ? error
          : new RpcResponseError(`the RPC at ${sender.rpc.host} refused the transaction: ${rpcMessage(error)}`, {
              cause: error,
            });
      }
      refused = error;
    }
    if ((await provider.getTransactionCount(sender.signer.address, 'latest')) > signed.nonce) return;
    if (Date.now() > deadline) break;
    await sleep(POLL_MS * (attempt + 1));
  }
  throw new NonceError(
    `the RPC at ${sender.rpc.host} keeps refusing nonce ${signed.nonce} of ${sender.signer.address}: ${rpcMessage(refused)}; ` +
      'another transaction of this account may be pending',
    { cause: refused },
  );
}

/** Waits for the receipt with its confirmations; undefined if another transaction was mined with the nonce. */
async function follow(sender: Sender, signed: Signed, deadline: number): Promise<TransactionReceipt | undefined> {
  const { rpc, signer, confirmations = 1 } = sender;
  const started = Date.now();
  let lostLooks = 0;
  for (let look = 1; ; look++) {
    // Read the count before the receipt: otherwise a block mined between the two reads would look like another
    // transaction with this nonce.
    const used = (await rpc.provider.getTransactionCount(signer.address, 'latest')) > signed.nonce;
    const receipt = await minedReceipt(rpc, signed);
    if (receipt !== undefined) {
      lostLooks = 0;
      if ((await rpc.provider.getBlockNumber()) - receipt.blockNumber + 1 >= confirmations) return receipt;
    } else if (used && ++lostLooks >= LOST_LOOKS) {
      return undefined;
    } else if (look % STUCK_LOOKS === 0 && signed.raw !== undefined) {
      // Fallen out of the node's pool. The same bytes again are the same transaction.
      if (!(await isKnown(rpc, signed)))
        await rpc.provider.send('eth_sendRawTransaction', [signed.raw]).catch(() => undefined);
      // Not at the first time: until then, other intents of this account may be sending their own transactions again.
      if (look > STUCK_LOOKS) await inTurn(turnOf(sender), () => fillGap(sender, signed.nonce));
    }
    if (Date.now() > deadline) throw new TransactionPendingError(signed.hashes.at(-1)!, (Date.now() - started) / 1000);
    await sleep(POLL_MS);
  }
}

/**
 * Spends the nonces below `nonce` that no transaction holds. After a reorganization the intents that had them may be
 * gone for good (what they acted on was never asked), and everything above would wait for ever. An intent that still
 * has such a nonce sees that another transaction was mined with it, and takes a new one.
 */
async function fillGap(sender: Sender, nonce: number): Promise<void> {
  const { rpc, signer } = sender;
  for (let free = await rpc.provider.getTransactionCount(signer.address, 'pending'); free < nonce; free++) {
    // Offer less than `sign` does: where a node does not count pending transactions, this one must not replace the
    // transaction of an intent.
    const { modest } = await fees(sender);
    const nothing = {
      ...modest,
      chainId: rpc.chainId,
      nonce: free,
      to: signer.address,
      value: 0n,
      gasLimit: TRANSFER_GAS,
    };
    // The node refuses it where another transaction took the nonce meanwhile; the gap is then filled as well.
    await rpc.provider.send('eth_sendRawTransaction', [await signer.signTransaction(nothing)]).catch(() => undefined);
  }
}

/** A journal that came with somebody's folder may name any transaction for what is to be done. @throws RecordError */
function requireOwn({ to, action }: TransactionIntent, receipt: TransactionReceipt, from: string): void {
  if (receipt.from === from && (receipt.to ?? null) === (to === null ? null : getAddress(to))) return;
  throw new RecordError(
    `the journal names ${receipt.hash} for ${action}, and that transaction is of ${receipt.from} to ${receipt.to ?? 'a new contract'}: ` +
      'the journal is not of this account; move transactions.json away',
  );
}

async function minedReceipt(rpc: Rpc, signed: Signed): Promise<TransactionReceipt | undefined> {
  for (const hash of signed.hashes) {
    const receipt = await rpc.provider.getTransactionReceipt(hash);
    if (receipt !== null) return receipt;
  }
  return undefined;
}

async function isKnown(rpc: Rpc, signed: Signed): Promise<boolean> {
  const found = await Promise.all(signed.hashes.map((hash) => rpc.provider.send('eth_getTransactionByHash', [hash])));
  return found.some((transaction) => transaction !== null);
}

/** Why a mined transaction failed: the same call on the state before its block. */
async function minedRevert(sender: Sender, request: TransactionIntent, receipt: TransactionReceipt): Promise<Error> {
  try {
    await sender.rpc.provider.call({
      from: receipt.from,
      to: request.to,
      data: request.data,
      value: request.value ?? 0n,
      gasLimit: receipt.gasUsed * 2n,
      blockTag: receipt.blockNumber - 1,
    });
  } catch (error) {
    const data = revertData(error);
    if (data !== undefined) return decodeRevert(data, request.abis, request.action, receipt.hash);
  }
  return new RevertedError('Unknown', { data: '0x' }, request.action, receipt.hash);
}

function refusal({ rpc, signer }: Pick<Sender, 'rpc' | 'signer'>, request: TransactionIntent, error: unknown): unknown {
  const data = revertData(error);
  if (data !== undefined) return decodeRevert(data, request.abis, request.action);
  if (isError(error, 'INSUFFICIENT_FUNDS')) {
    return new InsufficientFundsError(
      `account ${signer.address} cannot pay for ${request.action}; send it some ether`,
      { cause: error },
    );
  }
  if (isError(error, 'UNKNOWN_ERROR')) {
    return new RpcResponseError(`the RPC at ${rpc.host} refused ${request.action}: ${rpcMessage(error)}`, {
      cause: error,
    });
  }
  return error;
}

/** The node's own words inside an ethers error. */
function rpcMessage(error: unknown): string {
  const inner = (error as { error?: { message?: string }; info?: { error?: { message?: string } } } | undefined) ?? {};
  return inner.error?.message ?? inner.info?.error?.message ?? (error instanceof Error ? error.message : String(error));
}

const turnOf = ({ rpc, signer }: Sender): string => `${rpc.genesisHash}:${signer.address}`;

const queues = new Map<string, Promise<unknown>>();

/**
 * Runs one piece of work at a time for each key, in the order asked: two intents of one account must not take one
 * nonce.
 */
async function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
  const before = queues.get(key) ?? Promise.resolve();
  const mine = before.catch(() => undefined).then(work);
  queues.set(key, mine);
  try {
    return await mine;
  } finally {
    if (queues.get(key) === mine) queues.delete(key);
  }
}
