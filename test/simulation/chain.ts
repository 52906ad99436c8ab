/** Many accounts on one anvil: unsigned transactions in batches, a block when told, its events and receipts. */
import { dataSlice, id } from 'ethers';
import { connect, type Rpc, startAnvil } from '../../src/chain/index.js';
import { type MarketEvent, marketEvent } from '../../src/ledger/index.js';

export interface Call {
  readonly from: string;
  readonly to: string;
  readonly data: string;
  readonly value?: bigint;
  readonly gas: number;
  /** Wei; who pays more stands before others in a block. Default `GAS_PRICE`. */
  readonly gasPrice?: bigint;
}

export interface Receipt {
  readonly from: string;
  readonly gasUsed: number;
  readonly ok: boolean;
  /** First four bytes of the call. */
  readonly selector: string;
}

export interface MinedBlock {
  readonly time: number;
  readonly events: readonly MarketEvent[];
  readonly receipts: readonly Receipt[];
}

export interface CrowdChain {
  readonly rpc: Rpc;
  readonly time: number;
  /** Seconds that the node spent executing blocks. */
  readonly executing: number;
  fund(accounts: readonly string[], ether: bigint): Promise<void>;
  /** From here on blocks are made by `block` only. */
  begin(): Promise<void>;
  /** Mines the calls in one block, `seconds` after the last. */
  block(calls: readonly Call[], seconds: number, market: string): Promise<MinedBlock>;
  close(): Promise<void>;
}

/** As on mainnet in quiet hours. */
export const GAS_PRICE = 2n * 10n ** 9n;
const BATCH = 200;
const BLOCK_GAS = 2_000_000_000n;

/** An address nobody has the key of. */
export const accountNamed = (name: string): string => `0x${id(name).slice(26)}`;

export async function openCrowdChain(): Promise<CrowdChain> {
  const anvil = await startAnvil();
  const rpc = await connect(anvil.url);
  let time = 0;
  let executing = 0;
  let counter = 0;
  async function batch(
    calls: readonly { readonly method: string; readonly params: readonly unknown[] }[],
  ): Promise<unknown[]> {
    const results: unknown[] = [];
    for (let at = 0; at < calls.length; at += BATCH) {
      const body = JSON.stringify(
        calls.slice(at, at + BATCH).map((call) => ({ jsonrpc: '2.0', id: (counter += 1), ...call })),
      );
      const answers = (await (
        await fetch(anvil.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      ).json()) as { result?: unknown; error?: { message: string } }[];
      for (const { result, error } of answers) {
        if (error) throw new Error(error.message);
        results.push(result);
      }
    }
    return results;
  }
  // Given here: the node answers the parts of a batch at once, and would give one nonce twice.
  const nonces = new Map<string, number>();
  const nonce = (from: string): number => {
    const next = nonces.get(from.toLowerCase()) ?? 0;
    nonces.set(from.toLowerCase(), next + 1);
    return next;
  };
  const hex = (value: bigint | number): string => `0x${value.toString(16)}`;
  return {
    rpc,
    get time() {
      return time;
    },
    get executing() {
      return executing;
    },
    fund: async (accounts, ether) =>
      void (await batch(
        accounts.map((account) => ({ method: 'anvil_setBalance', params: [account, hex(ether * 10n ** 18n)] })),
      )),
    async begin() {
      await batch([
        { method: 'anvil_autoImpersonateAccount', params: [true] },
        { method: 'evm_setAutomine', params: [false] },
        { method: 'evm_setBlockGasLimit', params: [hex(BLOCK_GAS)] },
      ]);
      time = (await rpc.provider.getBlock('latest'))!.timestamp;
    },
    async block(calls, seconds, market) {
      await batch(
        calls.map(({ from, to, data, value = 0n, gas, gasPrice = GAS_PRICE }) => ({
          method: 'eth_sendTransaction',
          params: [
            { from, to, data, value: hex(value), gas: hex(gas), gasPrice: hex(gasPrice), nonce: hex(nonce(from)) },
          ],
        })),
      );
      time += seconds;
      const start = performance.now();
      await batch([
        { method: 'evm_setNextBlockTimestamp', params: [hex(time)] },
        { method: 'evm_mine', params: [] },
      ]);
      executing += (performance.now() - start) / 1000;
      const number = hex(await rpc.provider.getBlockNumber());
      const [block, receipts] = (await batch([
        { method: 'eth_getBlockByNumber', params: [number, true] },
        { method: 'eth_getBlockReceipts', params: [number] },
      ])) as [
        { transactions: { input: string }[] },
        {
          from: string;
          gasUsed: string;
          status: string;
          logs: {
            address: string;
            topics: string[];
            data: string;
            blockNumber: string;
            blockHash: string;
            transactionHash: string;
          }[];
        }[],
      ];
      if (receipts.length !== calls.length)
        throw new Error(`${calls.length} transactions were sent and ${receipts.length} mined`);
      const events = receipts.flatMap(({ logs }) =>
        logs
          .filter(({ address }) => address.toLowerCase() === market.toLowerCase())
          .flatMap((log) => marketEvent({ ...log, blockNumber: Number(log.blockNumber) }) ?? []),
      );
      return {
        time,
        events,
        receipts: receipts.map(({ from, gasUsed, status }, i) => ({
          from,
          gasUsed: Number(gasUsed),
          ok: status === '0x1',
          selector: dataSlice(block.transactions[i].input, 0, 4),
        })),
      };
    },
    async close() {
      rpc.provider.destroy();
      await anvil.stop();
    },
  };
}
