/**
 * The provenance ledger as this project's TypeScript calls it, in ethers' human-readable form. A test compares every
 * line with the compiled contract.
 */
import { Interface } from 'ethers';

const CONTRIBUTOR = '(address account, uint32 weight)';
const ARTIFACT = `(uint8 kind, uint8 codec, bytes32 contentHash, bytes32[] parents, string licence, uint16 parentsBps, ${CONTRIBUTOR}[] contributors)`;
const LEAF = '(uint256 step, uint8 codec, bytes32 contentHash)';

/** `ProvenanceLedger`. */
export const PROVENANCE_ABI = new Interface([
  `function record(${ARTIFACT} artifact, bytes[] signatures) returns (bytes32 artifactId)`,
  `function linkModelVersion(uint256 modelId, uint32 version, ${ARTIFACT} artifact, ${ARTIFACT} checkpoint, ${LEAF} leaf, bytes32[] proof)`,
  `function idOf(${ARTIFACT} artifact) view returns (bytes32 artifactId)`,
  'function headerOf(bytes32 artifactId) view returns ((uint8 kind, uint64 index, uint64 blockNumber, uint64 modelId, uint32 version) header)',
  'function linkOf(uint256 modelId, uint32 version) view returns ((bytes32 artifactId, bytes32 checkpointId, bytes32 checkpointHash) link)',
  'function declareWithoutLineage(uint256 modelId, uint32 version)',
  'function isWithoutLineage(uint256 modelId, uint32 version) view returns (bool declared)',
  `function isInBatch(${ARTIFACT} batch, ${LEAF} leaf, bytes32[] proof) view returns (bool included)`,
  'function registry() view returns (address registryAddress)',
  `event ArtifactRecorded(bytes32 indexed artifactId, uint8 indexed kind, bytes32 indexed contentHash, uint8 codec, bytes32[] parents, string licence, uint16 parentsBps, ${CONTRIBUTOR}[] contributors)`,
  'error ArtifactAlreadyRecorded(bytes32 artifactId)',
  'error ArtifactNotFound(bytes32 artifactId)',
  'error ParentNotFound(bytes32 parentId)',
  'error DuplicateParent(bytes32 parentId)',
  'error TooManyParents(uint256 parents)',
  'error InvalidContributors(uint256 contributors)',
  'error InvalidArtifact()',
  'error SignatureCountMismatch(uint256 contributors, uint256 signatures)',
  'error InvalidContributorSignature(address contributor)',
  'error NotACheckpointBatch(bytes32 artifactId)',
  'error CheckpointNotInBatch(bytes32 batchId, bytes32 leaf)',
  'error NotModelOwner(uint256 modelId, address caller)',
  'error NotContributor(bytes32 artifactId, address caller)',
  'error NotAModelVersion(bytes32 artifactId)',
  'error NoSuchParent(bytes32 artifactId, bytes32 parentId)',
  'error NotACheckpoint(bytes32 artifactId)',
  'error ModelVersionAlreadyLinked(uint256 modelId, uint32 version)',
  'error ArtifactAlreadyLinked(bytes32 artifactId)',
  'error ModelVersionNotFound(uint256 modelId, uint32 version)',
  'error DeclaredWithoutLineage(uint256 modelId, uint32 version)',
]);
