/**
 * A generated verifier on its own, without registry: deploy it, ask it, send it a proof in a transaction.
 *
 * The trap: `verifyProof` is a view that answers false instead of reverting, so a transaction to it succeeds whatever
 * the proof. What counts is the answer, asked before sending: the contract has no state, so it cannot change, and a
 * refused proof costs nothing. With too little gas to decide a generated verifier reverts, which is what estimates go
 * by.
 *
 * The other trap: a contract can answer `vkHash()` with any hash. Only its code says what it does, so that is compared
 * with what the caller compiled.
 */
import { isCanonicalProof } from '../groth16/canonical.js';
import { requireFinishedKey } from '../groth16/finished-key.js';
import type { Proof, VerificationKey } from '../groth16/types.js';
import { proofCalldata, PublicSignalsError, vkHash } from '../solidity/index.js';
import { VERIFIER_ABI, verifyProofAbi } from './abi.js';
import { requireCode } from './code.js';
import { type ContractArtifact, deployContract, type Deployed } from './deploy.js';
import { ForeignCodeError, NotDeployedError } from './errors.js';
import type { Rpc } from './rpc.js';
import { type Sender, sendOnce } from './transactions.js';

/** A generated verifier as compiled here. */
export interface VerifierArtifact extends ContractArtifact {
  /** The code that it has on a chain, hex with 0x. */
  readonly deployedBytecode: string;
}

export interface Submission {
  /** Hash; null when the proof was refused before anything was sent. */
  readonly transaction: string | null;
  readonly gasUsed: number;
  readonly accepted: boolean;
}

/**
 * Deploys a compiled `Verifier.sol` and checks that the key in it is `key`, and that the chain has its code.
 * @throws UnfinishedKeyError before anything is sent; ForeignCodeError
 */
export async function deployVerifier(
  sender: Sender,
  artifact: VerifierArtifact,
  key: VerificationKey,
): Promise<Deployed> {
  requireFinishedKey(key);
  const deployed = await deployContract(sender, artifact, 'deploying the verifier');
  await requireVerifier(sender.rpc, deployed.address, key, artifact);
  return deployed;
}

/**
 * Refuses the contract at `address` unless its code is that of the verifier generated for `key` and compiled here.
 * @throws NotDeployedError where it says itself that it is for another key, or nothing is there; ForeignCodeError where
 *   its code is another
 */
export async function requireVerifier(
  rpc: Rpc,
  address: string,
  key: VerificationKey,
  { deployedBytecode }: Pick<VerifierArtifact, 'deployedBytecode'>,
): Promise<void> {
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
  if ((await rpc.provider.getCode(address)).toLowerCase() !== deployedBytecode.toLowerCase()) {
    throw new ForeignCodeError(
      `the contract at ${address} on chain ${rpc.chainId} names this build's key, and its code is not that of the build's verifier as compiled ` +
        'here: it may accept anything. Deploy this build again (zkinfer deploy), and register or submit with that contract',
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

/**
 * Sends a proof to a verifier in a transaction, if the verifier accepts it.
 * @throws NotDeployedError, ForeignCodeError, PublicSignalsError; nothing is sent
 */
export async function submitToVerifier(
  sender: Sender,
  address: string,
  key: VerificationKey,
  artifact: Pick<VerifierArtifact, 'deployedBytecode'>,
  proof: Proof,
  publicSignals: readonly string[],
): Promise<Submission> {
  requireCount(key, publicSignals);
  await requireVerifier(sender.rpc, address, key, artifact);
  // What is not written in the one accepted way no verifier takes; some of it cannot even be encoded.
  if (!isCanonicalProof(proof, publicSignals)) return { transaction: null, gasUsed: 0, accepted: false };
  if (!(await verifyOnChain(sender.rpc, address, proof, publicSignals)))
    return { transaction: null, gasUsed: 0, accepted: false };
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
    throw new PublicSignalsError(
      `The verifier takes ${nPublic} public signals, ${publicSignals.length} were given; use the proof's own public.json.`,
    );
  }
}

export function verifyProofData(proof: Proof, publicSignals: readonly string[]): string {
  const { a, b, c, signals } = proofCalldata(proof, publicSignals);
  return verifyProofAbi(publicSignals.length).encodeFunctionData('verifyProof', [a, b, c, signals]);
}
