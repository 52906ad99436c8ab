/** The on-chain half of Groth16's row. */
import { inferenceCalldata, proofCalldata } from '../solidity/calldata.js';
import { PROOF_SYSTEM, PROOF_SYSTEM_ID, vkHash } from '../solidity/key.js';
import { MAX_SIGNALS, renderVerifier } from '../solidity/render.js';
import type { VerifierContract } from './proof-system.js';

export const groth16Contract: VerifierContract = {
  canonicalName: PROOF_SYSTEM,
  id: PROOF_SYSTEM_ID,
  mostSignals: MAX_SIGNALS,
  render: renderVerifier,
  keyHash: vkHash,
  proofCalldata,
  inferenceCalldata,
};
