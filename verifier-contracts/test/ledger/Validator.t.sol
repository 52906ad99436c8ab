// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IModelErrors} from "../../src/interfaces/IModelErrors.sol";
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
        bytes memory proof = _proofFor(validator.contextOf(claim), SCORES);
        _assertEq(validator.validate(claim, proof), requestHash, "request");
        (, uint256 agent, uint8 response, bytes32 responseHash,,) = validations.getValidationStatus(requestHash);
        _assertEq(agent, agentId, "agent");
        _assertEq(response, 100, "response");
        _assertEq(responseHash, keccak256(proof), "evidence");
    }

    function test_NoWrongClaimOrProofIsAnswered() public {
        IProofValidator.Claim memory claim = _claim();
        bytes32 requestHash = _requestValidation(claim);
        bytes memory proof = _proofFor(validator.contextOf(claim), SCORES + 1);
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        validator.validate(claim, proof);
        (,, uint8 response,,,) = validations.getValidationStatus(requestHash);
        _assertEq(response, 0, "unanswered");

        // A claim that nobody asked about.
        proof = _proofFor(validator.contextOf(claim), SCORES + 1);
        claim.output = abi.encode(SCORES + 1);
        vm.expectRevert("unknown");
        validator.validate(claim, proof);
        claim = _claim();
        claim.version = 0;
        vm.expectRevert(IModelErrors.VersionNotGiven.selector);
        validator.validate(claim, proof);
    }

    function test_AClaimForAnotherAgentOrValidatorIsRefused() public {
        IProofValidator.Claim memory claim = _claim();
        claim.agentId = modelId;
        bytes32 requestHash = validator.hashOf(claim);
        vm.prank(stranger);
        validations.validationRequest(address(validator), agentId, "ipfs://claim", requestHash);
        bytes memory proof = _proofFor(validator.contextOf(claim), SCORES);
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

    function test_NoAgentIsCreditedWithAnothersProof() public {
        // The operator proves; a stranger claims that its agent did.
        IProofValidator.Claim memory claim = _claim();
        claim.account = operator;
        _requestValidation(claim);
        bytes memory proof = _proofFor(validator.contextOf(claim), SCORES);
        vm.expectRevert(abi.encodeWithSelector(IProofValidator.NotTheAgents.selector, agentId, operator));
        validator.validate(claim, proof);
        // Proofs that the agent's owner made for something else are no evidence either.
        claim = _claim();
        _requestValidation(claim);
        uint256[4] memory others = [
            _contextFor(address(attestations), stranger, 7),
            _contextFor(address(validator), stranger, 7),
            _contextFor(address(validator), operator, uint256(keccak256(abi.encode(agentId, 7)))),
            _contextFor(address(validator), stranger, uint256(keccak256(abi.encode(agentId + 1, 7))))
        ];
        for (uint256 i = 0; i < others.length; ++i) {
            proof = _proofFor(others[i], SCORES);
            vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
            validator.validate(claim, proof);
        }
        proof = _proofFor(validator.contextOf(claim), SCORES);
        validator.validate(claim, proof);
    }

    function test_AnAgentsWalletProvesForItWhereTheRegistryHasWallets() public {
        IProofValidator.Claim memory claim = _claim();
        claim.account = operator;
        _requestValidation(claim);
        bytes memory proof = _proofFor(validator.contextOf(claim), SCORES);
        validations.setAgentWallet(agentId, challenger);
        vm.expectRevert(abi.encodeWithSelector(IProofValidator.NotTheAgents.selector, agentId, operator));
        validator.validate(claim, proof);
        validations.setAgentWallet(agentId, operator);
        validator.validate(claim, proof);
        // Nobody's wallet is not everybody's.
        claim.account = address(0);
        _requestValidation(claim);
        validations.setAgentWallet(agentId, address(0));
        proof = _proofFor(validator.contextOf(claim), SCORES);
        vm.expectRevert(abi.encodeWithSelector(IProofValidator.NotTheAgents.selector, agentId, address(0)));
        validator.validate(claim, proof);
    }

    function _claim() private view returns (IProofValidator.Claim memory) {
        return IProofValidator.Claim({
            agentId: agentId,
            modelId: modelId,
            version: 1,
            inputCommitment: INPUT,
            account: stranger,
            nonce: 7,
            output: abi.encode(SCORES)
        });
    }

    function _requestValidation(IProofValidator.Claim memory claim) private returns (bytes32 requestHash) {
        requestHash = validator.hashOf(claim);
        vm.prank(stranger);
        validations.validationRequest(address(validator), agentId, "ipfs://claim", requestHash);
    }
}
