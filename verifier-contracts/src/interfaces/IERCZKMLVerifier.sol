// SPDX-License-Identifier: MIT
pragma solidity ^0.8.4;

/// @title Verifier of machine-learning inferences by ERC-7992.
interface IERCZKMLVerifier {
    event InferenceVerified(
        uint256 indexed modelId, bytes32 indexed inputCommitment, bytes output, address indexed caller
    );

    error InvalidProof();
    error ModelMismatch();
    error InputCommitmentMismatch();
    error OutputMismatch();
    error UnsupportedProofSystem(bytes4 proofSystemId);
    // solhint-disable-next-line func-name-mixedcase
    error VerificationRefused_ModelDeprecated(uint256 modelId);

    /// @notice Returns only if `proof` shows that the model's current version gave `output`; reverts otherwise.
    /// @param modelId Registry's number of the model.
    /// @param inputCommitment Commitment to the input.
    /// @param output ABI-encoded public output.
    /// @param proof The proof's bytes.
    function verifyInference(uint256 modelId, bytes32 inputCommitment, bytes calldata output, bytes calldata proof)
        external;

    /// @notice The proof system of a model's current version.
    function proofSystemOf(uint256 modelId) external view returns (bytes4);

    /// @notice Where models are registered.
    function registry() external view returns (address registryAddress);
}
