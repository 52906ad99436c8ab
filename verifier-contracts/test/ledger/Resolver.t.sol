// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {InferenceResolver} from "../../src/ledger/InferenceResolver.sol";
import {ISchemaResolver} from "../../src/ledger/interfaces/ISchemaResolver.sol";
import {IERCZKMLVerifier} from "../../src/interfaces/IERCZKMLVerifier.sol";
import {Attestation} from "@ethereum-attestation-service/eas-contracts/contracts/Common.sol";
import {
    AttestationRequest,
    AttestationRequestData,
    IEAS,
    MultiAttestationRequest,
    RevocationRequest,
    RevocationRequestData
} from "@ethereum-attestation-service/eas-contracts/contracts/IEAS.sol";
import {ISchemaRegistry} from "@ethereum-attestation-service/eas-contracts/contracts/ISchemaRegistry.sol";
import {ISchemaResolver as IEasSchemaResolver} from
    "@ethereum-attestation-service/eas-contracts/contracts/resolver/ISchemaResolver.sol";
import {LedgerTest} from "./support/LedgerTest.sol";

/// @title The resolver under the real Ethereum Attestation Service (its npm package's bytecode).
contract ResolverTest is LedgerTest {
    string private constant ARTIFACTS = "./node_modules/@ethereum-attestation-service/eas-contracts/artifacts/contracts/";

    IEAS private eas;
    ISchemaRegistry private schemas;
    InferenceResolver private resolver;
    bytes32 private schema;

    function setUp() public override {
        super.setUp();
        schemas = ISchemaRegistry(_ship("SchemaRegistry.sol/SchemaRegistry.json", ""));
        eas = IEAS(_ship("EAS.sol/EAS.json", abi.encode(schemas)));
        resolver =
            InferenceResolver(_deploy("InferenceResolver.sol:InferenceResolver", abi.encode(eas, attestations)));
        schema = schemas.register(resolver.SCHEMA(), IEasSchemaResolver(address(resolver)), false);
    }

    function test_OurDeclarationIsTheServicesOwn() public pure {
        _assertTrue(ISchemaResolver.attest.selector == IEasSchemaResolver.attest.selector, "attest");
        _assertTrue(ISchemaResolver.multiAttest.selector == IEasSchemaResolver.multiAttest.selector, "multiAttest");
        _assertTrue(ISchemaResolver.revoke.selector == IEasSchemaResolver.revoke.selector, "revoke");
        _assertTrue(ISchemaResolver.multiRevoke.selector == IEasSchemaResolver.multiRevoke.selector, "multiRevoke");
        _assertTrue(ISchemaResolver.isPayable.selector == IEasSchemaResolver.isPayable.selector, "isPayable");
    }

    function test_AnInferenceIsAttestedOnceWithItsProof() public {
        bytes memory proof = _proofFor(_context(), SCORES);
        bytes32 uid = _attest(operator, SCORES, proof);
        _assertTrue(eas.isAttestationValid(uid), "attested");
        bytes32 id = attestations.attestationId(modelId, 1, INPUT, _context());
        _assertTrue(resolver.isAccepted(id), "accepted");
        vm.expectRevert(abi.encodeWithSelector(InferenceResolver.AlreadyAccepted.selector, id));
        _attest(operator, SCORES, proof);
    }

    function test_WithoutAValidProofNothingIsAttested() public {
        bytes memory proof = _proofFor(_context(), SCORES);
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        _attest(operator, SCORES + 1, proof);
        vm.expectRevert();
        _attest(operator, SCORES, "");
    }

    function test_AProofMadeForAnotherAttesterIsRefused() public {
        bytes memory proof = _proofFor(_context(), SCORES);
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        _attest(stranger, SCORES, proof);
        // Nor is one that the same account made for the attestations, or for another chain.
        proof = _proofFor(_contextFor(address(attestations), operator, 7), SCORES);
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        _attest(operator, SCORES, proof);
        proof = _proofFor(_context(), SCORES);
        vm.chainId(block.chainid + 1);
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        _attest(operator, SCORES, proof);
    }

    function test_WhatIsProvedIsNotRevocableAndTakesNoEther() public {
        bytes32 uid = _attest(operator, SCORES, _proofFor(_context(), SCORES));
        vm.expectRevert();
        vm.prank(operator);
        eas.revoke(RevocationRequest(schema, RevocationRequestData(uid, 0)));
        _assertTrue(!resolver.isPayable(), "takes no ether");
    }

    function test_OnlyTheServiceCallsTheResolver() public {
        Attestation memory attestation = eas.getAttestation(bytes32(0));
        vm.expectRevert(abi.encodeWithSelector(InferenceResolver.NotEas.selector, stranger));
        vm.prank(stranger);
        IEasSchemaResolver(address(resolver)).attest(attestation);
    }

    function test_ManyAreAttestedTogetherOrNone() public {
        AttestationRequestData[] memory data = new AttestationRequestData[](2);
        data[0] = _data(SCORES, 7, _proofFor(_context(), SCORES));
        uint256 next = _contextFor(address(resolver), operator, 8);
        data[1] = _data(SCORES, 8, _proofFor(next, SCORES + 1));
        MultiAttestationRequest[] memory requests = new MultiAttestationRequest[](1);
        requests[0] = MultiAttestationRequest(schema, data);
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        vm.prank(operator);
        eas.multiAttest(requests);
        data[1] = _data(SCORES, 8, _proofFor(next, SCORES));
        vm.prank(operator);
        _assertEq(eas.multiAttest(requests).length, 2, "both");
    }

    function _attest(address attester, uint256 scores, bytes memory proof) private returns (bytes32) {
        AttestationRequest memory request = AttestationRequest(schema, _data(scores, 7, proof));
        vm.prank(attester);
        return eas.attest(request);
    }

    function _data(uint256 scores, uint256 nonce, bytes memory proof)
        private
        view
        returns (AttestationRequestData memory)
    {
        bytes memory data = abi.encode(modelId, uint32(1), INPUT, nonce, abi.encode(scores), proof);
        return AttestationRequestData(stranger, 0, false, 0, data, 0);
    }

    function _context() private view returns (uint256) {
        return _contextFor(address(resolver), operator, 7);
    }

    /// A contract as the service's package ships it.
    function _ship(string memory artifact, bytes memory arguments) private returns (address) {
        bytes memory code = vm.parseJsonBytes(vm.readFile(string.concat(ARTIFACTS, artifact)), ".bytecode");
        return _create(abi.encodePacked(code, arguments));
    }
}
