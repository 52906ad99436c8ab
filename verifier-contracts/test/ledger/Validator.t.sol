// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ProofValidator} from "../../src/ledger/ProofValidator.sol";
import {IProofValidator} from "../../src/ledger/interfaces/IProofValidator.sol";
import {IERCZKMLVerifier} from "../../src/interfaces/IERCZKMLVerifier.sol";
import {LedgerTest} from "./support/LedgerTest.sol";
import {ValidationRegistry} from "./support/ValidationRegistry.sol";

/// @title ERC-8004: the validator says 100 to a proved claim, and otherwise nothing.
contract ValidatorTest is LedgerTest {
    ValidationRegistry private validations;
    ProofValidator private validator;
    uint256 private agentId;

    function setUp() public override {
        super.setUp();
        // Any ERC-721 numbers agents; the model registry is one.
        agentId = _register(stranger);
        validations = new ValidationRegistry(registry);
        validator = ProofValidator(_deploy("ProofValidator.sol:ProofValidator", abi.encode(validations, attestations)));
    }

    function test_AValidProofIsAnsweredWith100() public {
        IProofValidator.Claim memory claim = _claim();
        bytes32 requestHash = _requestValidation(claim);
        bytes memory proof = _proofFor(claim.context, SCORES);
        _assertEq(validator.validate(claim, proof), requestHash, "request");
        (, uint256 agent, uint8 response, bytes32 responseHash,,) = validations.getValidationStatus(requestHash);
        _assertEq(agent, agentId, "agent");
        _assertEq(response, 100, "response");
        _assertEq(responseHash, keccak256(proof), "evidence");
    }

    function test_NoWrongClaimOrProofIsAnswered() public {
        IProofValidator.Claim memory claim = _claim();
        bytes32 requestHash = _requestValidation(claim);
        bytes memory proof = _proofFor(claim.context, SCORES + 1);
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        validator.validate(claim, proof);
        (,, uint8 response,,,) = validations.getValidationStatus(requestHash);
        _assertEq(response, 0, "unanswered");

        // A claim that nobody asked about.
        proof = _proofFor(claim.context, SCORES + 1);
        claim.output = abi.encode(SCORES + 1);
        vm.expectRevert("unknown");
        validator.validate(claim, proof);
        claim = _claim();
        claim.version = 0;
        vm.expectRevert(IProofValidator.VersionNotGiven.selector);
        validator.validate(claim, proof);
    }

    function test_AClaimForAnotherAgentOrValidatorIsRefused() public {
        IProofValidator.Claim memory claim = _claim();
        claim.agentId = modelId;
        bytes32 requestHash = validator.hashOf(claim);
        vm.prank(stranger);
        validations.validationRequest(address(validator), agentId, "ipfs://claim", requestHash);
        bytes memory proof = _proofFor(claim.context, SCORES);
        vm.expectRevert(abi.encodeWithSelector(IProofValidator.AgentMismatch.selector, agentId, modelId));
        validator.validate(claim, proof);
        claim = _claim();
        requestHash = validator.hashOf(claim);
        vm.prank(stranger);
        validations.validationRequest(owner, agentId, "ipfs://claim", requestHash);
        vm.expectRevert(
            abi.encodeWithSelector(IProofValidator.RequestNotForThisValidator.selector, requestHash, owner)
        );
        validator.validate(claim, proof);
    }

    function _claim() private view returns (IProofValidator.Claim memory) {
        return IProofValidator.Claim({
            agentId: agentId,
            modelId: modelId,
            version: 1,
            inputCommitment: INPUT,
            context: (uint256(7) << 160) | uint160(stranger),
            output: abi.encode(SCORES)
        });
    }

    function _requestValidation(IProofValidator.Claim memory claim) private returns (bytes32 requestHash) {
        requestHash = validator.hashOf(claim);
        vm.prank(stranger);
        validations.validationRequest(address(validator), agentId, "ipfs://claim", requestHash);
    }
}
