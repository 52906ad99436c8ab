// SPDX-License-Identifier: MIT
pragma solidity ^0.8.4;

import {IModelErrors} from "./IModelErrors.sol";

/// @title Proved scores: how a version of a model does on a committed data set.
/// @dev The model is one compiled with `--tally`: a proof of it says, of as many labelled rows as its batch has, how many of
/// each class it takes for which. A data set is cut into chunks of so many rows; the model's commitment to a chunk's rows
/// and labels is a leaf of the data set's tree.
///
/// A data set's identifier is keccak256(abi.encode(root, chunks, rows)): the tree, how many leaves it has, and how many rows
/// are labelled. Leaf i is keccak256(0x00 ++ uint32(i) ++ commitment), an inner node keccak256(0x01 ++ left ++ right), with
/// zero words in place of leaves beyond the last, up to the next power of two.
interface IScoreBoard is IModelErrors {
    struct Progress {
        uint256 modelId;
        uint32 version;
        bytes32 dataset;
        uint32 chunks;
        /// Chunks on record.
        uint32 recorded;
        /// Labelled rows of the data set, and those of the chunks on record.
        uint32 rows;
        uint32 counted;
        uint8 classes;
    }

    event ScoreOpened(
        bytes32 indexed scoreId,
        uint256 indexed modelId,
        uint32 version,
        bytes32 indexed dataset,
        bytes32 root,
        uint32 chunks,
        uint32 rows
    );
    event ChunkRecorded(bytes32 indexed scoreId, uint32 indexed chunk, uint32 rows, uint32 right);
    event ScoreCompleted(bytes32 indexed scoreId, uint32 rows, uint32 right);

    error ScoreAlreadyOpen(bytes32 scoreId);
    error ScoreNotFound(bytes32 scoreId);
    /// @notice The data set has no chunk, or no row.
    error EmptyDataset();
    /// @notice The model's output is no tally: one public square matrix of 1 to 32 classes, counts of at most 32 bits from 0.
    error NotATally(uint256 modelId, uint32 version);
    error ChunkAlreadyRecorded(bytes32 scoreId, uint32 chunk);
    /// @notice The commitment is not that of this chunk of the data set, or it is 0: none, as of a model with a private input.
    error NotInDataset(uint32 chunk, bytes32 commitment);
    error WrongOutputLength(uint256 length);
    /// @notice All chunks together have another number of labelled rows than the data set's identifier says.
    error RowsMismatch(uint32 rows, uint256 counted);
    error ScoreNotComplete(bytes32 scoreId, uint32 recorded, uint32 chunks);

    /// @notice Opens the score of a version of a model on a data set. Anybody may; a score is opened once.
    /// @param version Not 0.
    /// @param root Of the data set's tree.
    function openScore(uint256 modelId, uint32 version, bytes32 root, uint32 chunks, uint32 rows)
        external
        returns (bytes32 id);

    /// @notice Records a chunk, once. Anybody may: the proof decides, and its context is 0.
    /// @param commitment The model's commitment to the chunk.
    /// @param path The sisters of the chunk's leaf and of the nodes above it, from the leaf up.
    /// @param output The packed tally of the chunk.
    /// @param proof As in `IInferenceVerifier.checkInference`.
    function recordChunk(
        bytes32 id,
        uint32 chunk,
        bytes32 commitment,
        bytes32[] calldata path,
        bytes calldata output,
        bytes calldata proof
    ) external;

    /// @notice The score; reverts until every chunk is on record.
    /// @return rows Labelled rows of the data set.
    /// @return right Those that the model takes for what their label says.
    function scoreOf(bytes32 id) external view returns (uint32 rows, uint32 right);

    /// @notice Rows labelled `label` that the model takes for `taken`; reverts until every chunk is on record.
    /// @return counts Row by row: element label * classes + taken.
    function confusionOf(bytes32 id) external view returns (uint32[] memory counts);

    /// @notice How far a score is; reverts if it was not opened.
    function progressOf(bytes32 id) external view returns (Progress memory progress);

    /// @notice Whether a chunk is on record.
    function isRecorded(bytes32 id, uint32 chunk) external view returns (bool);

    /// @notice keccak256(abi.encode(modelId, version, dataset))
    function scoreId(uint256 modelId, uint32 version, bytes32 dataset) external pure returns (bytes32 id);
}
