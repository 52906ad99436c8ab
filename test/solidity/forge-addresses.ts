/**
 * Where the forge suite runs, and who takes part: what the contexts of its proofs name. utils/Fixtures.sol has the
 * same.
 */
export const CHAIN_ID = 31337;
/** The prover whom all contexts name. */
export const PROVER = '0x1000000000000000000000000000000000000001';
export const ATTESTATIONS = '0x2000000000000000000000000000000000000002';
export const PAYOUT = '0x3000000000000000000000000000000000000003';
