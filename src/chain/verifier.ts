/**
 * A generated verifier on its own, without registry: deploy it, ask it, send it a proof in a transaction.
 *
 * The trap: `verifyProof` is a view that answers false instead of reverting, so a transaction to it succeeds whatever the
 * proof. What counts is the answer, asked before sending: the contract has no state, so it cannot change, and a refused
 * proof costs nothing. With too little gas to decide a generated verifier reverts, which is what estimates go by.
 */
import { isCanonical } from '../groth16/canonical.js';
import { requireFinishedKey } from '../groth16/finished-key.js';
import type { Proof, VerificationKey } from '../groth16/types.js';
import { proofCalldata, PublicSignalsError, vkHash } from '../solidity/index.js';
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

/** Deploys a compiled `Verifier.sol` and checks that the key in it is `key`. @throws UnfinishedKeyError before anything is sent */
export async function deployVerifier(sender: Sender, artifact: Artifact, key: VerificationKey): Promise<Deployed> {
  requireFinishedKey(key);
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

/** The verifier's answer to a proof, without a transaction. */
export async function verifyOnChain(
  rpc: Rpc,
  address: string,
  proof: Proof,
  publicSignals: readonly string[],
): Promise<boolean> {
  const abi = verifyProofAbi(publicSignals.length);
  const answer = await rpc.provider.call({ to: address, data: verifyProofData(proof, publicSignals) });
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
  requireCount(key, publicSignals);
  await requireVerifier(sender.rpc, address, key);
  // What is not written in the one accepted way no verifier takes; some of it cannot even be encoded.
  if (!isCanonical(proof, publicSignals)) return { transaction: null, gasUsed: 0, accepted: false };
  if (!(await verifyOnChain(sender.rpc, address, proof, publicSignals))) return { transaction: null, gasUsed: 0, accepted: false };
  const receipt = await sendOnce(sender, {
    purpose: `verify ${publicSignals.join(' ')}`,
    to: address,
    data: verifyProofData(proof, publicSignals),
    action: 'verifying the proof',
    abis: [],
  });
  return { transaction: receipt.hash, gasUsed: Number(receipt.gasUsed), accepted: true };
}

/** @throws PublicSignalsError */
function requireCount({ nPublic }: VerificationKey, publicSignals: readonly string[]): void {
  if (publicSignals.length !== nPublic) {
    throw new PublicSignalsError(`The verifier takes ${nPublic} public signals, ${publicSignals.length} were given; use the proof's own public.json.`);
  }
}

export function verifyProofData(proof: Proof, publicSignals: readonly string[]): string {
  const { a, b, c, signals } = proofCalldata(proof, publicSignals);
  return verifyProofAbi(publicSignals.length).encodeFunctionData('verifyProof', [a, b, c, signals]);
}
