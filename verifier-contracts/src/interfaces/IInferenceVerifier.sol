// SPDX-License-Identifier: MIT
pragma solidity ^0.8.4;

/// @title What every generated verifier offers to contracts that know no model in particular.
/// @dev The layout of `output` and `proof`, all big-endian words:
///   output  one word for each public output signal (packed scores, or the output's commitment); empty if private
///   proof   first 4 bytes of the key's hash, then A (2 words), B (4, imaginary part first), C (2), then the input signals
///           (models with public input only)
/// Only a generated verifier reads a proof's bytes: its callers hand them on. The context is the signal that binds a proof to
/// its use, an argument here, so that each caller says what it must be (`InferenceContext`).
/// `inputCommitment` is the commitment signal itself (hashed input), zero (private input), or
/// keccak256("zkinfer public input v1" ++ input signals) (public input).
interface IInferenceVerifier {
    enum Verdict {
        Valid,
        InvalidProof,
        ModelMismatch,
        InputCommitmentMismatch,
        OutputMismatch
    }

    /// @notice keccak256 of `verificationKey()`'s words.
    function vkHash() external view returns (bytes32);

    /// @notice The key: alpha (2 words), beta, gamma, delta (4 each, imaginary part first), then IC (2 words each).
    function verificationKey() external view returns (uint256[] memory words);

    /// @notice Judges one inference. Never reverts on malformed content, always where gas does not suffice to judge.
    function checkInference(bytes32 inputCommitment, uint256 context, bytes calldata output, bytes calldata proof)
        external
        view
        returns (Verdict verdict);

    /// @notice Judges many inferences at the price of n + 3 pairings.
    /// @param outputs The items' outputs, one after another.
    /// @param proofs First 4 bytes of the key's hash, then for each item A, B, C and, for public inputs, its input signals.
    function checkInferences(
        bytes32[] calldata inputCommitments,
        uint256[] calldata contexts,
        bytes calldata outputs,
        bytes calldata proofs
    ) external view returns (Verdict verdict);
}
