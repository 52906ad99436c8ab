// SPDX-License-Identifier: MIT
pragma solidity ^0.8.4;

import {IERCZKMLRegistry} from "./IERCZKMLRegistry.sol";

/// @title What the registry adds to ERC-7992: numbered versions and the generated verifier of each.
/// @dev A model is also an ERC-721 token with the model's number; the token's holder is the model's owner.
/// Versions count from 1 and never change once their verifier is bound. Model numbers count from 1.
interface IModelRegistry is IERCZKMLRegistry {
    /// @notice What a verifier needs to know about one version of a model.
    struct Resolution {
        uint32 version;
        bool deprecated;
        bytes4 proofSystemId;
        /// Generated verifier; zero while none is bound.
        address verifier;
        /// Its code's hash when it was bound.
        bytes32 codeHash;
    }

    event ModelVersionAdded(uint256 indexed modelId, uint32 indexed version, bytes32 indexed vkHash);
    event VerifierBound(uint256 indexed modelId, uint32 indexed version, address indexed verifier, bytes32 codeHash);

    /// @notice The commitment lacks a hash that identifies the model.
    error IncompleteCommitment();
    error VerifierAlreadyBound(uint256 modelId, uint32 version);
    error VerifierHasNoCode(address verifier);
    /// @notice The deployed verifier holds another key than the one registered.
    error VerificationKeyMismatch(bytes32 registered, bytes32 deployed);
    /// @notice Generated verifiers exist for Groth16 over BN254 only.
    error NotGroth16(bytes4 proofSystemId);

    /// @notice `registerModel` and `bindVerifier` in one transaction.
    function registerModelWithVerifier(ModelCommitment calldata commitment, address verifier)
        external
        returns (uint256 modelId);

    /// @notice `updateModel` and `bindVerifier` in one transaction.
    function updateModelWithVerifier(uint256 modelId, ModelCommitment calldata newCommitment, address verifier)
        external;

    /// @notice Names the generated verifier of the current version, once. Owner only.
    /// @dev The registry hashes the key words that the verifier returns and compares with the registered `vkHash`.
    function bindVerifier(uint256 modelId, address verifier) external;

    /// @notice The current version's number.
    function versionOf(uint256 modelId) external view returns (uint32 version);

    /// @notice Everything registered for a version, with the block of its registration.
    function getModelVersion(uint256 modelId, uint32 version)
        external
        view
        returns (ModelCommitment memory commitment, address verifier, bytes32 codeHash, uint256 registeredAt);

    /// @notice The lean read behind every verification. `version` 0 means the current one.
    function resolveVerifier(uint256 modelId, uint32 version) external view returns (Resolution memory resolution);
}
