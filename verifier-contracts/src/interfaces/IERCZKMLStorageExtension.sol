// SPDX-License-Identifier: MIT
pragma solidity ^0.8.4;

/// @title Stored inferences by ERC-7992.
interface IERCZKMLStorageExtension {
    event InferenceStored(bytes32 indexed inferenceId);

    /// @notice Verifies as `verifyInference` does and keeps the inference in storage.
    /// @return inferenceId keccak256(abi.encodePacked(modelId, inputCommitment, output))
    function verifyAndStoreInference(
        uint256 modelId,
        bytes32 inputCommitment,
        bytes calldata output,
        bytes calldata proof
    ) external returns (bytes32 inferenceId);

    /// @notice A stored inference; reverts if there is none.
    function getInference(bytes32 inferenceId)
        external
        view
        returns (uint256 modelId, bytes32 inputCommitment, bytes memory output);
}
