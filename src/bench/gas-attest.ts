/** What whole transactions cost, from deployment to a batch of attestations, for one layout of public signals. */
import { Interface } from 'ethers';
import { deployContract } from '../chain/deploy.js';
import { memoryJournal } from '../chain/journal.js';
import { deployRegistry, registerModel, type RegistryContracts } from '../chain/registry.js';
import type { Rpc } from '../chain/rpc.js';
import { developmentSigner } from '../chain/signer.js';
import { type AttestedModel, type ProvedInference, submitBatch, submitInference } from '../chain/submit.js';
import { type Sender, sendOnce } from '../chain/transactions.js';
import { verifyProofData } from '../chain/verifier.js';
import { ATTESTATIONS_ABI } from '../chain/abi.js';
import type { VerificationKey } from '../groth16/types.js';
import {
  callersProof,
  compileSolidity,
  contextFor,
  contractName,
  inferenceCalldata,
  proofCalldata,
  renderVerifier,
  type VerifierManifest,
} from '../solidity/index.js';
import { executionGas } from './gas-verify.js';

/** A layout to measure: the manifest's, with a key for it and a prover of statements about it. */
export interface GasSubject {
  readonly manifest: VerifierManifest;
  readonly key: VerificationKey;
  /** A proof whose context signal is `context`, different in its other signals or not. */
  prove(context: bigint): Promise<ProvedInference>;
}

export interface TransactionGas {
  readonly name: string;
  readonly signals: number;
  readonly deployVerifier: number;
  readonly registerModel: number;
  /** A transaction to `verifyProof` of the generated verifier. */
  readonly verifyProof: number;
  /** The same without the transaction's base and calldata. */
  readonly execution: number;
  /** ERC-7992's `verifyInference`: registry, proof, event. */
  readonly verifyInference: number;
  /** `attest`: the same with replay protection and a record. */
  readonly attest: number;
  /** ERC-7992's `verifyAndStoreInference`: the whole output in storage. */
  readonly store: number;
  readonly batches: readonly BatchGas[];
}

export interface BatchGas {
  readonly size: number;
  /** Transaction of `attestBatch`, for each attestation. */
  readonly perAttestation: number;
  /** Execution of `verifyBatch` alone, for each proof. */
  readonly perProof: number;
}

/** Deploys registry and attestations for measurements. */
export async function gasRegistry(rpc: Rpc): Promise<RegistryContracts> {
  return await deployRegistry(measuringSender(rpc));
}

export async function measureTransactions(
  rpc: Rpc,
  { registry, attestations }: RegistryContracts,
  subject: GasSubject,
  batchSizes: readonly number[],
): Promise<TransactionGas> {
  const sender = measuringSender(rpc);
  const { manifest, key } = subject;
  const artifact = (await compileSolidity({ 'Verifier.sol': renderVerifier(key, manifest) }))[
    contractName(manifest.name)
  ];
  const verifier = await deployContract(sender, artifact, 'deploying the verifier');
  const registered = await registerModel(sender, registry.address, {
    manifest,
    key,
    verifier: verifier.address,
    artifact,
  });
  const model: AttestedModel = { ...registered, attestations: attestations.address, key, manifest };

  // Nonces as provers draw them, of 64 bits: calldata is paid by the non-zero byte.
  let nonce = 2n ** 64n - 1n;
  const prove = async () => {
    const chosen = nonce--;
    const context = contextFor({
      chainId: rpc.chainId,
      contract: attestations.address,
      account: sender.signer.address,
      nonce: chosen,
    });
    return { ...(await subject.prove(context)), nonce: chosen };
  };
  const send = async (to: string, data: string) => {
    const receipt = await sendOnce(sender, { purpose: data, to, data, action: 'measuring', abis: [ATTESTATIONS_ABI] });
    return Number(receipt.gasUsed);
  };
  const sendInference = async (method: string) => {
    const { proof, publicSignals, nonce: chosen } = await prove();
    const call = inferenceCalldata(key, manifest, proof, publicSignals);
    const abi = new Interface([
      `function ${method}(uint256 modelId, bytes32 inputCommitment, bytes output, bytes proof)`,
    ]);
    return await send(
      attestations.address,
      abi.encodeFunctionData(method, [
        model.modelId,
        call.inputCommitment,
        call.output,
        callersProof(chosen, call.proof),
      ]),
    );
  };

  const plain = await prove();
  const plainData = verifyProofData(plain.proof, plain.publicSignals);
  const verifyProof = await send(verifier.address, plainData);
  await submitInference(sender, model, await prove()); // The first record of a model and a prover is not the typical one.
  const verifyInference = await sendInference('verifyInference');
  const store = await sendInference('verifyAndStoreInference');
  const attest = await submitInference(sender, model, await prove());

  const items: ProvedInference[] = [];
  while (items.length < Math.max(...batchSizes)) items.push(await prove());
  const batches: BatchGas[] = [];
  for (const size of batchSizes) {
    const some = items.slice(0, size);
    const { gasUsed } = await undone(rpc, () => submitBatch(sender, model, some));
    const data = verifyBatchData(key.nPublic, some);
    const alone = executionGas(await send(verifier.address, data), data);
    batches.push({ size, perAttestation: Math.round(gasUsed / size), perProof: Math.round(alone / size) });
  }
  return {
    name: manifest.name,
    signals: key.nPublic,
    deployVerifier: verifier.gasUsed,
    registerModel: registered.gasUsed,
    verifyProof,
    execution: executionGas(verifyProof, plainData),
    verifyInference,
    attest: attest.gasUsed,
    store,
    batches,
  };
}

function verifyBatchData(signals: number, items: readonly ProvedInference[]): string {
  const abi = new Interface([
    `function verifyBatch(uint256[8][] proofs, uint256[${signals}][] signals) view returns (bool)`,
  ]);
  const proofs = items.map(({ proof, publicSignals }) => proofCalldata(proof, publicSignals));
  return abi.encodeFunctionData('verifyBatch', [
    proofs.map(({ a, b, c }) => [...a, ...b.flat(), ...c]),
    proofs.map((proof) => proof.signals),
  ]);
}

/** Runs `work` and takes the chain back to where it was, so that the same inferences can be attested again. */
async function undone<T>(rpc: Rpc, work: () => Promise<T>): Promise<T> {
  const snapshot = await rpc.provider.send('evm_snapshot', []);
  try {
    return await work();
  } finally {
    await rpc.provider.send('evm_revert', [snapshot]);
  }
}

function measuringSender(rpc: Rpc): Sender {
  return { rpc, signer: developmentSigner(), journal: memoryJournal() };
}
