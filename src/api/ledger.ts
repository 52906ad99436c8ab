/** `zkinfer/ledger`: the integrity ledger's market, royalties and licences from TypeScript. Loads ethers. */
export * from '../ledger/index.js';
