/**
 * The contracts' interfaces as this folder calls them, in ethers' human-readable form: the part of
 * `verifier-contracts/src` that a client needs, without a Solidity compiler at hand. A test compares every line with
 * the compiled contracts.
 */
import { Interface } from 'ethers';

const COMMITMENT = '(bytes32 modelHash, bytes32 circuitHash, bytes32 vkHash, bytes4 proofSystemId, string uri)';

/** ERC-7992's registry and what `IModelRegistry` adds to it. */
export const REGISTRY_ABI = new Interface([
  `function registerModelWithVerifier(${COMMITMENT} commitment, address verifier) returns (uint256 modelId)`,
  `function updateModelWithVerifier(uint256 modelId, ${COMMITMENT} newCommitment, address verifier)`,
  'function deprecateModel(uint256 modelId)',
  `function getModel(uint256 modelId) view returns (${COMMITMENT} commitment, bool deprecated, address owner)`,
  'function versionOf(uint256 modelId) view returns (uint32 version)',
  `function getModelVersion(uint256 modelId, uint32 version) view returns (${COMMITMENT} commitment, address verifier, bytes32 codeHash, uint256 registeredAt)`,
  `event ModelRegistered(uint256 indexed modelId, address indexed owner, ${COMMITMENT} commitment)`,
  'event ModelVersionAdded(uint256 indexed modelId, uint32 indexed version, bytes32 indexed vkHash)',
  'error ModelDeprecated(uint256 modelId)',
  'error ModelNotFound(uint256 modelId)',
  'error NotModelOwner(uint256 modelId, address caller)',
  'error ModelVersionNotFound(uint256 modelId, uint32 version)',
  'error IncompleteCommitment()',
  'error VerifierAlreadyBound(uint256 modelId, uint32 version)',
  'error VerifierHasNoCode(address verifier)',
  'error VerificationKeyMismatch(bytes32 registered, bytes32 deployed)',
  'error NotGroth16(bytes4 proofSystemId)',
  'error EnforcedPause()',
]);

/** ERC-7992's verifier with its storage extension and attestations, one contract. */
export const ATTESTATIONS_ABI = new Interface([
  'function attest(uint256 modelId, bytes32 inputCommitment, uint256 nonce, bytes output, bytes proof) returns (bytes32 id)',
  'function attestBatch(uint256 modelId, bytes32[] inputCommitments, uint256[] nonces, bytes outputs, bytes proofs) returns (bytes32[] ids)',
  'function verifyInference(uint256 modelId, bytes32 inputCommitment, bytes output, bytes proof)',
  'function attestationId(uint256 modelId, uint32 version, bytes32 inputCommitment, uint256 context) pure returns (bytes32 id)',
  'function attestationOf(bytes32 id) view returns (uint256 blockNumber, bytes27 outputDigest)',
  'function checkInference(uint256 modelId, uint32 version, bytes32 inputCommitment, uint256 context, bytes output, bytes proof) view',
  'function checkPinnedInference(uint256 modelId, uint32 version, bytes32 inputCommitment, uint256 context, bytes output, bytes proof) view',
  'error VersionNotGiven()',
  'function registry() view returns (address registryAddress)',
  'event InferenceAttested(bytes32 indexed attestationId, uint256 indexed modelId, address indexed prover, uint32 version, bytes32 inputCommitment, uint256 context, bytes output)',
  'event InferencesAttested(uint256 indexed modelId, address indexed prover, uint32 version, bytes32[] inputCommitments, uint256[] contexts, bytes outputs)',
  'error AlreadyAttested(bytes32 attestationId)',
  'error InferenceAlreadyStored(bytes32 inferenceId)',
  'error InferenceNotFound(bytes32 inferenceId)',
  'error VerifierNotBound(uint256 modelId, uint32 version)',
  'error InvalidBatch(uint256 inferences, uint256 nonces)',
  'error InvalidProof()',
  'error ModelMismatch()',
  'error InputCommitmentMismatch()',
  'error OutputMismatch()',
  'error UnsupportedProofSystem(bytes4 proofSystemId)',
  'error VerificationRefused_ModelDeprecated(uint256 modelId)',
]);

/** A generated verifier's part that is the same for every model. */
export const VERIFIER_ABI = new Interface(['function vkHash() pure returns (bytes32)']);

/** `verifyProof` of a key with `signals` public signals; snarkjs's generated verifier has the same. */
export function verifyProofAbi(signals: number): Interface {
  return new Interface([
    `function verifyProof(uint256[2] a, uint256[2][2] b, uint256[2] c, uint256[${signals}] signals) view returns (bool)`,
  ]);
}

/** For decoding what any of the contracts in a call may revert with. */
export const ALL_ABIS: readonly Interface[] = [ATTESTATIONS_ABI, REGISTRY_ABI];
