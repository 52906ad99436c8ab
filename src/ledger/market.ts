/**
 * The market of bonded inference (`IInferenceMarket`) as values: what a request, an operator or an account's balance is
 * now, and which events touched which request.
 *
 * The trap: events of a block that is later reorganized away were never true. They say only which requests to look at;
 * what holds is what `readRequest` returns.
 */
import { id as keccakText, type Log } from 'ethers';
import { RpcResponseError } from '../chain/errors.js';
import { readBlockRanges } from '../chain/logs.js';
import type { Rpc } from '../chain/rpc.js';
import { MARKET_ABI } from './abi.js';

/** As `IInferenceMarket.Mode`. */
export const MODES = ['proved', 'optimistic'] as const;
export type Mode = (typeof MODES)[number];

/** As `IInferenceMarket.Status`. */
export const STATUSES = ['none', 'open', 'taken', 'answered', 'disputed', 'accepted', 'cancelled'] as const;
export type Status = (typeof STATUSES)[number];

/** A request as the contract holds it. Addresses carry a checksum; times are in seconds since 1970, money in wei. */
export interface MarketRequest {
  readonly id: bigint;
  readonly asker: string;
  readonly deadline: number;
  readonly window: number;
  readonly mode: Mode;
  readonly status: Status;
  /** Zero address while open. */
  readonly operator: string;
  /** Last second of what the status waits for. */
  readonly due: number;
  readonly verifier: string;
  readonly bond: bigint;
  readonly fee: bigint;
  /** Part of the fee that is the operator's, in 1/10,000. */
  readonly operatorBps: number;
  readonly token: string;
  readonly modelId: bigint;
  readonly version: number;
  readonly inputCommitment: string;
  /** keccak256 of the output; zero before an answer. */
  readonly outputHash: string;
  readonly challenger: string;
  readonly licenceId: bigint;
  /** Who is paid if an answer turns out wrong, besides the asker; zero address: nobody. */
  readonly watcher: string;
}

export interface OperatorAccount {
  readonly stake: bigint;
  readonly locked: bigint;
  readonly unbonding: bigint;
  readonly unbondedAt: number;
}

export interface MarketParameters {
  readonly challengeWindow: number;
  readonly proveWindow: number;
  readonly minBond: bigint;
  readonly challengeBond: bigint;
}

/** An event of the market that names a request. */
export interface MarketEvent {
  readonly name: string;
  readonly requestId: bigint;
  readonly blockNumber: number;
  /** Tells apart two blocks of one number, before and after a reorganization. */
  readonly blockHash: string;
  readonly transaction: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** Blocks asked for at once, at most. */
const BLOCK_RANGE = 5_000;

async function read(
  rpc: Rpc,
  market: string,
  name: string,
  values: readonly unknown[] = [],
): Promise<readonly unknown[]> {
  const data = await rpc.provider.call({ to: market, data: MARKET_ABI.encodeFunctionData(name, [...values]) });
  return MARKET_ABI.decodeFunctionResult(name, data) as unknown as unknown[];
}

/** The request numbered `id`; status `none` if there is no such request. */
export async function readRequest(rpc: Rpc, market: string, id: bigint): Promise<MarketRequest> {
  const [r] = (await read(rpc, market, 'requestOf', [id])) as [Record<string, bigint & string>];
  return {
    id,
    asker: r.asker,
    deadline: Number(r.deadline),
    window: Number(r.window),
    mode: MODES[Number(r.mode)],
    status: STATUSES[Number(r.status)],
    operator: r.operator,
    due: Number(r.due),
    verifier: r.verifier,
    bond: r.bond,
    fee: r.fee,
    operatorBps: Number(r.operatorBps),
    token: r.token,
    modelId: r.modelId,
    version: Number(r.version),
    inputCommitment: r.inputCommitment,
    outputHash: r.outputHash,
    challenger: r.challenger,
    licenceId: r.licenceId,
    watcher: r.watcher,
  };
}

/** What the asker of a request fixed. */
const TERMS = [
  'asker',
  'modelId',
  'version',
  'verifier',
  'mode',
  'inputCommitment',
  'token',
  'fee',
  'operatorBps',
  'bond',
  'window',
  'licenceId',
  'watcher',
] as const satisfies readonly (keyof MarketRequest)[];

/**
 * Hash of what the asker fixed: tells apart two requests that had one number, before and after a reorganization. 32
 * bytes, hex.
 */
export function hashOfTerms(request: MarketRequest): string {
  return keccakText(TERMS.map((name) => request[name]).join(' '));
}

export async function readOperator(rpc: Rpc, market: string, account: string): Promise<OperatorAccount> {
  const [o] = (await read(rpc, market, 'operatorOf', [account])) as [Record<string, bigint>];
  return { stake: o.stake, locked: o.locked, unbonding: o.unbonding, unbondedAt: Number(o.unbondedAt) };
}

/** What `withdraw` would pay `account` now, in wei or in units of `token`. */
export async function readBalance(rpc: Rpc, market: string, account: string, token: string): Promise<bigint> {
  return (await read(rpc, market, 'balanceOf', [account, token]))[0] as bigint;
}

export async function readParameters(rpc: Rpc, market: string): Promise<MarketParameters> {
  const [challengeWindow, proveWindow, minBond, challengeBond] = await Promise.all(
    ['challengeWindow', 'proveWindow', 'minBond', 'challengeBond'].map((name) => read(rpc, market, name)),
  );
  return {
    challengeWindow: Number(challengeWindow[0]),
    proveWindow: Number(proveWindow[0]),
    minBond: minBond[0] as bigint,
    challengeBond: challengeBond[0] as bigint,
  };
}

/**
 * The market's events about requests in blocks `from` to `to`, both included, oldest first; of one request if `id` is
 * given.
 */
export async function readEvents(
  rpc: Rpc,
  market: string,
  from: number,
  to: number,
  id?: bigint,
): Promise<MarketEvent[]> {
  const topics = [null, ...(id === undefined ? [] : [`0x${id.toString(16).padStart(64, '0')}`])];
  return await readBlockRanges(from, to, BLOCK_RANGE, async (fromBlock, toBlock) => {
    const logs = await rpc.provider.getLogs({ address: market, topics, fromBlock, toBlock });
    return logs.flatMap((log) => marketEvent(log) ?? []);
  });
}

/** Accounts that staked on the market in blocks `from` to `to`, both included, in the order of their first stake. */
export async function readStakers(rpc: Rpc, market: string, from: number, to: number): Promise<string[]> {
  const topics = [MARKET_ABI.getEvent('Staked')!.topicHash];
  const accounts = await readBlockRanges(from, to, BLOCK_RANGE, async (fromBlock, toBlock) => {
    const logs = await rpc.provider.getLogs({ address: market, topics, fromBlock, toBlock });
    return logs.flatMap((log) => {
      const parsed = MARKET_ABI.parseLog({ topics: [...log.topics], data: log.data });
      return parsed === null ? [] : [parsed.args.operator as string];
    });
  });
  return [...new Set(accounts)];
}

/** How many requests were ever made; they are numbered from 1. */
export async function readRequestCount(rpc: Rpc, market: string): Promise<bigint> {
  return (await read(rpc, market, 'requestCount'))[0] as bigint;
}

/** The event in a log of the market; undefined where it is about no request. */
export function marketEvent(
  log: Pick<Log, 'topics' | 'data' | 'blockNumber' | 'blockHash' | 'transactionHash'>,
): MarketEvent | undefined {
  const parsed = MARKET_ABI.parseLog({ topics: [...log.topics], data: log.data });
  if (parsed === null || !('requestId' in parsed.args.toObject())) return undefined;
  const args = parsed.args.toObject() as Record<string, unknown>;
  return {
    name: parsed.name,
    requestId: args.requestId as bigint,
    blockNumber: log.blockNumber,
    blockHash: log.blockHash,
    transaction: log.transactionHash,
    args,
  };
}

/**
 * Where the request's input is to be fetched, from its `Asked` event. @throws RpcResponseError where the RPC lacks it
 */
export async function readInputUri(rpc: Rpc, market: string, id: bigint, fromBlock: number): Promise<string> {
  const head = await rpc.provider.getBlockNumber();
  const asked = (await readEvents(rpc, market, fromBlock, head, id)).find((event) => event.name === 'Asked');
  if (asked === undefined)
    throw new RpcResponseError(
      `the RPC at ${rpc.host} does not have the event of request ${id} since block ${fromBlock}; start from an earlier block`,
    );
  return asked.args.inputUri as string;
}
