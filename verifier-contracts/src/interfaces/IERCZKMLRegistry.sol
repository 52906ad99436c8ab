// SPDX-License-Identifier: MIT
pragma solidity ^0.8.4;

import {IModelErrors} from "./IModelErrors.sol";

/**
 * ERC-7992's registry. Its text names an event and an error alike (`ModelDeprecated`), which one Solidity scope cannot
 * hold. Here the error stands outside the interface, at file level, where the same name is legal: topic and selector
 * on chain are then exactly the ERC's. Import it under an alias: `{ModelDeprecated as ModelIsDeprecated}`.
 */

/// @notice A deprecated model was asked to change.
error ModelDeprecated(uint256 modelId);

/// @title Registry of machine-learning models by ERC-7992.
interface IERCZKMLRegistry is IModelErrors {
    struct ModelCommitment {
        /// SHA-256 of the model file (weights and architecture).
        bytes32 modelHash;
        /// SHA-256 of the circuit (its `.r1cs`).
        bytes32 circuitHash;
        /// keccak256 of the verification key's words (`IInferenceVerifier.vkHash`).
        bytes32 vkHash;
        /// First four bytes of keccak256 of the proof system's canonical name.
        bytes4 proofSystemId;
        /// Optional metadata, off chain.
        string uri;
    }

    event ModelRegistered(uint256 indexed modelId, address indexed owner, ModelCommitment commitment);
    event ModelUpdated(uint256 indexed modelId, ModelCommitment oldCommitment, ModelCommitment newCommitment);
    event ModelDeprecated(uint256 indexed modelId);

    error ModelNotFound(uint256 modelId);

    /// @notice Registers a model owned by the caller.
    function registerModel(ModelCommitment calldata commitment) external returns (uint256 modelId);

    /// @notice Makes `newCommitment` the model's next version. Owner only.
    function updateModel(uint256 modelId, ModelCommitment calldata newCommitment) external;

    /// @notice Retires a model for good. Owner only.
    function deprecateModel(uint256 modelId) external;

    /// @notice The current version's commitment, whether the model is retired, and who owns it.
    function getModel(uint256 modelId)
        external
        view
        returns (ModelCommitment memory commitment, bool deprecated, address owner);
}
