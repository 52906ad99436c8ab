// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IProvenanceLedger} from "./interfaces/IProvenanceLedger.sol";

/// @title Append-only ledger of data sets, training runs, checkpoints and model versions.
/// @dev No owner, no pause, no money. Invariants: a header once written keeps its kind, index and block; a parent's index is
/// smaller than its child's, hence no cycle; a link once made stays, and so does the declaration that there is none.
contract ProvenanceLedger is IProvenanceLedger, EIP712 {
    bytes32 private constant CONTRIBUTOR_TYPEHASH = keccak256("Contributor(address account,uint32 weight)");
    bytes32 private constant ARTIFACT_TYPEHASH = keccak256(
        "Artifact(uint8 kind,uint8 codec,bytes32 contentHash,bytes32[] parents,string licence,uint16 parentsBps,Contributor[] contributors)Contributor(address account,uint32 weight)"
    );
    uint8 private constant CODEC_RAW = 0x55;
    uint8 private constant CODEC_DAG_PB = 0x70;
    uint16 private constant ALL_BPS = 10_000;
    uint256 private constant MAX_PARENTS = 16;
    uint256 private constant MAX_CONTRIBUTORS = 16;

    IModelRegistry private immutable _REGISTRY;
    uint64 private _count;
    mapping(bytes32 artifactId => Header) private _headers;
    mapping(uint256 modelId => mapping(uint32 version => Link)) private _links;
    mapping(uint256 modelId => mapping(uint32 version => bool)) private _withoutLineage;

    /// @param modelRegistry Where models are registered.
    constructor(IModelRegistry modelRegistry) EIP712("zkinfer provenance", "1") {
        _REGISTRY = modelRegistry;
    }

    /// @inheritdoc IProvenanceLedger
    function record(Artifact calldata artifact, bytes[] calldata signatures) external returns (bytes32 artifactId) {
        _requireWellFormed(artifact);
        artifactId = idOf(artifact);
        if (_headers[artifactId].kind != Kind.Unknown) revert ArtifactAlreadyRecorded(artifactId);
        _requireParents(artifact.parents);
        _requireSigned(artifactId, artifact.contributors, signatures);
        uint64 index = ++_count;
        _headers[artifactId] = Header({
            kind: artifact.kind,
            index: index,
            blockNumber: uint64(block.number),
            modelId: 0,
            version: 0
        });
        emit ArtifactRecorded(
            artifactId,
            artifact.kind,
            artifact.contentHash,
            artifact.codec,
            artifact.parents,
            artifact.licence,
            artifact.parentsBps,
            artifact.contributors
        );
    }

    /// @inheritdoc IProvenanceLedger
    function linkModelVersion(
        uint256 modelId,
        uint32 version,
        Artifact calldata artifact,
        Artifact calldata checkpoint,
        CheckpointLeaf calldata leaf,
        bytes32[] calldata proof
    ) external {
        _requireOwned(modelId, version);
        if (_withoutLineage[modelId][version]) revert DeclaredWithoutLineage(modelId, version);
        bytes32 artifactId = idOf(artifact);
        Header storage header = _recorded(artifactId);
        if (header.kind != Kind.ModelVersion) revert NotAModelVersion(artifactId);
        if (header.modelId != 0) revert ArtifactAlreadyLinked(artifactId);
        if (_links[modelId][version].artifactId != 0) revert ModelVersionAlreadyLinked(modelId, version);
        if (!_contributed(artifact.contributors)) revert NotContributor(artifactId, msg.sender);
        bytes32 checkpointId = idOf(checkpoint);
        _requireParentOf(artifactId, artifact.parents, checkpointId);
        bytes32 checkpointHash = _checkpointHash(checkpointId, checkpoint, leaf, proof);

        // The registry counts models from 1, one by one: 64 bits hold any of them.
        header.modelId = uint64(modelId);
        header.version = version;
        Header storage origin = _headers[checkpointId];
        if (origin.modelId == 0 && _contributed(checkpoint.contributors)) {
            origin.modelId = uint64(modelId);
            origin.version = version;
        }
        _links[modelId][version] = Link(artifactId, checkpointId, checkpointHash);
        emit ModelVersionLinked(modelId, version, artifactId, checkpointId, checkpointHash);
    }

    /// @inheritdoc IProvenanceLedger
    function declareWithoutLineage(uint256 modelId, uint32 version) external {
        _requireOwned(modelId, version);
        if (_links[modelId][version].artifactId != 0) revert ModelVersionAlreadyLinked(modelId, version);
        _withoutLineage[modelId][version] = true;
        emit ModelVersionWithoutLineage(modelId, version);
    }

    /// @inheritdoc IProvenanceLedger
    function isWithoutLineage(uint256 modelId, uint32 version) external view returns (bool declared) {
        return _withoutLineage[modelId][version];
    }

    /// @inheritdoc IProvenanceLedger
    function headerOf(bytes32 artifactId) external view returns (Header memory header) {
        return _headers[artifactId];
    }

    /// @inheritdoc IProvenanceLedger
    function linkOf(uint256 modelId, uint32 version) external view returns (Link memory link) {
        return _links[modelId][version];
    }

    /// @inheritdoc IProvenanceLedger
    function isInBatch(Artifact calldata batch, CheckpointLeaf calldata leaf, bytes32[] calldata proof)
        external
        view
        returns (bool included)
    {
        bytes32 batchId = idOf(batch);
        if (_recorded(batchId).kind != Kind.CheckpointBatch) revert NotACheckpointBatch(batchId);
        return MerkleProof.verifyCalldata(proof, batch.contentHash, _leafHash(leaf));
    }

    /// @inheritdoc IProvenanceLedger
    function artifactCount() external view returns (uint64 count) {
        return _count;
    }

    /// @inheritdoc IProvenanceLedger
    function registry() external view returns (address registryAddress) {
        return address(_REGISTRY);
    }

    /// @inheritdoc IProvenanceLedger
    function idOf(Artifact calldata artifact) public view returns (bytes32 artifactId) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    ARTIFACT_TYPEHASH,
                    artifact.kind,
                    artifact.codec,
                    artifact.contentHash,
                    keccak256(abi.encodePacked(artifact.parents)),
                    keccak256(bytes(artifact.licence)),
                    artifact.parentsBps,
                    _hashContributors(artifact.contributors)
                )
            )
        );
    }

    function _recorded(bytes32 artifactId) private view returns (Header storage header) {
        header = _headers[artifactId];
        if (header.kind == Kind.Unknown) revert ArtifactNotFound(artifactId);
    }

    function _requireParents(bytes32[] calldata parents) private view {
        for (uint256 i = 0; i < parents.length; ++i) {
            // A kind, not an amount.
            // slither-disable-next-line incorrect-equality
            if (_headers[parents[i]].kind == Kind.Unknown) revert ParentNotFound(parents[i]);
            for (uint256 j = 0; j < i; ++j) {
                if (parents[j] == parents[i]) revert DuplicateParent(parents[i]);
            }
        }
    }

    function _requireSigned(bytes32 artifactId, Contributor[] calldata contributors, bytes[] calldata signatures)
        private
        view
    {
        if (signatures.length != contributors.length) {
            revert SignatureCountMismatch(contributors.length, signatures.length);
        }
        for (uint256 i = 0; i < contributors.length; ++i) {
            address account = contributors[i].account;
            if (account == msg.sender && signatures[i].length == 0) continue;
            if (!SignatureChecker.isValidSignatureNowCalldata(account, artifactId, signatures[i])) {
                revert InvalidContributorSignature(account);
            }
        }
    }

    function _requireOwned(uint256 modelId, uint32 version) private view {
        if (version == 0 || version > _REGISTRY.versionOf(modelId)) revert ModelVersionNotFound(modelId, version);
        if (IERC721(address(_REGISTRY)).ownerOf(modelId) != msg.sender) revert NotModelOwner(modelId, msg.sender);
    }

    function _contributed(Contributor[] calldata contributors) private view returns (bool) {
        for (uint256 i = 0; i < contributors.length; ++i) {
            if (contributors[i].account == msg.sender) return true;
        }
        return false;
    }

    /// The content hash that a model version came from: the checkpoint's own, or that of a leaf shown to be in the batch.
    function _checkpointHash(
        bytes32 checkpointId,
        Artifact calldata checkpoint,
        CheckpointLeaf calldata leaf,
        bytes32[] calldata proof
    ) private pure returns (bytes32 contentHash) {
        if (checkpoint.kind == Kind.Checkpoint) return checkpoint.contentHash;
        if (checkpoint.kind != Kind.CheckpointBatch) revert NotACheckpoint(checkpointId);
        bytes32 hash = _leafHash(leaf);
        if (!MerkleProof.verifyCalldata(proof, checkpoint.contentHash, hash)) {
            revert CheckpointNotInBatch(checkpointId, hash);
        }
        return leaf.contentHash;
    }

    function _requireWellFormed(Artifact calldata artifact) private pure {
        uint256 parents = artifact.parents.length;
        uint256 contributors = artifact.contributors.length;
        if (parents > MAX_PARENTS) revert TooManyParents(parents);
        if (contributors == 0 || contributors > MAX_CONTRIBUTORS) revert InvalidContributors(contributors);
        bool codecFits = artifact.kind == Kind.CheckpointBatch
            ? artifact.codec == 0
            : artifact.codec == CODEC_RAW || artifact.codec == CODEC_DAG_PB;
        // Only data begins a line; everything else comes from something.
        bool parentsFit = parents > 0 ? artifact.parentsBps <= ALL_BPS : artifact.parentsBps == 0 && artifact.kind == Kind.DataSet;
        if (artifact.kind == Kind.Unknown || artifact.contentHash == 0 || !codecFits || !parentsFit) {
            revert InvalidArtifact();
        }
    }

    function _requireParentOf(bytes32 artifactId, bytes32[] calldata parents, bytes32 parentId) private pure {
        for (uint256 i = 0; i < parents.length; ++i) {
            if (parents[i] == parentId) return;
        }
        revert NoSuchParent(artifactId, parentId);
    }

    function _hashContributors(Contributor[] calldata contributors) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](contributors.length);
        for (uint256 i = 0; i < contributors.length; ++i) {
            hashes[i] = keccak256(abi.encode(CONTRIBUTOR_TYPEHASH, contributors[i].account, contributors[i].weight));
        }
        return keccak256(abi.encodePacked(hashes));
    }

    /// Hashed twice, so that no inner node of the tree can pass for a leaf.
    function _leafHash(CheckpointLeaf calldata leaf) private pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(leaf.step, leaf.codec, leaf.contentHash))));
    }
}
