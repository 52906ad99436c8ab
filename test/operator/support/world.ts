/** A local chain with registry, ledger, a served model and people: what every test of the operator starts from. */
import {
  connect, deployContract, deployRegistry, memoryJournal, registerModel, type RegisteredModel, type Rpc, sendOnce, type Sender, startAnvil,
  type Anvil, developmentSigner,
} from '../../../src/chain/index.js';
import { ask, deployLedger, LEDGER_ABIS, type LedgerContracts, type MarketConfig, type Mode, ROYALTIES_ABI, stakeRequest } from '../../../src/ledger/index.js';
import { storeInput } from '../../../src/operator/index.js';
import { compileCached, contractName, renderVerifier, signalCalldata } from '../../../src/solidity/index.js';
import { readManifest } from '../../../src/workflow/build-folder.js';
import type { Sample } from '../../../src/workflow/input-json.js';
import { openWitness } from '../../../src/workflow/prove.js';
import { readVerificationKey } from '../../../src/workflow/verify.js';
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
  ask(folder: string, asker: Sender, question?: Partial<Asked>): Promise<{ readonly requestId: bigint; readonly output: string; readonly blockNumber: number }>;
  /** Moves the chain's clock and mines a block. */
  pass(seconds: number): Promise<void>;
  close(): Promise<void>;
}

interface Asked {
  readonly mode: Mode;
  readonly fee: bigint;
  readonly bond: bigint;
  readonly window: number;
  /** Seconds from now in which it can be taken. */
  readonly open: number;
  readonly input: Sample;
}

let questions = 0;

export async function openWorld(build: FixtureBuild, options: { readonly blockTime?: number; readonly config?: Partial<MarketConfig> } = {}): Promise<World> {
  const anvil = await startAnvil();
  const rpc = await connect(anvil.url);
  const journal = memoryJournal();
  const account = (index: number): Sender => ({ rpc, signer: developmentSigner(index), journal, timeoutMs: 60_000 });
  const owner = account(0);
  const manifest = await readManifest(build.folder);
  const key = await readVerificationKey(build.folder);
  const { registry } = await deployRegistry(owner);
  const ledger = await deployLedger(owner, registry.address, { ...TEST_MARKET, ...options.config });
  const compiled = await compileCached({ 'Verifier.sol': renderVerifier(key, manifest) });
  const verifier = await deployContract(owner, compiled[contractName(manifest.name)], 'deploying the verifier');
  const model = await registerModel(owner, registry.address, { manifest, key, verifier: verifier.address });
  const terms = { operatorBps: 7_000, ownerBps: 3_000, contributorsBps: 0, parentBps: 0, derivativeBps: 0, saleBps: 0, parentModelId: 0, parentVersion: 0 };
  await sendOnce(owner, {
    purpose: 'terms',
    to: ledger.royalties.address,
    data: ROYALTIES_ABI.encodeFunctionData('setTerms', [model.modelId, model.version, terms, []]),
    action: 'setting the terms',
    abis: LEDGER_ABIS,
  });
  const witness = await openWitness(build.folder);
  if (options.blockTime !== undefined) await rpc.provider.send('evm_setIntervalMining', [options.blockTime]);
  const market = ledger.market.address;
  return {
    anvil,
    rpc,
    build,
    ledger,
    market,
    model,
    account,
    async ask(folder, asker, { mode = 'proved', fee = ETHER / 10n, bond = ETHER / 50n, window = 60, open = 600, input = build.input } = {}) {
      const { publicSignals, salts } = witness.infer(input);
      const { inputCommitment, output } = signalCalldata(manifest, publicSignals);
      const document = JSON.stringify({ input_data: input.map((values) => Array.from(values)), ...(salts.input ? { salt: salts.input } : {}) });
      const inputUri = await storeInput(folder, document);
      const block = await rpc.provider.getBlock('latest');
      const question = { modelId: model.modelId, mode, inputCommitment, inputUri, fee, bond, deadline: block!.timestamp + open, window };
      const { requestId, blockNumber } = await ask(asker, market, question, String((questions += 1)));
      return { requestId, output, blockNumber };
    },
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

/** Puts `amount` of stake behind an account. */
export async function addStake(world: World, operator: Sender, amount: bigint): Promise<void> {
  await sendOnce(operator, stakeRequest(world.market, amount, String((questions += 1))));
}

