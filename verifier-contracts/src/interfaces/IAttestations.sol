// SPDX-License-Identifier: MIT
pragma solidity ^0.8.4;

import {IModelErrors} from "./IModelErrors.sol";

/// @title Proved inferences on record.
/// @dev An attestation is (model, version, input commitment, context, output), its prover and its block. Its identifier
/// hashes the first four: they decide what a replay is, never the proof's bytes, because anyone can re-randomize a
/// Groth16 proof. Storage keeps one word: the block and a digest of the output. The rest is in the events of that block,
/// and `isAttested` checks a record that someone shows.
///
/// An attestation's context is `InferenceContext.encode(prover, nonce)` in this contract: it hashes the chain, this contract,
/// the prover and a number of the prover's choice. A proof made for another chain, contract or account does not verify.
interface IAttestations is IModelErrors {
    event InferenceAttested(
        bytes32 indexed attestationId,
        uint256 indexed modelId,
        address indexed prover,
        uint32 version,
        bytes32 inputCommitment,
        uint256 context,
        bytes output
    );

    /// @notice A batch was attested: one event for all, since a log for each would cost more than its calldata.
    /// @dev `outputs` are the inferences' outputs, of equal lengths, one after another.
    event InferencesAttested(
        uint256 indexed modelId,
        address indexed prover,
        uint32 version,
        bytes32[] inputCommitments,
        uint256[] contexts,
        bytes outputs
    );

    error AlreadyAttested(bytes32 attestationId);
    error InferenceAlreadyStored(bytes32 inferenceId);
    error InferenceNotFound(bytes32 inferenceId);
    error VerifierNotBound(uint256 modelId, uint32 version);
    /// @notice A batch holds 1 to 128 inferences and as many nonces.
    error InvalidBatch(uint256 inferences, uint256 nonces);

    /// @notice Records an inference of the model's current version; the caller is its prover.
    /// @param nonce Of the proof's context, `InferenceContext.encode(caller, nonce)`.
    /// @param proof As in `IInferenceVerifier.checkInference`.
    function attest(
        uint256 modelId,
        bytes32 inputCommitment,
        uint256 nonce,
        bytes calldata output,
        bytes calldata proof
    ) external returns (bytes32 id);

    /// @notice Records many inferences of the model's current version, all or none. For `outputs` and `proofs` see
    /// `IInferenceVerifier.checkInferences`.
    function attestBatch(
        uint256 modelId,
        bytes32[] calldata inputCommitments,
        uint256[] calldata nonces,
        bytes calldata outputs,
        bytes calldata proofs
    ) external returns (bytes32[] memory ids);

    /// @notice Returns only if the proof is valid for this version of the model and this context; reverts otherwise with
    /// an error of ERC-7992. For contracts that act on an inference: they compute `context` themselves, so that it names them
    /// and their chain (`InferenceContext.encode`), and remember what was used.
    /// @param version 0 for the current one. A retired model is refused in any version: see `checkPinnedInference`.
    function checkInference(
        uint256 modelId,
        uint32 version,
        bytes32 inputCommitment,
        uint256 context,
        bytes calldata output,
        bytes calldata proof
    ) external view;

    /// @notice `checkInference` of one version for good: it goes on after the model's owner retired the model. For contracts
    /// that promised somebody a version, which its owner must not be able to take back. A retired model may be a broken one:
    /// whoever calls this has decided that the promise counts for more.
    /// @param version Not 0.
    function checkPinnedInference(
        uint256 modelId,
        uint32 version,
        bytes32 inputCommitment,
        uint256 context,
        bytes calldata output,
        bytes calldata proof
    ) external view;

    /// @notice keccak256(abi.encode(modelId, version, inputCommitment, context))
    function attestationId(uint256 modelId, uint32 version, bytes32 inputCommitment, uint256 context)
        external
        pure
        returns (bytes32 id);

    /// @notice What storage holds: the attestation's block (0 if there is none) and the first 27 bytes of keccak256(output).
    function attestationOf(bytes32 id) external view returns (uint256 blockNumber, bytes27 outputDigest);

    /// @notice The model's version that an inference of `getInference` was stored under; reverts if there is none.
    function storedVersion(bytes32 inferenceId) external view returns (uint32 version);

    /// @notice Whether exactly this inference was attested.
    function isAttested(
        uint256 modelId,
        uint32 version,
        bytes32 inputCommitment,
        uint256 context,
        bytes calldata output
    ) external view returns (bool);
}
