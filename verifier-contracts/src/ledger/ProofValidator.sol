// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IAttestations} from "../interfaces/IAttestations.sol";
import {InferenceContext} from "../libraries/InferenceContext.sol";
import {IAgentIdentities} from "./interfaces/IAgentIdentities.sol";
import {IProofValidator} from "./interfaces/IProofValidator.sol";
import {IValidationRegistry} from "./interfaces/IValidationRegistry.sol";

/// @title ERC-8004 validator for proved inferences.
/// @dev Holds nothing and has no owner: it can say 100 or nothing.
contract ProofValidator is IProofValidator {
    uint8 private constant PASSED = 100;
    string private constant TAG = "groth16-bn254-v1";

    IValidationRegistry private immutable _VALIDATION_REGISTRY;
    IAttestations private immutable _ATTESTATIONS;

    /// @param registry ERC-8004's validation registry.
    /// @param verifier Where proofs are checked.
    constructor(IValidationRegistry registry, IAttestations verifier) {
        _VALIDATION_REGISTRY = registry;
        _ATTESTATIONS = verifier;
    }

    /// @inheritdoc IProofValidator
    function validate(Claim calldata claim, bytes calldata proof) external returns (bytes32 requestHash) {
        if (claim.version == 0) revert VersionNotGiven();
        requestHash = hashOf(claim);
        // The rest is what earlier responses said.
        // slither-disable-next-line unused-return
        (address validator, uint256 agentId,,,,) = _VALIDATION_REGISTRY.getValidationStatus(requestHash);
        if (validator != address(this)) revert RequestNotForThisValidator(requestHash, validator);
        if (agentId != claim.agentId) revert AgentMismatch(agentId, claim.agentId);
        _requireAgents(claim.agentId, claim.account);
        _ATTESTATIONS.checkInference(
            claim.modelId, claim.version, claim.inputCommitment, contextOf(claim), claim.output, proof
        );
        emit ClaimValidated(requestHash, claim.agentId, claim.modelId, claim.version, claim.output);
        _VALIDATION_REGISTRY.validationResponse(requestHash, PASSED, "", keccak256(proof), TAG);
    }

    /// @inheritdoc IProofValidator
    function validationRegistry() external view returns (address registry) {
        return address(_VALIDATION_REGISTRY);
    }

    /// @inheritdoc IProofValidator
    function attestations() external view returns (address verifier) {
        return address(_ATTESTATIONS);
    }

    /// @inheritdoc IProofValidator
    function hashOf(Claim calldata claim) public view returns (bytes32 requestHash) {
        return keccak256(abi.encode(block.chainid, address(this), claim));
    }

    /// @inheritdoc IProofValidator
    function contextOf(Claim calldata claim) public view returns (uint256 context) {
        return InferenceContext.encode(claim.account, uint256(keccak256(abi.encode(claim.agentId, claim.nonce))));
    }

    function _requireAgents(uint256 agentId, address account) private view {
        IAgentIdentities identities = IAgentIdentities(_VALIDATION_REGISTRY.getIdentityRegistry());
        if (account == identities.ownerOf(agentId)) return;
        if (account != address(0)) {
            // A registry without wallets knows owners only.
            try identities.getAgentWallet(agentId) returns (address wallet) {
                if (account == wallet) return;
            } catch {}
        }
        revert NotTheAgents(agentId, account);
    }
}
