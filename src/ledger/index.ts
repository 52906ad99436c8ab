/** The integrity ledger's market from TypeScript: deploy, ask, read, take, answer, dispute, prove, withdraw. */
export * from './actions.js';
export { LEDGER_ABIS, LICENCES_ABI, MARKET_ABI, ROYALTIES_ABI } from './abi.js';
export { DEFAULT_MARKET, deployLedger, ledgerArtifacts, type LedgerContracts, type MarketConfig } from './contracts.js';
export * from './market.js';
export { outputSaltOf, type RequestName } from './output-salt.js';
