// SPDX-License-Identifier: MIT
pragma solidity ^0.8.4;

import {IModelErrors} from "../../interfaces/IModelErrors.sol";

/// @title Where a model comes from: an append-only graph of artifacts.
/// @dev An artifact's identifier is the EIP-712 digest of its struct, so it commits to its content, parents, licence and
/// contributors, and it is exactly what each contributor signs. A parent must be on record before its child and an
/// identifier contains its parents' identifiers, so the graph has no cycle. Storage keeps one word for each artifact; the
/// rest is in `ArtifactRecorded`, and a contract that needs it is shown the struct and hashes it (`idOf`).
///
/// EIP-712 domain: name "zkinfer provenance", version "1", chainId, verifyingContract. Types:
///   Artifact(uint8 kind,uint8 codec,bytes32 contentHash,bytes32[] parents,string licence,uint16 parentsBps,Contributor[] contributors)
///   Contributor(address account,uint32 weight)
interface IProvenanceLedger is IModelErrors {
    /// @dev `Unknown` is the kind of what is not on record.
    enum Kind {
        Unknown,
        DataSet,
        TrainingRun,
        Checkpoint,
        /// Many checkpoints of one run; `contentHash` is the root of their Merkle tree.
        CheckpointBatch,
        ModelVersion
    }

    struct Contributor {
        /// A key's address, or a wallet contract that answers ERC-1271.
        address account;
        /// Its part of what this artifact earns, relative to the other contributors' weights; may be zero.
        uint32 weight;
    }

    struct Artifact {
        Kind kind;
        /// Multicodec of the CIDv1 whose SHA-256 digest is `contentHash`: 0x55 (raw) or 0x70 (dag-pb); 0 for a Merkle root.
        uint8 codec;
        bytes32 contentHash;
        /// At most 16, no one twice.
        bytes32[] parents;
        /// SPDX identifier, or URI of the licence or of the consent given.
        string licence;
        /// Part of this artifact's earnings that goes on to its parents, in equal shares; 10,000 is all.
        uint16 parentsBps;
        /// 1 to 16.
        Contributor[] contributors;
    }

    /// One checkpoint inside a batch. Leaf: keccak256(keccak256(abi.encode(step, codec, contentHash))), the encoding of
    /// OpenZeppelin's StandardMerkleTree with types ["uint256", "uint8", "bytes32"].
    struct CheckpointLeaf {
        uint256 step;
        uint8 codec;
        bytes32 contentHash;
    }

    struct Header {
        Kind kind;
        /// 1 for the first artifact of the ledger; a parent's is smaller than its child's.
        uint64 index;
        /// Block of its recording.
        uint64 blockNumber;
        /// Registry's model and version that a `ModelVersion` artifact is linked to; 0 if none. For a checkpoint: those that it
        /// was first linked through by one of its own contributors, so that who builds on the checkpoint builds on that model.
        uint64 modelId;
        uint32 version;
    }

    /// Which artifacts a registered model version leads back to.
    struct Link {
        /// The `ModelVersion` artifact.
        bytes32 artifactId;
        /// The `Checkpoint` or `CheckpointBatch` artifact, a parent of the former.
        bytes32 checkpointId;
        /// The checkpoint's own content hash (for a batch: the leaf's).
        bytes32 checkpointHash;
    }

    /// @param parents Identifiers.
    /// @param contributors With their weights; all of them signed.
    event ArtifactRecorded(
        bytes32 indexed artifactId,
        Kind indexed kind,
        bytes32 indexed contentHash,
        uint8 codec,
        bytes32[] parents,
        string licence,
        uint16 parentsBps,
        Contributor[] contributors
    );
    event ModelVersionLinked(
        uint256 indexed modelId,
        uint32 indexed version,
        bytes32 indexed artifactId,
        bytes32 checkpointId,
        bytes32 checkpointHash
    );

    /// @notice The owner said, for good, that a model version is linked to no artifact.
    event ModelVersionWithoutLineage(uint256 indexed modelId, uint32 indexed version);

    error ArtifactAlreadyRecorded(bytes32 artifactId);
    error ArtifactNotFound(bytes32 artifactId);
    /// @notice A parent is not on record yet.
    error ParentNotFound(bytes32 parentId);
    error DuplicateParent(bytes32 parentId);
    error TooManyParents(uint256 parents);
    /// @notice An artifact has 1 to 16 contributors.
    error InvalidContributors(uint256 contributors);
    /// @notice Kind, codec, content hash or parents' share are not in their ranges.
    error InvalidArtifact();
    /// @notice There must be one signature for each contributor; the caller's own may be empty.
    error SignatureCountMismatch(uint256 contributors, uint256 signatures);
    error InvalidContributorSignature(address contributor);
    error NotACheckpointBatch(bytes32 artifactId);
    error CheckpointNotInBatch(bytes32 batchId, bytes32 leaf);
    /// @notice Only a contributor of the artifact may link a model to it.
    error NotContributor(bytes32 artifactId, address caller);
    error NotAModelVersion(bytes32 artifactId);
    error NoSuchParent(bytes32 artifactId, bytes32 parentId);
    error NotACheckpoint(bytes32 artifactId);
    error ModelVersionAlreadyLinked(uint256 modelId, uint32 version);
    error ArtifactAlreadyLinked(bytes32 artifactId);
    /// @notice The version was declared to have no lineage.
    error DeclaredWithoutLineage(uint256 modelId, uint32 version);

    /// @notice Puts an artifact on record. Anyone may bring it; the contributors' signatures decide.
    /// @param artifact What is recorded.
    /// @param signatures One for each contributor, of the artifact's identifier (EIP-712 digest); the caller's own may be empty.
    /// @return artifactId Its identifier.
    function record(Artifact calldata artifact, bytes[] calldata signatures) external returns (bytes32 artifactId);

    /// @notice Says which artifact a registered model version is, and which checkpoint it was made from. The caller owns the
    /// model and contributed to the artifact. Once for each version and artifact.
    /// @param artifact The recorded `ModelVersion` artifact.
    /// @param checkpoint Its recorded parent of kind `Checkpoint` or `CheckpointBatch`.
    /// @param leaf For a batch: the checkpoint in it. Otherwise not looked at.
    /// @param proof For a batch: the leaf's Merkle path. Otherwise not looked at.
    function linkModelVersion(
        uint256 modelId,
        uint32 version,
        Artifact calldata artifact,
        Artifact calldata checkpoint,
        CheckpointLeaf calldata leaf,
        bytes32[] calldata proof
    ) external;

    /// @notice Says for good that a model version has no lineage here. The caller owns the model. Whoever pays by lineage asks for
    /// this before paying a model that shows none: otherwise a lineage could be linked once nobody has to be paid for it.
    function declareWithoutLineage(uint256 modelId, uint32 version) external;

    /// @notice Whether a model version was declared to have no lineage.
    function isWithoutLineage(uint256 modelId, uint32 version) external view returns (bool declared);

    /// @notice The identifier of an artifact, recorded or not: its EIP-712 digest, which contributors sign.
    function idOf(Artifact calldata artifact) external view returns (bytes32 artifactId);

    /// @notice What storage holds of an artifact; all zero if it is not on record.
    function headerOf(bytes32 artifactId) external view returns (Header memory header);

    /// @notice The artifacts of a model version; all zero if none were linked.
    function linkOf(uint256 modelId, uint32 version) external view returns (Link memory link);

    /// @notice Whether a checkpoint is in a recorded batch.
    function isInBatch(Artifact calldata batch, CheckpointLeaf calldata leaf, bytes32[] calldata proof)
        external
        view
        returns (bool included);

    /// @notice How many artifacts are on record.
    function artifactCount() external view returns (uint64 count);

    /// @notice Where models are registered.
    function registry() external view returns (address registryAddress);
}
