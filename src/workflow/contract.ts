/** `solidity`, `deploy`, `register`, `submit`: a build's verifier on a chain. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ContextMismatchError,
  deployAttestations,
  deployRegistry,
  deployVerifier,
  NotDeployedError,
  openChain,
  openSender,
  readDeployment,
  readModelVersion,
  registerModel,
  registryOf,
  requireVerifier,
  submitInference,
  submitToVerifier,
  unknownCode,
  updateDeployment,
  updateModel,
  type Attestation,
  type Chain,
  type Deployment,
  type Rpc,
  type Sender,
} from '../chain/index.js';
import { proofSystemOf } from '../proof-systems/index.js';
import { compileCached, compileSolidity, contractName, type CompiledContract } from '../solidity/index.js';
import { NotReadyError } from './errors.js';
import type { VerificationKey } from '../groth16/types.js';
import type { Manifest } from '../manifest.js';
import { VERSION } from '../version.js';
import { addToBuild, readBuildFile, readManifest } from './build-folder.js';
import { readIntegerModel } from './circuit-file.js';
import { boundTo, contextOf, isUsableBy, type BoundTo } from './proof-context.js';
import { proofFromJson, type ProofFile } from './proof-file.js';
import { BuildMismatchError, publicSignalsOf, requireManifestOfModel } from './public-signals.js';
import { readVerificationKey } from './verify.js';

export interface ChainOptions {
  /** Without it: a local chain kept in the build folder. */
  readonly rpc?: string;
  /** Blocks that must include or follow the transaction's own; default 1, the block itself. */
  readonly confirmations?: number;
}

/**
 * The source of the build's verifier, as this package writes it for the build's key, after manifest and model were
 * compared.
 * @throws BuildMismatchError, UnfinishedKeyError
 */
async function renderBuild(folder: string): Promise<string> {
  const manifest = await readManifest(folder);
  const model = await readIntegerModel(folder, manifest);
  requireManifestOfModel(folder, manifest, publicSignalsOf(model, manifest.visibility));
  const contract = await proofSystemOf(manifest).contract();
  return contract.render(await readVerificationKey(folder), manifest);
}

/**
 * The source to deploy or to recognize: rendered here, never taken from the folder, whose maker may have written
 * anything into `Verifier.sol`. @throws BuildMismatchError where the folder's differs
 */
export async function verifierSource(folder: string): Promise<string> {
  const manifest = await readManifest(folder);
  const source = await renderBuild(folder);
  if (manifest.files['Verifier.sol'] !== undefined) {
    const written = new TextDecoder().decode(await readBuildFile(folder, manifest, 'Verifier.sol'));
    if (written !== source) {
      throw new BuildMismatchError(
        `${folder}/Verifier.sol is not the contract that this version (${VERSION}) writes for the build's key: it was changed, or made by another version. ` +
          `Compare it, then write it again: zkinfer solidity ${folder}`,
      );
    }
  }
  return source;
}

/** Writes `Verifier.sol` into the build and returns its source. */
export async function writeVerifier(folder: string): Promise<{ readonly source: string; readonly contract: string }> {
  const manifest = await readManifest(folder);
  const source = await renderBuild(folder);
  await addToBuild(folder, {}, { 'Verifier.sol': () => [source] });
  return { source, contract: contractName(manifest.name) };
}

/** The build's verifier, compiled from what this package renders. @throws BuildMismatchError */
export async function compileVerifier(folder: string, compile = compileSolidity): Promise<CompiledContract> {
  const { name } = await readManifest(folder);
  return (await compile({ 'Verifier.sol': await verifierSource(folder) }))[contractName(name)];
}

/** Runs `work` with a chain and a signer, and ends what was started for it. */
export async function withSender<T>(
  folder: string,
  options: ChainOptions,
  work: (sender: Sender, chain: Chain) => Promise<T>,
): Promise<T> {
  await readManifest(folder);
  const chain = await openChain(folder, options.rpc);
  try {
    const sender = await openSender(
      folder,
      chain,
      options.confirmations === undefined ? {} : { confirmations: options.confirmations },
    );
    return await work(sender, chain);
  } finally {
    await chain.close();
  }
}

export interface DeployResult {
  readonly address: string;
  readonly transaction?: string;
  readonly gasUsed?: number;
  readonly chainId: number;
  readonly embedded: boolean;
}

export async function deployBuild(folder: string, options: ChainOptions): Promise<DeployResult> {
  const artifact = await compileVerifier(folder, compileCached);
  const key = await readVerificationKey(folder);
  const { keyHash } = await proofSystemOf(await readManifest(folder)).contract();
  return await withSender(folder, options, async (sender, chain) => {
    const deployed = await deployVerifier(sender, artifact, key);
    await updateDeployment(folder, chain.rpc, {
      verifier: { address: deployed.address, transaction: deployed.transaction, vkHash: keyHash(key) },
    });
    await chain.save();
    return {
      address: deployed.address,
      transaction: deployed.transaction,
      gasUsed: deployed.gasUsed,
      chainId: chain.rpc.chainId,
      embedded: chain.embedded,
    };
  });
}

export interface RegisterResult {
  readonly registry: string;
  readonly attestations: string;
  readonly modelId: string;
  readonly version: number;
  readonly transaction: string;
  readonly chainId: number;
  /** Set where the build has a proof that the signer cannot have attested: whom it is for. */
  readonly foreignProof?: BoundTo;
  readonly account: string;
  /** What is not known of registry and attestations contract, a sentence each; none where both are this package's. */
  readonly notKnown: readonly string[];
}

/**
 * Registers the deployed build; with no registry on record and none given, deploys one.
 * @throws ForeignCodeError where the verifier on record is not the build's, whatever it says of itself; NotReadyError
 */
export async function registerBuild(
  folder: string,
  options: ChainOptions & { readonly registry?: string; readonly attestations?: string; readonly uri?: string },
): Promise<RegisterResult> {
  const manifest = await readManifest(folder);
  const key = await readVerificationKey(folder);
  const artifact = await compileVerifier(folder, compileCached);
  const { keyHash } = await proofSystemOf(manifest).contract();
  return await withSender(folder, options, async (sender, chain) => {
    const deployment = await readDeployment(folder, chain.rpc);
    const verifier = requirePart(deployment, 'verifier', folder).address;
    // Before a registry is paid for.
    await requireVerifier(chain.rpc, verifier, key, artifact);
    const contracts = await contractsFor(sender, deployment, options);
    await requireSameRegistry(chain.rpc, contracts);
    await updateDeployment(folder, chain.rpc, {
      registry: { address: contracts.registry },
      attestations: { address: contracts.attestations },
    });
    const wanted = { manifest, key, verifier, artifact, ...(options.uri === undefined ? {} : { uri: options.uri }) };
    // A model on record is another registry's where one is given that is not the one on record.
    const known = sameAddress(contracts.registry, deployment.registry?.address) ? deployment.model : undefined;
    const model = known
      ? await updateModel(sender, contracts.registry, BigInt(known.id), wanted)
      : await registerModel(sender, contracts.registry, wanted);
    await updateDeployment(folder, chain.rpc, {
      model: {
        id: String(model.modelId),
        version: model.version,
        vkHash: keyHash(key),
        transaction: model.transaction,
      },
    });
    await chain.save();
    const account = sender.signer.address;
    const bound = await bindingOnDisk(folder, manifest);
    const usable =
      bound === undefined ||
      isUsableBy(bound, { chainId: chain.rpc.chainId, contract: contracts.attestations, account });
    const foreign = usable ? {} : { foreignProof: bound };
    const notKnown = await unknownCode(chain.rpc, contracts);
    const { modelId, version, transaction } = model;
    return {
      ...contracts,
      modelId: String(modelId),
      version,
      transaction,
      chainId: chain.rpc.chainId,
      account,
      ...foreign,
      notKnown,
    };
  });
}

/** What the proof that `prove` left in the build is for; undefined where there is none that can be read. */
async function bindingOnDisk(folder: string, manifest: Manifest): Promise<BoundTo | undefined> {
  try {
    const { publicSignals, binding } = proofFromJson(await readFile(join(folder, 'proof.json'), 'utf8'), 'proof.json');
    return boundTo(contextOf(manifest, publicSignals), binding);
  } catch {
    return undefined;
  }
}

async function contractsFor(
  sender: Sender,
  deployment: Deployment,
  given: { readonly registry?: string; readonly attestations?: string },
): Promise<{ readonly registry: string; readonly attestations: string }> {
  const registry = given.registry ?? deployment.registry?.address;
  // The recorded attestations contract reads the recorded registry; it cannot be used with another one that is given.
  const known =
    given.registry === undefined || sameAddress(given.registry, deployment.registry?.address)
      ? deployment.attestations?.address
      : undefined;
  const attestations = given.attestations ?? known;
  if (registry && attestations) return { registry, attestations };
  if (registry) return { registry, attestations: (await deployAttestations(sender, registry)).address };
  const made = await deployRegistry(sender);
  return { registry: made.registry.address, attestations: made.attestations.address };
}

/** @throws NotDeployedError where the attestations contract reads another registry */
async function requireSameRegistry(
  rpc: Rpc,
  { registry, attestations }: { readonly registry: string; readonly attestations: string },
): Promise<void> {
  const own = await registryOf(rpc, attestations);
  if (sameAddress(registry, own)) return;
  throw new NotDeployedError(
    `the attestations contract at ${attestations} reads the registry at ${own}, not that at ${registry}; give one that belongs to it (--registry, --attestations)`,
  );
}

/** What a proof is sent to, and what this folder says of it. */
interface Registered {
  readonly folder: string;
  readonly attestations: string;
  /** By the folder's record. */
  readonly registry?: string;
  readonly modelId: bigint;
  readonly version: number;
}

/**
 * Refuses a registered model that is not this build, by its hashes and by the code of its verifier, which an
 * attestations contract asks. Returns what is not known of the two contracts themselves. @throws NotDeployedError,
 * ForeignCodeError
 */
export async function requireRegistered(
  rpc: Rpc,
  { folder, attestations, registry: recorded, modelId, version }: Registered,
  manifest: Manifest,
  key: VerificationKey,
  artifact: CompiledContract,
): Promise<string[]> {
  const registry = recorded ?? (await registryOf(rpc, attestations));
  await requireSameRegistry(rpc, { registry, attestations });
  const model = await readModelVersion(rpc, registry, modelId, version);
  const { modelHash, circuitHash } = manifest;
  const { keyHash } = await proofSystemOf(manifest).contract();
  for (const [what, own, registered] of [
    ['model', modelHash, model.modelHash],
    ['circuit', circuitHash, model.circuitHash],
    ['key', keyHash(key), model.vkHash],
  ]) {
    if (own === registered) continue;
    throw new NotDeployedError(
      `model ${modelId}, version ${version}, in the registry at ${registry} is not the build in ${folder}: its ${what} hash is ${registered}, the build's ${own}. ` +
        `Deploy and register the build: zkinfer deploy ${folder}, zkinfer register ${folder}`,
    );
  }
  await requireVerifier(rpc, model.verifier, key, artifact);
  return await unknownCode(rpc, { registry, attestations });
}

/** Addresses are equal whatever their checksum's capitals. */
function sameAddress(one: string, other: string | undefined): boolean {
  return one.toLowerCase() === other?.toLowerCase();
}

export function requirePart<K extends 'verifier' | 'attestations' | 'model'>(
  deployment: Deployment,
  part: K,
  folder: string,
): NonNullable<Deployment[K]> {
  const found = deployment[part];
  if (!found) {
    const command = part === 'verifier' ? 'deploy' : 'register';
    throw new NotReadyError(
      `the build in ${folder} has no ${part} on chain ${deployment.chainId}; run: zkinfer ${command} ${folder}`,
    );
  }
  return found as NonNullable<Deployment[K]>;
}

export interface SubmitResult {
  /** Null where the proof was refused before anything was sent. */
  readonly transaction: string | null;
  readonly gasUsed: number;
  readonly accepted: boolean;
  /** Address of the contract that decided. */
  readonly contract: string;
  readonly attestation?: Attestation;
  readonly alreadyAttested?: boolean;
  readonly chainId: number;
  /** Where a bare verifier decided, which does not look at it: whom the proof is for. */
  readonly boundTo?: BoundTo;
  /**
   * What is not known of the contracts that decided, a sentence each; none where their code is what this package
   * compiles.
   */
  readonly notKnown: readonly string[];
}

export interface SubmitOptions extends ChainOptions {
  /** Of the proof's context, where the proof's file does not say it; default 0. */
  readonly nonce?: bigint;
}

/**
 * Sends a proof: to the attestations contract where the build is registered, else to its verifier. Whatever verifier
 * decides has the code that is compiled here from the build. @throws ForeignCodeError, NotDeployedError,
 * ContextMismatchError, PublicSignalsError
 */
export async function submitProof(folder: string, proof: ProofFile, options: SubmitOptions): Promise<SubmitResult> {
  const manifest = await readManifest(folder);
  const key = await readVerificationKey(folder);
  const artifact = await compileVerifier(folder, compileCached);
  return await withSender(folder, options, async (sender, chain) => {
    const deployment = await readDeployment(folder, chain.rpc);
    const chainId = chain.rpc.chainId;
    const account = sender.signer.address;
    const bound = boundTo(contextOf(manifest, proof.publicSignals), proof.binding);
    const again = `prove again: zkinfer prove ${folder} --input FILE --for ${account}`;
    const { model } = deployment;
    if (model && deployment.attestations) {
      const contract = deployment.attestations.address;
      if (bound.kind === 'account' && !isUsableBy(bound, { chainId, contract, account })) {
        throw new ContextMismatchError(
          `the proof is for ${bound.account} at the contract ${bound.contract} on chain ${bound.chainId}; ` +
            `${account} would send it to ${contract} on chain ${chainId}. Send it as it was made, or ${again}`,
        );
      }
      if (bound.kind === 'anybody')
        throw new ContextMismatchError(
          `the proof is bound to nobody, and the attestations take only their sender's: ${again}`,
        );
      const nonce = options.nonce ?? (bound.kind === 'account' ? BigInt(bound.nonce) : 0n);
      const { registry } = deployment;
      const sent = {
        folder,
        attestations: contract,
        registry: registry?.address,
        modelId: BigInt(model.id),
        version: model.version,
      };
      const notKnown = await requireRegistered(chain.rpc, sent, manifest, key, artifact);
      const attested = { attestations: contract, modelId: BigInt(model.id), version: model.version, key, manifest };
      const { transaction, gasUsed, accepted, attestation, alreadyAttested } = await submitInference(sender, attested, {
        ...proof,
        nonce,
      });
      return { transaction, gasUsed, accepted, contract, attestation, alreadyAttested, chainId, notKnown };
    }
    const contract = requirePart(deployment, 'verifier', folder).address;
    // A bare verifier does not look at the context. Contracts that act on proofs do, so its yes would promise too much.
    if (bound.kind === 'account' && !isUsableBy(bound, { chainId, account })) {
      throw new ContextMismatchError(
        `the proof is for ${bound.account} on chain ${bound.chainId}, and ${account} would send it on chain ${chainId}: contracts that act on proofs refuse it. ` +
          `Send it as ${bound.account}, or ${again}`,
      );
    }
    const submission = await submitToVerifier(sender, contract, key, artifact, proof.proof, proof.publicSignals);
    return { ...submission, contract, chainId, boundTo: bound, notKnown: [] };
  });
}
