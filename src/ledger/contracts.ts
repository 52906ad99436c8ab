/**
 * The ledger's contracts from their sources: compiled (once for a machine) and deployed in the order they need each
 * other.
 */
import { deployContract, type Deployed, type Sender } from '../chain/index.js';
import { deployProvenance } from '../provenance/ledger.js';
import { compileContracts, type CompiledContract } from '../solidity/index.js';

/** Times in seconds, money in wei; fixed for good when the market is deployed. */
export interface MarketConfig {
  /** To dispute an answer. */
  readonly challengeWindow: number;
  /** To prove a disputed answer. */
  readonly proveWindow: number;
  /** Most between taking and answering. */
  readonly maxWindow: number;
  /** More than the three above together. */
  readonly unbondingDelay: number;
  readonly minBond: bigint;
  readonly challengeBond: bigint;
}

export interface LedgerContracts {
  readonly provenance: Deployed;
  readonly royalties: Deployed;
  readonly licences: Deployed;
  readonly market: Deployed;
}

/** An hour to dispute and to prove, a day to answer at most, a week to unbond; bonds of 0.001 ether. */
export const DEFAULT_MARKET: MarketConfig = {
  challengeWindow: 3_600,
  proveWindow: 3_600,
  maxWindow: 86_400,
  unbondingDelay: 7 * 86_400,
  minBond: 10n ** 15n,
  challengeBond: 10n ** 15n,
};

const CONFIG =
  'tuple(address registry, address royalties, address licences, uint32 challengeWindow, uint32 proveWindow, uint32 maxWindow, uint32 unbondingDelay, uint96 minBond, uint96 challengeBond)';

/** Compiled `ModelRoyalties`, `ModelLicences` and `InferenceMarket`, by name. */
export function ledgerArtifacts(): Promise<Record<string, CompiledContract>> {
  return compileContracts('ledger/ModelRoyalties.sol', 'ledger/ModelLicences.sol', 'ledger/InferenceMarket.sol');
}

/** Deploys provenance, royalties, licences and a market over the registry at `registry`. */
export async function deployLedger(
  sender: Sender,
  registry: string,
  config: MarketConfig = DEFAULT_MARKET,
): Promise<LedgerContracts> {
  const { ModelRoyalties, ModelLicences, InferenceMarket } = await ledgerArtifacts();
  const provenance = await deployProvenance(sender, registry);
  const two = ['address', 'address'];
  const royalties = await deployContract(sender, ModelRoyalties, 'deploying the royalties', two, [
    registry,
    provenance.address,
  ]);
  const licences = await deployContract(sender, ModelLicences, 'deploying the licences', two, [
    registry,
    royalties.address,
  ]);
  const values = [{ registry, royalties: royalties.address, licences: licences.address, ...config }];
  const market = await deployContract(sender, InferenceMarket, 'deploying the market', [CONFIG], values);
  return { provenance, royalties, licences, market };
}
