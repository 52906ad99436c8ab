/** The chain as an operator sees it: one market, read and written for one account. Tests put another in its place. */
import { ZeroAddress } from 'ethers';
import { type TransactionIntent, type Sender, sendOnce } from '../chain/index.js';
import {
  type MarketEvent,
  type MarketRequest,
  type OperatorAccount,
  readBalance,
  readEvents,
  readInputUri,
  readOperator,
  readRequest,
} from '../ledger/index.js';
import type { Tick } from './clock.js';
import type { Metrics } from './metrics.js';

export interface MarketPort {
  readonly address: string;
  readonly chainId: number;
  readonly genesisHash: string;
  /** The operator's account. */
  readonly me: string;
  /** The newest block; undefined where the node has none to tell. */
  newest(): Promise<Tick | undefined>;
  head(): Promise<number>;
  /** Of the blocks `from` to `to`, ends included; of one request where `id` is given. */
  events(from: number, to: number, id?: bigint): Promise<readonly MarketEvent[]>;
  request(id: bigint): Promise<MarketRequest>;
  /** Where the asker put a request's input, by the event in `fromBlock` or later. */
  inputUri(id: bigint, fromBlock: number): Promise<string>;
  account(): Promise<OperatorAccount>;
  /** Ether to be withdrawn, in wei. */
  balance(): Promise<bigint>;
  /**
   * Resolves when the transaction is mined; the same intent is never sent twice. `action` names it in the metrics.
   * @throws RevertedError
   */
  send(transaction: TransactionIntent, action: string): Promise<void>;
}

/** The market at `address` behind the sender's RPC. */
export function marketPort(sender: Sender, address: string, metrics: Pick<Metrics, 'transactions'>): MarketPort {
  const { rpc, signer } = sender;
  const me = signer.address;
  return {
    address,
    chainId: rpc.chainId,
    genesisHash: rpc.genesisHash,
    me,
    async newest() {
      const block = await rpc.provider.getBlock('latest');
      return block === null
        ? undefined
        : { number: block.number, timestamp: block.timestamp, gasPrice: block.baseFeePerGas ?? 0n };
    },
    head: async () => await rpc.provider.getBlockNumber(),
    events: async (from, to, id) => await readEvents(rpc, address, from, to, id),
    request: async (id) => await readRequest(rpc, address, id),
    inputUri: async (id, fromBlock) => await readInputUri(rpc, address, id, fromBlock),
    account: async () => await readOperator(rpc, address, me),
    balance: async () => await readBalance(rpc, address, me, ZeroAddress),
    async send(transaction, action) {
      await sendOnce(sender, transaction);
      metrics.transactions.inc({ action });
    },
  };
}
