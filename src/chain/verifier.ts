/**
 * A generated verifier on its own, without registry: deploy it, ask it, send it a proof in a transaction.
 *
 * The trap: `verifyProof` is a view that answers false instead of reverting, so a transaction to it succeeds whatever the
 * proof, even when a precompile runs out of gas. Two things follow. What counts is the answer, which is asked before sending
 * (a refused proof costs nothing) and again at the receipt's block with the transaction's gas. And the gas limit must be
 * computed: an estimate finds the least gas that does not revert, which is too little to verify anything.
 */
import type { Proof, VerificationKey } from '../groth16/types.js';
import { proofCalldata, vkHash } from '../solidity/index.js';
import { VERIFIER_ABI, verifyProofAbi } from './abi.js';
import { type Artifact, deployContract, type Deployed, requireCode } from './deploy.js';
import { NotDeployedError } from './errors.js';
import type { Rpc } from './rpc.js';
import { type Sender, sendOnce } from './transactions.js';

export interface Submission {
  /** Hash; null when the proof was refused before anything was sent. */
  readonly transaction: string | null;
  readonly gasUsed: number;
  readonly accepted: boolean;
}

/** Deploys a compiled `Verifier.sol` and checks that the key in it is `key`. */
export async function deployVerifier(sender: Sender, artifact: Artifact, key: VerificationKey): Promise<Deployed> {
  const deployed = await deployContract(sender, artifact, 'deploying the verifier');
  await requireVerifier(sender.rpc, deployed.address, key);
  return deployed;
}

/** Throws NotDeployedError unless the contract at `address` is a verifier generated for `key`. */
export async function requireVerifier(rpc: Rpc, address: string, key: VerificationKey): Promise<void> {
  await requireCode({ rpc }, address, 'verifier');
  const expected = vkHash(key);
  const actual = await rpc.provider
    .call({ to: address, data: VERIFIER_ABI.encodeFunctionData('vkHash') })
    .catch(() => 'no answer');
  if (actual !== expected) {
    throw new NotDeployedError(
      `the contract at ${address} on chain ${rpc.chainId} is not this build's verifier (key ${actual}, wanted ${expected}); ` +
        'deploy this build again',
    );
  }
}

/** The verifier's answer to a proof, without a transaction; at another block or with another gas limit than usual if given. */
export async function verifyOnChain(
  rpc: Rpc,
  address: string,
  proof: Proof,
  publicSignals: readonly string[],
  at: { readonly blockTag?: number; readonly gasLimit?: bigint } = {},
): Promise<boolean> {
  const abi = verifyProofAbi(publicSignals.length);
  const answer = await rpc.provider.call({ to: address, data: verifyProofData(proof, publicSignals), ...at });
  return abi.decodeFunctionResult('verifyProof', answer)[0] as boolean;
}

/** Sends a proof to a verifier in a transaction, if the verifier accepts it. */
export async function submitToVerifier(
  sender: Sender,
  address: string,
  key: VerificationKey,
  proof: Proof,
  publicSignals: readonly string[],
): Promise<Submission> {
  await requireVerifier(sender.rpc, address, key);
  if (!(await verifyOnChain(sender.rpc, address, proof, publicSignals))) return { transaction: null, gasUsed: 0, accepted: false };
  const data = verifyProofData(proof, publicSignals);
  const gas = verifyProofGas(publicSignals.length);
  const receipt = await sendOnce(sender, {
    purpose: `verify ${publicSignals.join(' ')}`,
    to: address,
    data,
    action: 'verifying the proof',
    abis: [],
    gas,
  });
  const accepted = await verifyOnChain(sender.rpc, address, proof, publicSignals, { blockTag: receipt.blockNumber, gasLimit: gas });
  return { transaction: receipt.hash, gasUsed: Number(receipt.gasUsed), accepted };
}

export function verifyProofData(proof: Proof, publicSignals: readonly string[]): string {
  const { a, b, c, signals } = proofCalldata(proof, publicSignals);
  return verifyProofAbi(publicSignals.length).encodeFunctionData('verifyProof', [a, b, c, signals]);
}

/**
 * Gas limit of a transaction to `verifyProof`: its base, calldata without a zero byte, the precompiles' price (EIP-1108:
 * 181,000 + 6,150 for each signal), and a fifth more of all for the code around them. What is left over is not charged.
 */
export function verifyProofGas(signals: number): bigint {
  return BigInt(Math.ceil(1.2 * (21_000 + 16 * (4 + 32 * (8 + signals)) + 181_000 + 6_150 * signals)));
}
