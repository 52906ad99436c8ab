/**
 * Proofs to attestations, one or many in a transaction. Asked twice, attested once: the chain is asked for the
 * attestation (model version, input commitment, context) first, and the journal for a transaction on its way.
 *
 * The trap: an attestation already on record says that *its* output was proved. A submission counts as done only if its
 * output and its prover are those on record; anything else goes to the contract, which refuses it with its own reason.
 */
import { getAddress, type TransactionReceipt } from 'ethers';
import type { Proof, VerificationKey } from '../groth16/types.js';
import type { Manifest } from '../manifest.js';
import { batchCalldata, contextFor, inferenceCalldata } from '../solidity/index.js';
import { ALL_ABIS, ATTESTATIONS_ABI } from './abi.js';
import { type Attestation, attestationId, findAttestation, toAttestations } from './attestations.js';
import { requireCode } from './code.js';
import { ContextMismatchError, RevertedError, RpcResponseError } from './errors.js';
import { type TransactionIntent, type Sender, sendOnce } from './transactions.js';

export interface ProvedInference {
  readonly proof: Proof;
  readonly publicSignals: readonly string[];
  /**
   * Of its context, `contextFor` of the chain, the attestations contract and the account that submits it; default 0.
   */
  readonly nonce?: bigint;
}

/** The model as registered, and how its public signals are laid out. */
export interface AttestedModel {
  /** Address of the attestations contract. */
  readonly attestations: string;
  readonly modelId: bigint;
  readonly version: number;
  readonly key: VerificationKey;
  readonly manifest: Pick<Manifest, 'publicSignals'>;
}

export interface AttestationResult {
  readonly transaction: string;
  readonly gasUsed: number;
  readonly accepted: true;
  /** True when the attestation was there before, and nothing was sent. */
  readonly alreadyAttested: boolean;
  readonly attestation: Attestation;
}

export interface BatchResult {
  /** Hash; null when every inference had its attestation before. */
  readonly transaction: string | null;
  /** Of the whole transaction. */
  readonly gasUsed: number;
  /** One for each inference, in the order given. */
  readonly attestations: readonly Attestation[];
}

/**
 * Attests one inference. Throws RevertedError with the contract's reason: `InvalidProof`, `ModelMismatch`,
 * `OutputMismatch`, `InputCommitmentMismatch`, `AlreadyAttested`, `VerificationRefused_ModelDeprecated` …
 * @throws ContextMismatchError where the proof is not made for this chain, contract, account and nonce; nothing is sent
 */
export async function submitInference(
  sender: Sender,
  model: AttestedModel,
  inference: ProvedInference,
): Promise<AttestationResult> {
  await requireCode(sender, model.attestations, 'attestations contract');
  requireMadeFor(sender, model, [inference]);
  const before = await recorded(sender, model, inference);
  if (before !== undefined) return before;
  try {
    const receipt = await sendOnce(sender, attestRequest(model, inference));
    const [attestation] = attestationsIn(receipt, model.attestations);
    return {
      transaction: receipt.hash,
      gasUsed: Number(receipt.gasUsed),
      accepted: true,
      alreadyAttested: false,
      attestation,
    };
  } catch (error) {
    // The same submission from another process, with another journal, may have come first.
    const after =
      error instanceof RevertedError &&
      error.errorName === 'AlreadyAttested' &&
      (await recorded(sender, model, inference));
    if (!after) throw error;
    return after;
  }
}

/**
 * Attests many inferences of one model in one transaction, all or none; those on record already are left out.
 * @throws ContextMismatchError
 */
export async function submitBatch(
  sender: Sender,
  model: AttestedModel,
  inferences: readonly ProvedInference[],
): Promise<BatchResult> {
  await requireCode(sender, model.attestations, 'attestations contract');
  requireMadeFor(sender, model, inferences);
  const ids = inferences.map((inference) => attestationIdOf(model, inference));
  const before = await onRecord(sender, model, inferences);
  const known = new Map(before.flatMap((attestation) => (attestation ? [[attestation.id, attestation]] : [])));
  const wanted = inferences.filter((_, i) => !known.has(ids[i]) && ids.indexOf(ids[i]) === i);
  let receipt: TransactionReceipt | undefined;
  if (wanted.length > 0) {
    receipt = await sendOnce(sender, batchRequest(model, wanted));
    for (const attestation of attestationsIn(receipt, model.attestations)) known.set(attestation.id, attestation);
  }
  return {
    transaction: receipt?.hash ?? null,
    gasUsed: Number(receipt?.gasUsed ?? 0n),
    attestations: ids.map((id) => known.get(id)!),
  };
}

/** The call that attests one inference. */
export function attestRequest(model: AttestedModel, inference: ProvedInference): TransactionIntent {
  const { inputCommitment, output, proof } = inferenceCalldata(
    model.key,
    model.manifest,
    inference.proof,
    inference.publicSignals,
  );
  return {
    purpose: `attest ${attestationIdOf(model, inference)} ${output}`,
    to: model.attestations,
    data: ATTESTATIONS_ABI.encodeFunctionData('attest', [
      model.modelId,
      inputCommitment,
      inference.nonce ?? 0n,
      output,
      proof,
    ]),
    action: 'attesting the inference',
    abis: ALL_ABIS,
  };
}

/** The call that attests many. */
export function batchRequest(model: AttestedModel, inferences: readonly ProvedInference[]): TransactionIntent {
  const { inputCommitments, outputs, proofs } = batchCalldata(model.key, model.manifest, inferences);
  const ids = inferences.map((inference) => attestationIdOf(model, inference));
  const nonces = inferences.map(({ nonce = 0n }) => nonce);
  return {
    purpose: `attest ${ids.join(' ')} ${outputs}`,
    to: model.attestations,
    data: ATTESTATIONS_ABI.encodeFunctionData('attestBatch', [
      model.modelId,
      inputCommitments,
      nonces,
      outputs,
      proofs,
    ]),
    action: `attesting ${inferences.length} inferences`,
    abis: ALL_ABIS,
  };
}

/** The id the attestation of this inference has or will have. */
export function attestationIdOf(model: AttestedModel, inference: ProvedInference): string {
  const { inputCommitment, context } = inferenceCalldata(
    model.key,
    model.manifest,
    inference.proof,
    inference.publicSignals,
  );
  return attestationId(model.modelId, model.version, inputCommitment, context);
}

/** The contract would say only that the proof is invalid; here it is known why. */
function requireMadeFor(
  { rpc: { chainId }, signer }: Sender,
  { attestations: contract, key, manifest }: AttestedModel,
  inferences: readonly ProvedInference[],
): void {
  for (const { proof, publicSignals, nonce = 0n } of inferences) {
    const { context } = inferenceCalldata(key, manifest, proof, publicSignals);
    if (context !== contextFor({ chainId, contract, account: signer.address, nonce })) {
      throw new ContextMismatchError(
        `the proof's context ${context} is not that of chain ${chainId}, the attestations contract ${contract}, the account ${signer.address} and the nonce ${nonce}: ` +
          'prove again for these, or submit it with the account and the nonce that it was made for',
      );
    }
  }
}

async function recorded(
  sender: Sender,
  model: AttestedModel,
  inference: ProvedInference,
): Promise<AttestationResult | undefined> {
  const [attestation] = await onRecord(sender, model, [inference]);
  if (attestation === undefined) return undefined;
  const receipt = await sender.rpc.provider.getTransactionReceipt(attestation.transaction);
  if (receipt === null) {
    throw new RpcResponseError(
      `the RPC at ${sender.rpc.host} lost the receipt of ${attestation.transaction}; try again`,
    );
  }
  return {
    transaction: receipt.hash,
    gasUsed: Number(receipt.gasUsed),
    accepted: true,
    alreadyAttested: true,
    attestation,
  };
}

/** For each inference its attestation by this signer with this output, if there is one. */
async function onRecord(
  { rpc, signer }: Sender,
  model: AttestedModel,
  inferences: readonly ProvedInference[],
): Promise<(Attestation | undefined)[]> {
  return await Promise.all(
    inferences.map(async (inference) => {
      const found = await findAttestation(rpc, model.attestations, attestationIdOf(model, inference));
      const { output } = inferenceCalldata(model.key, model.manifest, inference.proof, inference.publicSignals);
      return found?.output === output && found.prover === signer.address ? found : undefined;
    }),
  );
}

function attestationsIn(receipt: TransactionReceipt, contract: string): Attestation[] {
  return receipt.logs.filter((log) => log.address === getAddress(contract)).flatMap(toAttestations);
}
