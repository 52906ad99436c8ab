// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IAttestations} from "./interfaces/IAttestations.sol";
import {IERCZKMLVerifier} from "./interfaces/IERCZKMLVerifier.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IScoreBoard} from "./interfaces/IScoreBoard.sol";

/// @title What a score asks of a tally's verifier.
/// @notice How a generated verifier's output lies in words, and what stands in these.
interface ITallyVerifier {
    function outputFormat()
        external
        view
        returns (uint256[] memory shape, uint256 scaleE36, int256 offset, uint256 bits, uint256 perWord);

    /// @dev Gives the elements, too; their number, and so the type, is each verifier's own.
    function unpackOutput(bytes calldata packed) external view;
}

/// @title Proved scores of the models of one registry.
/// @dev No administrator. Every call out is a STATICCALL, so nothing can re-enter and write.
/// Invariants: a chunk is counted at most once, and only after a valid proof of it; `counted` is the sum of all counts, and
/// never exceeds `rows`; a score is complete only when every chunk is on record and all rows are counted; after that nothing
/// of it changes.
contract ScoreBoard is IScoreBoard {
    uint256 private constant MAX_CLASSES = 32;
    /// Counts in a word of storage.
    uint256 private constant LANES = 8;

    struct Score {
        uint256 modelId;
        bytes32 dataset;
        bytes32 root;
        uint32 version;
        uint32 chunks;
        uint32 recorded;
        uint32 rows;
        uint32 counted;
        uint32 right;
        uint8 classes;
        uint8 bits;
        uint8 perWord;
    }

    // Slither on names: immutables in capitals, as Solidity's style guide has constants.
    // slither-disable-start naming-convention
    IAttestations private immutable _ATTESTATIONS;
    IModelRegistry private immutable _REGISTRY;
    // slither-disable-end naming-convention
    mapping(bytes32 scoreId => Score) private _scores;
    /// By score: chunks on record, 256 to a word.
    mapping(bytes32 scoreId => mapping(uint256 word => uint256)) private _recorded;
    /// By score: counts of 32 bits, eight to a word.
    mapping(bytes32 scoreId => mapping(uint256 word => uint256)) private _counts;

    /// @param attestations ERC-7992's verifier, which says whether a proof is one of a registered model.
    constructor(address attestations) {
        _ATTESTATIONS = IAttestations(attestations);
        _REGISTRY = IModelRegistry(IERCZKMLVerifier(attestations).registry());
    }

    /// @inheritdoc IScoreBoard
    function openScore(uint256 modelId, uint32 version, bytes32 root, uint32 chunks, uint32 rows)
        external
        returns (bytes32 id)
    {
        if (version == 0) revert VersionNotGiven();
        if (chunks == 0 || rows == 0) revert EmptyDataset();
        bytes32 dataset = keccak256(abi.encode(root, chunks, rows));
        id = scoreId(modelId, version, dataset);
        Score storage score = _scores[id];
        if (score.chunks != 0) revert ScoreAlreadyOpen(id);
        (score.classes, score.bits, score.perWord) = _formatOf(modelId, version);
        (score.modelId, score.version, score.dataset, score.root) = (modelId, version, dataset, root);
        (score.chunks, score.rows) = (chunks, rows);
        emit ScoreOpened(id, modelId, version, dataset, root, chunks, rows);
    }

    /// @inheritdoc IScoreBoard
    function recordChunk(
        bytes32 id,
        uint32 chunk,
        bytes32 commitment,
        bytes32[] calldata path,
        bytes calldata output,
        bytes calldata proof
    ) external {
        Score storage score = _opened(id);
        _requireInDataset(score, chunk, commitment, path);
        uint256 bit = 1 << (chunk & 0xff);
        uint256 word = _recorded[id][chunk >> 8];
        if (word & bit != 0) revert ChunkAlreadyRecorded(id, chunk);
        _ATTESTATIONS.checkInference(score.modelId, score.version, commitment, 0, output, proof);
        _recorded[id][chunk >> 8] = word | bit;
        (uint256 rows, uint256 right) = _add(id, score, output);

        uint256 counted = score.counted + rows;
        uint32 recorded = score.recorded + 1;
        bool isLast = recorded == score.chunks;
        if (counted > score.rows || (isLast && counted != score.rows)) revert RowsMismatch(score.rows, counted);
        (score.recorded, score.counted) = (recorded, uint32(counted));
        score.right += uint32(right);
        emit ChunkRecorded(id, chunk, uint32(rows), uint32(right));
        if (isLast) emit ScoreCompleted(id, score.rows, score.right);
    }

    /// @inheritdoc IScoreBoard
    function scoreOf(bytes32 id) external view returns (uint32 rows, uint32 right) {
        Score storage score = _complete(id);
        return (score.rows, score.right);
    }

    /// @inheritdoc IScoreBoard
    function confusionOf(bytes32 id) external view returns (uint32[] memory counts) {
        uint256 cells = uint256(_complete(id).classes) ** 2;
        counts = new uint32[](cells);
        for (uint256 cell = 0; cell < cells; ++cell) {
            counts[cell] = uint32(_counts[id][cell / LANES] >> (32 * (cell % LANES)));
        }
    }

    /// @inheritdoc IScoreBoard
    function progressOf(bytes32 id) external view returns (Progress memory progress) {
        Score storage score = _opened(id);
        return Progress({
            modelId: score.modelId,
            version: score.version,
            dataset: score.dataset,
            chunks: score.chunks,
            recorded: score.recorded,
            rows: score.rows,
            counted: score.counted,
            classes: score.classes
        });
    }

    /// @inheritdoc IScoreBoard
    function isRecorded(bytes32 id, uint32 chunk) external view returns (bool) {
        return _recorded[id][chunk >> 8] & (1 << (chunk & 0xff)) != 0;
    }

    /// @inheritdoc IScoreBoard
    function scoreId(uint256 modelId, uint32 version, bytes32 dataset) public pure returns (bytes32 id) {
        return keccak256(abi.encode(modelId, version, dataset));
    }

    /// Adds a chunk's counts, cell by cell. No lane overflows: counts of one score never exceed `rows` in all.
    function _add(bytes32 id, Score storage score, bytes calldata output)
        private
        returns (uint256 rows, uint256 right)
    {
        (uint256 classes, uint256 bits, uint256 perWord) = (score.classes, score.bits, score.perWord);
        uint256 cells = classes * classes;
        if (output.length != _outputBytes(classes, perWord)) revert WrongOutputLength(output.length);
        uint256 lanes;
        uint256 word;
        for (uint256 cell = 0; cell < cells; ++cell) {
            if (cell % perWord == 0) word = uint256(bytes32(output[32 * (cell / perWord):]));
            uint256 count = word & ((1 << bits) - 1);
            word >>= bits;
            rows += count;
            // Cells of the diagonal: the label is what the row was taken for.
            if (cell % (classes + 1) == 0) right += count;
            lanes |= count << (32 * (cell % LANES));
            if (cell % LANES == LANES - 1 || cell + 1 == cells) {
                if (rows > score.rows) revert RowsMismatch(score.rows, rows);
                if (lanes != 0) _counts[id][cell / LANES] += lanes;
                lanes = 0;
            }
        }
    }

    /// How the tally of a version of a model lies in words.
    /// Only a verifier with a public output has `unpackOutput`. Where the output is committed to, its bytes are a commitment,
    /// whose salt whoever proves tries until the bits are a tally that pleases.
    function _formatOf(uint256 modelId, uint32 version)
        private
        view
        returns (uint8 classes, uint8 bits, uint8 perWord)
    {
        address verifier = _REGISTRY.resolveVerifier(modelId, version).verifier;
        if (verifier.code.length == 0) revert NotATally(modelId, version);
        try ITallyVerifier(verifier).outputFormat() returns (
            uint256[] memory shape, uint256, int256 offset, uint256 width, uint256 inWord
        ) {
            bool isTally = shape.length == 2 && shape[0] == shape[1] && shape[0] != 0 && shape[0] <= MAX_CLASSES
                && offset == 0 && width != 0 && width <= 32 && inWord != 0 && inWord * width <= 253;
            if (!isTally) revert NotATally(modelId, version);
            (classes, bits, perWord) = (uint8(shape[0]), uint8(width), uint8(inWord));
        } catch {
            revert NotATally(modelId, version);
        }
        try ITallyVerifier(verifier).unpackOutput(new bytes(_outputBytes(classes, perWord))) {}
        catch {
            revert NotATally(modelId, version);
        }
    }

    /// Bytes of a packed tally.
    function _outputBytes(uint256 classes, uint256 perWord) private pure returns (uint256) {
        return 32 * ((classes * classes + perWord - 1) / perWord);
    }

    /// Walks from the chunk's leaf to the root, left or right by the bits of its number. No commitment is 0: that is what a
    /// verifier takes whose model's input is private, and it would be true of any rows.
    function _requireInDataset(Score storage score, uint32 chunk, bytes32 commitment, bytes32[] calldata path)
        private
        view
    {
        uint256 chunks = score.chunks;
        bytes32 node = keccak256(abi.encodePacked(bytes1(0x00), chunk, commitment));
        uint256 width = 1;
        uint256 position = chunk;
        for (uint256 i = 0; i < path.length && width < chunks; ++i) {
            node = position & 1 == 0
                ? keccak256(abi.encodePacked(bytes1(0x01), node, path[i]))
                : keccak256(abi.encodePacked(bytes1(0x01), path[i], node));
            position >>= 1;
            width <<= 1;
        }
        // As high as the tree is, and no higher.
        bool isWhole = width >= chunks && (path.length == 0 ? width == 1 : (1 << path.length) == width);
        bool isInTree = commitment != 0 && chunk < chunks && isWhole && node == score.root;
        if (!isInTree) revert NotInDataset(chunk, commitment);
    }

    function _opened(bytes32 id) private view returns (Score storage score) {
        score = _scores[id];
        if (score.chunks == 0) revert ScoreNotFound(id);
    }

    function _complete(bytes32 id) private view returns (Score storage score) {
        score = _opened(id);
        if (score.recorded != score.chunks) revert ScoreNotComplete(id, score.recorded, score.chunks);
    }
}
