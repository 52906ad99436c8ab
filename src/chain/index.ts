/**
 * A proof's way onto a chain. Functions take and return plain values; a command of the CLI is, in outline,
 *
 *     const chain = await openChain(build, rpcUrl);            // no URL: a local chain kept in the build folder
 *     const sender = await openSender(build, chain);           // signer from the environment
 *     const verifier = await deployVerifier(sender, artifact, key);
 *     const { accepted } = await submitToVerifier(sender, verifier.address, key, artifact, proof, publicSignals);
 *     await updateDeployment(build, chain.rpc, { verifier: { … } });
 *     await chain.close();
 *
 * and with a registry: deployRegistry, registerModel, submitInference or submitBatch, findAttestation,
 * listAttestations, watchAttestations. Everything that sends is idempotent: asked twice, or again after a crash, it
 * happens once.
 */
export { type Anvil, type AnvilOptions, startAnvil } from './anvil.js';
export { type Attestation, type AttestationFilter, findAttestation, listAttestations } from './attestations.js';
export { watchAttestations } from './watch-attestations.js';
export { requireCode } from './code.js';
export { type ContractArtifact, deployContract, type Deployed } from './deploy.js';
export { type Deployment, readDeployment, updateDeployment } from './deployment.js';
export {
  ChainMismatchError,
  ContextMismatchError,
  ForeignCodeError,
  InsufficientFundsError,
  LocalNodeError,
  NonceError,
  NotDeployedError,
  RecordError,
  RevertedError,
  RpcResponseError,
  RpcUnreachableError,
  SignerError,
  TransactionPendingError,
} from './errors.js';
export { fileJournal, type Journal, memoryJournal } from './journal.js';
export { type LocalChain, openLocalChain } from './local-chain.js';
export { readBlockRanges } from './logs.js';
export {
  deployAttestations,
  deployRegistry,
  deprecateModel,
  type ModelToRegister,
  registerModel,
  type RegisteredModel,
  type RegistryContracts,
  updateModel,
} from './registry.js';
export { type ModelOnChain, readModel, readModelVersion } from './read-registry.js';
export { registryOf, unknownCode } from './package-code.js';
export { connect, type ConnectOptions, isLocalChain, type Rpc } from './rpc.js';
export {
  type ChunkOnBoard,
  type DatasetOnBoard,
  deployScoreBoard,
  openScore,
  readScore,
  recordChunk,
  type ScoredModel,
  type ScoreOnBoard,
} from './score-board.js';
export { type Chain, openChain, openSender } from './session.js';
export { defaultProver, developmentSigner, resolveSigner, type Signer } from './signer.js';
export {
  attestationIdOf,
  type AttestationResult,
  type AttestedModel,
  attestRequest,
  type BatchResult,
  batchRequest,
  type ProvedInference,
  submitBatch,
  submitInference,
} from './submit.js';
export { type TransactionIntent, sendOnce, type Sender, simulate } from './transactions.js';
export {
  deployVerifier,
  requireVerifier,
  type Submission,
  submitToVerifier,
  type VerifierArtifact,
  verifyOnChain,
} from './verifier.js';
