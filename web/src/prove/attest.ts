/**
 * A proof's way to the attestations contract, through any EIP-1193 provider: what the proof is bound to, whether the
 * registered model is the build that proved, the call, and the contract's reason where it refuses.
 *
 * The trap: a proof is bound to chain, contract, account and nonce before it is made. Whoever changes one of them needs
 * another proof.
 */
import { ALL_ABIS, ATTESTATIONS_ABI, REGISTRY_ABI } from '../../../src/chain/abi.js';
import { attestationId } from '../../../src/chain/attestations.js';
import { decodeRevert } from '../../../src/chain/reverts.js';
import type { VerificationKey } from '../../../src/groth16/types.js';
import type { Manifest } from '../../../src/manifest.js';
import { inferenceCalldata } from '../../../src/solidity/calldata.js';
import { vkHash } from '../../../src/solidity/key.js';
import type { ProofFile } from '../../../src/workflow/proof-json.js';
import { type Provider, ProviderError } from './wallets.js';

/** The contract that decides, and what the model is there. */
export interface Court {
  readonly chainId: number;
  readonly attestations: string;
  readonly modelId: bigint;
  readonly account: string;
}

export interface Claim extends ProofFile {
  readonly manifest: Manifest;
  readonly key: VerificationKey;
  readonly nonce: bigint;
}

export type Ruling =
  | {
      readonly accepted: true;
      readonly transaction: string;
      readonly gasUsed: number;
      readonly block: number;
      readonly attestation: string;
    }
  | { readonly accepted: false; readonly reason: string };

async function call(provider: Provider, to: string, data: string, from?: string): Promise<string> {
  return (await provider.request({
    method: 'eth_call',
    params: [{ to, data, ...(from ? { from } : {}) }, 'latest'],
  })) as string;
}

/** @throws Error where the chain is no number */
export async function chainIdOf(provider: Provider): Promise<number> {
  const id = Number(await provider.request({ method: 'eth_chainId' }));
  if (!Number.isSafeInteger(id)) throw new ProviderError('the wallet names no chain');
  return id;
}

/** The registered version that is this build, by the hashes of model, circuit and key. @throws Error where it is another */
export async function requireRegistered(
  provider: Provider,
  { attestations, modelId }: Court,
  { manifest, key }: Pick<Claim, 'manifest' | 'key'>,
): Promise<number> {
  const registryData = await call(provider, attestations, ATTESTATIONS_ABI.encodeFunctionData('registry'));
  if (registryData === '0x') throw new Error(`there is no attestations contract at ${attestations} on this chain`);
  const registry = ATTESTATIONS_ABI.decodeFunctionResult('registry', registryData)[0] as string;
  const read = async (name: string, values: unknown[]) =>
    REGISTRY_ABI.decodeFunctionResult(
      name,
      await call(provider, registry, REGISTRY_ABI.encodeFunctionData(name, values)),
    );
  const version = Number((await read('versionOf', [modelId])).version);
  const { commitment } = await read('getModelVersion', [modelId, version]);
  const same =
    commitment.modelHash === manifest.modelHash &&
    commitment.circuitHash === manifest.circuitHash &&
    commitment.vkHash === vkHash(key);
  if (!same)
    throw new Error(
      `model ${modelId}, version ${version}, in the registry at ${registry} is another model than the one that proved`,
    );
  return version;
}

function attestData({ modelId }: Court, claim: Claim): string {
  const { inputCommitment, output, proof } = inferenceCalldata(
    claim.key,
    claim.manifest,
    claim.proof,
    claim.publicSignals,
  );
  return ATTESTATIONS_ABI.encodeFunctionData('attest', [modelId, inputCommitment, claim.nonce, output, proof]);
}

/** What the contract says to a claim, without a transaction; a reason where it refuses. */
export async function askContract(provider: Provider, court: Court, claim: Claim): Promise<string | undefined> {
  try {
    await call(provider, court.attestations, attestData(court, claim), court.account);
    return undefined;
  } catch (error) {
    const data = revertDataOf(error);
    if (data === undefined) throw error;
    const { errorName } = decodeRevert(data, ALL_ABIS, 'attesting');
    return errorName;
  }
}

/** Sends the claim, if the contract would take it, and waits for the block that has it. */
export async function attest(provider: Provider, court: Court, claim: Claim): Promise<Ruling> {
  const [version, reason] = await Promise.all([
    requireRegistered(provider, court, claim),
    askContract(provider, court, claim),
  ]);
  if (reason !== undefined) return { accepted: false, reason };
  const transaction = (await provider.request({
    method: 'eth_sendTransaction',
    params: [{ from: court.account, to: court.attestations, data: attestData(court, claim) }],
  })) as string;
  const receipt = await receiptOf(provider, transaction);
  if (BigInt(receipt.status) !== 1n) return { accepted: false, reason: `the transaction ${transaction} was reverted` };
  const { inputCommitment, context } = inferenceCalldata(claim.key, claim.manifest, claim.proof, claim.publicSignals);
  return {
    accepted: true,
    transaction,
    gasUsed: Number(receipt.gasUsed),
    block: Number(receipt.blockNumber),
    attestation: attestationId(court.modelId, version, inputCommitment, context),
  };
}

interface Receipt {
  readonly status: string;
  readonly gasUsed: string;
  readonly blockNumber: string;
}

/** Milliseconds between looks for a receipt: a local chain has it at once, others in seconds. */
const FIRST_POLL_MS = 20;
const MOST_POLL_MS = 1_000;
const PATIENCE_MS = 180_000;

/** Asks until there is one: a connection that is lost meanwhile takes nothing back. */
async function receiptOf(provider: Provider, transaction: string): Promise<Receipt> {
  const end = Date.now() + PATIENCE_MS;
  for (let pause = FIRST_POLL_MS; ; pause = Math.min(2 * pause, MOST_POLL_MS)) {
    const asked = provider.request({ method: 'eth_getTransactionReceipt', params: [transaction] });
    const receipt = (await asked.catch(() => null)) as Receipt | null;
    if (receipt !== null) return receipt;
    if (Date.now() > end)
      throw new Error(
        `the transaction ${transaction} was sent and is in no block yet; it may still come into one, and then counts`,
      );
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Nodes and wallets wrap a revert's data in one another's errors. */
function revertDataOf(error: unknown, depth = 0): string | undefined {
  if (typeof error !== 'object' || error === null || depth > 4) return undefined;
  const { data, error: inner, cause } = error as { data?: unknown; error?: unknown; cause?: unknown };
  if (typeof data === 'string' && /^0x[0-9a-f]*$/i.test(data)) return data;
  return revertDataOf(data, depth + 1) ?? revertDataOf(inner, depth + 1) ?? revertDataOf(cause, depth + 1);
}
