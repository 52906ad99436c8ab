/** A local chain with registry, ledger, a served model and people: what every test of the operator starts from. */
import {
  type Anvil,
  connect,
  developmentSigner,
  memoryJournal,
  type RegisteredModel,
  type Rpc,
  sendOnce,
  type Sender,
  startAnvil,
} from '../../../src/chain/index.js';
import { type LedgerContracts, type MarketConfig, stakeRequest } from '../../../src/ledger/index.js';
import { openMarket, type Wish } from '../../../src/scenario/market.js';
import type { FixtureBuild } from './builds.js';

export const ETHER = 10n ** 18n;

export const TEST_MARKET: MarketConfig = {
  challengeWindow: 30,
  proveWindow: 30,
  maxWindow: 3_600,
  unbondingDelay: 4_000,
  minBond: ETHER / 100n,
  challengeBond: ETHER / 100n,
};

export interface World {
  readonly anvil: Anvil;
  readonly rpc: Rpc;
  readonly build: FixtureBuild;
  readonly ledger: LedgerContracts;
  readonly market: string;
  readonly model: RegisteredModel;
  /** Anvil's funded account `index`. 0 owns the contracts and the model. */
  account(index: number): Sender;
  /** Stores an input and asks about it. */
  ask(
    folder: string,
    asker: Sender,
    wish?: Partial<Wish>,
  ): Promise<{ readonly requestId: bigint; readonly output: string; readonly blockNumber: number }>;
  /** Moves the chain's clock and mines a block. */
  pass(seconds: number): Promise<void>;
  close(): Promise<void>;
}

export async function openWorld(build: FixtureBuild, config: Partial<MarketConfig> = {}): Promise<World> {
  const anvil = await startAnvil();
  const rpc = await connect(anvil.url);
  const journal = memoryJournal();
  const account = (index: number): Sender => ({ rpc, signer: developmentSigner(index), journal, timeoutMs: 60_000 });
  const {
    ledger,
    address: market,
    model,
    ask,
  } = await openMarket(account(0), build.folder, { ...TEST_MARKET, ...config });
  return {
    anvil,
    rpc,
    build,
    ledger,
    market,
    model,
    account,
    ask: (folder, asker, wish) =>
      ask(folder, asker, {
        mode: 'proved',
        fee: ETHER / 10n,
        bond: ETHER / 50n,
        window: 60,
        open: 600,
        input: build.input,
        ...wish,
      }),
    async pass(seconds) {
      await rpc.provider.send('evm_increaseTime', [seconds]);
      await rpc.provider.send('evm_mine', []);
    },
    async close() {
      rpc.provider.destroy();
      await anvil.stop();
    },
  };
}

let stakes = 0;

/** Puts `amount` of stake behind an account. */
export async function addStake(world: World, operator: Sender, amount: bigint): Promise<void> {
  await sendOnce(operator, stakeRequest(world.market, amount, String((stakes += 1))));
}
