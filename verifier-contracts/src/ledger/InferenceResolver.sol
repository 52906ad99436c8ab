// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IAttestations} from "../interfaces/IAttestations.sol";
import {IModelErrors} from "../interfaces/IModelErrors.sol";
import {InferenceContext} from "../libraries/InferenceContext.sol";
import {Attestation, ISchemaResolver} from "./interfaces/ISchemaResolver.sol";

// slither-disable-start locked-ether
/// @title Resolver for the Ethereum Attestation Service that accepts an inference only with its proof.
/// @dev Schema: `SCHEMA`. The proof's context names this chain, this contract and the attester (`InferenceContext`), so nobody
/// attests with a proof seen in the mempool or made for something else; the same inference is accepted once. What is proved cannot be revoked. Payable because EAS's interface is;
/// ether is refused.
contract InferenceResolver is ISchemaResolver, IModelErrors {
    /// @notice To be registered at EAS's schema registry with this resolver, not revocable.
    string public constant SCHEMA =
        "uint256 modelId,uint32 version,bytes32 inputCommitment,uint256 nonce,bytes output,bytes proof";

    address private immutable _EAS;
    IAttestations private immutable _ATTESTATIONS;
    mapping(bytes32 inferenceId => bool) private _accepted;

    error NotEas(address caller);
    error NotPayable();
    error AttestationRevocable();
    error AlreadyAccepted(bytes32 inferenceId);

    modifier onlyEas() {
        if (msg.sender != _EAS) revert NotEas(msg.sender);
        if (msg.value != 0) revert NotPayable();
        _;
    }

    /// @param eas The attestation service.
    /// @param verifier Where proofs are checked.
    constructor(address eas, IAttestations verifier) {
        if (eas == address(0)) revert NotEas(eas);
        _EAS = eas;
        _ATTESTATIONS = verifier;
    }

    /// @inheritdoc ISchemaResolver
    function attest(Attestation calldata attestation) external payable onlyEas returns (bool accepted) {
        _accept(attestation);
        return true;
    }

    /// @inheritdoc ISchemaResolver
    function multiAttest(Attestation[] calldata attestations, uint256[] calldata)
        external
        payable
        onlyEas
        returns (bool accepted)
    {
        for (uint256 i = 0; i < attestations.length; ++i) {
            _accept(attestations[i]);
        }
        return true;
    }

    /// @inheritdoc ISchemaResolver
    function revoke(Attestation calldata) external payable onlyEas returns (bool accepted) {
        return false;
    }

    /// @inheritdoc ISchemaResolver
    function multiRevoke(Attestation[] calldata, uint256[] calldata) external payable onlyEas returns (bool accepted) {
        return false;
    }

    /// @notice Whether EAS holds an attestation of this inference.
    /// @param inferenceId `IAttestations.attestationId` of it.
    /// @return accepted Whether it was accepted here.
    function isAccepted(bytes32 inferenceId) external view returns (bool accepted) {
        return _accepted[inferenceId];
    }

    /// @inheritdoc ISchemaResolver
    function version() external pure returns (string memory semantic) {
        return "2.0.0";
    }

    /// @inheritdoc ISchemaResolver
    function isPayable() external pure returns (bool payable_) {
        return false;
    }

    /// Returns only for an inference with a valid proof made for the attester. Of several, each needs its check; EAS wants all
    /// or none.
    // slither-disable-start calls-loop
    function _accept(Attestation calldata attestation) private {
        if (attestation.revocable) revert AttestationRevocable();
        (
            uint256 modelId,
            uint32 modelVersion,
            bytes32 inputCommitment,
            uint256 nonce,
            bytes memory output,
            bytes memory proof
        ) = abi.decode(attestation.data, (uint256, uint32, bytes32, uint256, bytes, bytes));
        if (modelVersion == 0) revert VersionNotGiven();
        uint256 context = InferenceContext.encode(attestation.attester, nonce);
        bytes32 inferenceId = _ATTESTATIONS.attestationId(modelId, modelVersion, inputCommitment, context);
        if (_accepted[inferenceId]) revert AlreadyAccepted(inferenceId);
        _accepted[inferenceId] = true;
        _ATTESTATIONS.checkInference(modelId, modelVersion, inputCommitment, context, output, proof);
    }
    // slither-disable-end calls-loop
}
// slither-disable-end locked-ether
