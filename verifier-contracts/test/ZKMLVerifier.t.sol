// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {ZKMLVerifier} from "../src/ZKMLVerifier.sol";
import {IAttestations} from "../src/interfaces/IAttestations.sol";
import {IERCZKMLRegistry} from "../src/interfaces/IERCZKMLRegistry.sol";
import {IERCZKMLStorageExtension} from "../src/interfaces/IERCZKMLStorageExtension.sol";
import {IERCZKMLVerifier} from "../src/interfaces/IERCZKMLVerifier.sol";
import {IInferenceVerifier} from "../src/interfaces/IInferenceVerifier.sol";
import {IModelErrors} from "../src/interfaces/IModelErrors.sol";
import {InferenceContext} from "../src/libraries/InferenceContext.sol";
import {ProofSystem} from "../src/libraries/ProofSystem.sol";
import {Batch, Fixtures, Proved} from "./utils/Fixtures.sol";

/// @notice Shows a key and believes everything: what a dishonest owner might register instead of a generated verifier.
contract CredulousVerifier {
    uint256[] private key;

    constructor(uint256[] memory words) {
        key = words;
    }

    function verificationKey() external view returns (uint256[] memory words) {
        return key;
    }

    function checkInferences(bytes32[] calldata, uint256[] calldata, bytes calldata, bytes calldata)
        external
        pure
        returns (IInferenceVerifier.Verdict verdict)
    {
        return IInferenceVerifier.Verdict.Valid;
    }
}

/// @notice ERC-7992's verifier, its storage extension and attestations.
contract ZKMLVerifierTest is Fixtures {
    function test_interfaceIdsAreThoseOfTheErc() public view {
        bytes4 id = bytes4(keccak256("verifyInference(uint256,bytes32,bytes,bytes)"))
            ^ bytes4(keccak256("proofSystemOf(uint256)")) ^ bytes4(keccak256("registry()"));
        assertTrue(type(IERCZKMLVerifier).interfaceId == id, "verifier");
        id = bytes4(keccak256("verifyAndStoreInference(uint256,bytes32,bytes,bytes)"))
            ^ bytes4(keccak256("getInference(bytes32)"));
        assertTrue(type(IERCZKMLStorageExtension).interfaceId == id, "storage");
        assertTrue(verifier.supportsInterface(type(IERCZKMLVerifier).interfaceId), "verifier announced");
        assertTrue(verifier.supportsInterface(type(IERCZKMLStorageExtension).interfaceId), "storage announced");
        assertTrue(verifier.supportsInterface(type(IAttestations).interfaceId), "attestations announced");
        assertTrue(verifier.supportsInterface(type(IERC165).interfaceId), "ERC-165");
        assertFalse(verifier.supportsInterface(0xffffffff), "nothing");
        assertTrue(ProofSystem.GROTH16_BN254_V1 == bytes4(keccak256("groth16-bn254-v1")), "proof system");
        assertTrue(verifier.proofSystemOf(scorerId) == ProofSystem.GROTH16_BN254_V1, "of the model");
        assertEq(verifier.registry(), address(registry), "registry");
    }

    function test_aValidInferenceIsVerifiedAndAnnounced() public {
        Proved memory item = proved[0];
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IERCZKMLVerifier.InferenceVerified(scorerId, item.inputCommitment, item.output, PROVER);
        vm.prank(PROVER);
        verifier.verifyInference(scorerId, item.inputCommitment, item.output, ercProof(item));
    }

    function test_everyRefusalHasItsError() public {
        Proved memory item = proved[0];
        vm.startPrank(PROVER);
        item.output[31] ^= 0x01;
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        verifier.verifyInference(scorerId, item.inputCommitment, item.output, ercProof(item));

        item = proved[0];
        vm.expectRevert(IERCZKMLVerifier.OutputMismatch.selector);
        verifier.verifyInference(scorerId, item.inputCommitment, "", ercProof(item));
        // A bit above the ten scores.
        item.output[0] ^= 0x01;
        vm.expectRevert(IERCZKMLVerifier.OutputMismatch.selector);
        verifier.verifyInference(scorerId, item.inputCommitment, item.output, ercProof(item));

        item = proved[0];
        vm.expectRevert(IERCZKMLVerifier.InputCommitmentMismatch.selector);
        verifier.verifyInference(scorerId, bytes32(R), item.output, ercProof(item));
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        verifier.verifyInference(scorerId, bytes32(uint256(1)), item.output, ercProof(item));
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        verifier.verifyInference(scorerId, item.inputCommitment, item.output, "");
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        verifier.verifyInference(scorerId, item.inputCommitment, item.output, bytes.concat(ercProof(item), hex"00"));
        vm.expectRevert(IERCZKMLVerifier.ModelMismatch.selector);
        verifier.verifyInference(rivalId, item.inputCommitment, item.output, ercProof(item));
        vm.expectRevert(abi.encodeWithSelector(IERCZKMLRegistry.ModelNotFound.selector, 99));
        verifier.verifyInference(99, item.inputCommitment, item.output, ercProof(item));
        vm.stopPrank();
    }

    function test_aRetiredModelIsRefusedInEveryWay() public {
        vm.prank(OWNER);
        registry.deprecateModel(scorerId);
        Proved memory item = proved[0];
        Batch memory batch = firstOf(batchOf("scorer"), 2, 32, 256);
        uint256[] memory nonces = noncesTo(2);
        bytes memory refusal =
            abi.encodeWithSelector(IERCZKMLVerifier.VerificationRefused_ModelDeprecated.selector, scorerId);
        vm.startPrank(PROVER);
        vm.expectRevert(refusal);
        verifier.verifyInference(scorerId, item.inputCommitment, item.output, ercProof(item));
        vm.expectRevert(refusal);
        verifier.verifyAndStoreInference(scorerId, item.inputCommitment, item.output, ercProof(item));
        vm.expectRevert(refusal);
        verifier.attest(scorerId, item.inputCommitment, item.nonce, item.output, item.proof);
        vm.expectRevert(refusal);
        verifier.attestBatch(scorerId, batch.inputCommitments, nonces, batch.outputs, batch.proofs);
        vm.expectRevert(refusal);
        verifier.checkInference(scorerId, 1, item.inputCommitment, item.context, item.output, item.proof);
        vm.stopPrank();
    }

    function test_otherProofSystemsAndUnboundVersionsAreRefused() public {
        Proved memory item = proved[0];
        IERCZKMLRegistry.ModelCommitment memory c = commitmentOf(address(scorer));
        vm.startPrank(OWNER);
        uint256 unbound = registry.registerModel(c);
        c.proofSystemId = 0x12345678;
        uint256 other = registry.registerModel(c);
        vm.stopPrank();
        vm.startPrank(PROVER);
        vm.expectRevert(abi.encodeWithSelector(IAttestations.VerifierNotBound.selector, unbound, 1));
        verifier.attest(unbound, item.inputCommitment, item.nonce, item.output, item.proof);
        vm.expectRevert(
            abi.encodeWithSelector(IERCZKMLVerifier.UnsupportedProofSystem.selector, bytes4(0x12345678))
        );
        verifier.attest(other, item.inputCommitment, item.nonce, item.output, item.proof);
        vm.stopPrank();
    }

    function test_exchangedCodeIsRefused() public {
        Proved memory item = proved[0];
        // PUSH1 0 PUSH0 MSTORE PUSH1 32 PUSH0 RETURN: says Valid to everything.
        vm.etch(address(scorer), hex"60005f5260205ff3");
        vm.startPrank(PROVER);
        vm.expectRevert(IERCZKMLVerifier.ModelMismatch.selector);
        verifier.verifyInference(scorerId, item.inputCommitment, item.output, ercProof(item));
        vm.expectRevert(IERCZKMLVerifier.ModelMismatch.selector);
        verifier.attest(scorerId, item.inputCommitment, item.nonce, item.output, item.proof);
        vm.stopPrank();
    }

    /// forge-config: default.fuzz.runs = 500
    function testFuzz_aStolenProofIsWorthNothing(address thief, uint256 pick) public {
        vm.assume(thief != PROVER);
        Proved memory item = proved[pick % proved.length];
        bytes memory refusal = abi.encodeWithSelector(IERCZKMLVerifier.InvalidProof.selector);
        vm.startPrank(thief);
        vm.expectRevert(refusal);
        verifier.verifyInference(scorerId, item.inputCommitment, item.output, ercProof(item));
        vm.expectRevert(refusal);
        verifier.verifyAndStoreInference(scorerId, item.inputCommitment, item.output, ercProof(item));
        vm.expectRevert(refusal);
        verifier.attest(scorerId, item.inputCommitment, item.nonce, item.output, item.proof);
        vm.stopPrank();
    }

    /// forge-config: default.fuzz.runs = 500
    function testFuzz_aProofIsGoodUnderItsOwnNonceOnly(uint256 nonce, uint256 pick) public {
        Proved memory item = proved[pick % proved.length];
        vm.assume(nonce != item.nonce);
        vm.startPrank(PROVER);
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        verifier.attest(scorerId, item.inputCommitment, nonce, item.output, item.proof);
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        verifier.verifyInference(
            scorerId, item.inputCommitment, item.output, bytes.concat(bytes32(nonce), item.proof)
        );
        vm.stopPrank();
    }

    function test_aProofForThisChainIsWorthNothingOnAnother() public {
        Proved memory item = proved[0];
        Batch memory batch = firstOf(batchOf("scorer"), 2, 32, 256);
        uint256[] memory nonces = noncesTo(2);
        // The same contracts at the same addresses, after a fork or by the same deployer.
        vm.chainId(CHAIN_ID + 1);
        vm.startPrank(PROVER);
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        verifier.verifyInference(scorerId, item.inputCommitment, item.output, ercProof(item));
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        verifier.verifyAndStoreInference(scorerId, item.inputCommitment, item.output, ercProof(item));
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        verifier.attest(scorerId, item.inputCommitment, item.nonce, item.output, item.proof);
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        verifier.attestBatch(scorerId, batch.inputCommitments, nonces, batch.outputs, batch.proofs);
        vm.chainId(CHAIN_ID);
        verifier.attest(scorerId, item.inputCommitment, item.nonce, item.output, item.proof);
        vm.stopPrank();
    }

    function test_aProofForThisContractIsWorthNothingInAnother() public {
        Proved memory item = proved[0];
        Proved memory policys = itemsOf("payout")[0];
        ZKMLVerifier other = ZKMLVerifier(vm.deployCode("ZKMLVerifier.sol:ZKMLVerifier", abi.encode(registry)));
        vm.startPrank(PROVER);
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        other.attest(scorerId, item.inputCommitment, item.nonce, item.output, item.proof);
        // Made by the same account for a policy with the same number.
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        verifier.attest(scorerId, policys.inputCommitment, policys.nonce, policys.output, policys.proof);
        vm.stopPrank();
    }

    function testFuzz_contextsDifferInEverythingTheyName(
        uint256 chainId,
        address taker,
        address account,
        uint256 nonce,
        uint256 otherNumber,
        address otherAccount
    ) public pure {
        uint256 context = InferenceContext.encodeFor(chainId, taker, account, nonce);
        assertTrue(context < R, "a field element");
        assertEq(
            context,
            uint256(keccak256(abi.encode(keccak256("zkinfer context v1"), chainId, taker, account, nonce))) >> 3,
            "as documented"
        );
        if (otherNumber != chainId) {
            assertTrue(context != InferenceContext.encodeFor(otherNumber, taker, account, nonce), "chain");
        }
        if (otherNumber != nonce) {
            assertTrue(context != InferenceContext.encodeFor(chainId, taker, account, otherNumber), "nonce");
        }
        if (otherAccount != taker) {
            assertTrue(context != InferenceContext.encodeFor(chainId, otherAccount, account, nonce), "contract");
        }
        if (otherAccount != account) {
            assertTrue(context != InferenceContext.encodeFor(chainId, taker, otherAccount, nonce), "account");
        }
        if (taker != account) {
            assertTrue(context != InferenceContext.encodeFor(chainId, account, taker, nonce), "order");
        }
    }

    function test_anInferenceIsStoredOnceAndReadBack() public {
        Proved memory item = proved[0];
        bytes32 id = keccak256(abi.encodePacked(scorerId, item.inputCommitment, item.output));
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IERCZKMLStorageExtension.InferenceStored(id);
        vm.startPrank(PROVER);
        assertEq(
            verifier.verifyAndStoreInference(scorerId, item.inputCommitment, item.output, ercProof(item)), id, "the ERC's id"
        );
        (uint256 modelId, bytes32 inputCommitment, bytes memory output) = verifier.getInference(id);
        assertEq(modelId, scorerId, "model");
        assertEq(inputCommitment, item.inputCommitment, "input");
        assertEq(output, item.output, "output");
        assertEq(verifier.storedVersion(id), 1, "version");
        vm.expectRevert(abi.encodeWithSelector(IAttestations.InferenceAlreadyStored.selector, id));
        verifier.verifyAndStoreInference(scorerId, item.inputCommitment, item.output, ercProof(item));
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IAttestations.InferenceNotFound.selector, bytes32(0)));
        verifier.getInference(0);
    }

    function test_longOutputsAreStoredAndReadBackToo() public {
        address open = vm.deployCode("open.sol:OpenVerifier");
        uint256 openId = registry.registerModelWithVerifier(commitmentOf(open), open);
        Proved memory item = itemsOf("open")[1];
        vm.prank(PROVER);
        bytes32 id = verifier.verifyAndStoreInference(openId, item.inputCommitment, item.output, ercProof(item));
        (uint256 modelId, bytes32 inputCommitment, bytes memory output) = verifier.getInference(id);
        assertEq(modelId, openId, "model");
        assertEq(inputCommitment, item.inputCommitment, "input");
        assertEq(output, item.output, "seven words");
        assertEq(verifier.storedVersion(id), 1, "version");
    }

    function test_anAttestationIsRecordedAnnouncedAndReadBack() public {
        Proved memory item = proved[0];
        bytes32 id = keccak256(abi.encode(scorerId, uint32(1), item.inputCommitment, item.context));
        vm.roll(1234);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IAttestations.InferenceAttested(id, scorerId, PROVER, 1, item.inputCommitment, item.context, item.output);
        vm.prank(PROVER);
        assertEq(verifier.attest(scorerId, item.inputCommitment, item.nonce, item.output, item.proof), id, "identifier");
        assertEq(verifier.attestationId(scorerId, 1, item.inputCommitment, item.context), id, "computed alike");
        (uint256 blockNumber, bytes27 digest) = verifier.attestationOf(id);
        assertEq(blockNumber, 1234, "block");
        assertTrue(digest == bytes27(keccak256(item.output)), "output's digest");
        assertTrue(verifier.isAttested(scorerId, 1, item.inputCommitment, item.context, item.output), "on record");
        assertFalse(verifier.isAttested(scorerId, 1, item.inputCommitment, item.context, abi.encode(1)), "another output");
        assertFalse(verifier.isAttested(scorerId, 2, item.inputCommitment, item.context, item.output), "another version");
        assertFalse(verifier.isAttested(rivalId, 1, item.inputCommitment, item.context, item.output), "another model");
    }

    function test_aReplayIsRefusedWhateverTheProofsBytes() public {
        Proved memory item = proved[0];
        vm.startPrank(PROVER);
        bytes32 id = verifier.attest(scorerId, item.inputCommitment, item.nonce, item.output, item.proof);
        bytes memory refusal = abi.encodeWithSelector(IAttestations.AlreadyAttested.selector, id);
        vm.expectRevert(refusal);
        verifier.attest(scorerId, item.inputCommitment, item.nonce, item.output, item.proof);

        // The same proof with A and B negated: valid, other bytes.
        uint256[8] memory p = item.points;
        (p[1], p[4], p[5]) = (P - p[1], P - p[4], P - p[5]);
        bytes memory again = abi.encodePacked(bytes4(scorer.vkHash()), p);
        verifier.verifyInference(scorerId, item.inputCommitment, item.output, bytes.concat(bytes32(item.nonce), again));
        vm.expectRevert(refusal);
        verifier.attest(scorerId, item.inputCommitment, item.nonce, item.output, again);
        vm.stopPrank();
    }

    function test_attestationsStayWithTheirVersion() public {
        Proved memory item = proved[0];
        vm.prank(PROVER);
        verifier.attest(scorerId, item.inputCommitment, item.nonce, item.output, item.proof);
        vm.startPrank(OWNER);
        registry.updateModelWithVerifier(scorerId, commitmentOf(address(rival)), address(rival));
        vm.stopPrank();
        assertTrue(verifier.isAttested(scorerId, 1, item.inputCommitment, item.context, item.output), "first version");
        assertFalse(verifier.isAttested(scorerId, 2, item.inputCommitment, item.context, item.output), "not the second");
        vm.prank(PROVER);
        vm.expectRevert(IERCZKMLVerifier.ModelMismatch.selector);
        verifier.verifyInference(scorerId, item.inputCommitment, item.output, ercProof(item));
        // Whoever pinned the first version can still check it.
        verifier.checkInference(scorerId, 1, item.inputCommitment, item.context, item.output, item.proof);
    }

    function test_consumersGiveContextsTheirOwnMeaning() public {
        Proved memory item = proved[0];
        verifier.checkInference(scorerId, 0, item.inputCommitment, item.context, item.output, item.proof);
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        verifier.checkInference(scorerId, 0, item.inputCommitment, 5, item.output, item.proof);
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        verifier.checkInference(scorerId, 0, item.inputCommitment, item.context + R, item.output, item.proof);
    }

    function test_whoWasPromisedAVersionCanCheckItAfterTheModelIsRetired() public {
        Proved memory item = proved[0];
        vm.prank(OWNER);
        registry.deprecateModel(scorerId);
        verifier.checkPinnedInference(scorerId, 1, item.inputCommitment, item.context, item.output, item.proof);
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        verifier.checkPinnedInference(scorerId, 1, item.inputCommitment, 5, item.output, item.proof);
        vm.expectRevert(IModelErrors.VersionNotGiven.selector);
        verifier.checkPinnedInference(scorerId, 0, item.inputCommitment, item.context, item.output, item.proof);
        // PUSH1 0 PUSH0 MSTORE PUSH1 32 PUSH0 RETURN: code that says Valid to everything.
        vm.etch(address(scorer), hex"60005f5260205ff3");
        vm.expectRevert(IERCZKMLVerifier.ModelMismatch.selector);
        verifier.checkPinnedInference(scorerId, 1, item.inputCommitment, item.context, item.output, item.proof);
    }

    function test_aBatchIsAttestedInOneCall() public {
        Batch memory batch = firstOf(batchOf("scorer"), 16, 32, 256);
        uint256[] memory nonces = noncesTo(16);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IAttestations.InferencesAttested(
            scorerId, PROVER, 1, batch.inputCommitments, batch.contexts, batch.outputs
        );
        vm.prank(PROVER);
        bytes32[] memory ids =
            verifier.attestBatch(scorerId, batch.inputCommitments, nonces, batch.outputs, batch.proofs);
        assertEq(ids.length, 16, "identifiers");
        for (uint256 i = 0; i < 16; ++i) {
            Proved memory item = proved[i];
            assertEq(ids[i], verifier.attestationId(scorerId, 1, item.inputCommitment, item.context), "identifier");
            assertTrue(verifier.isAttested(scorerId, 1, item.inputCommitment, item.context, item.output), "on record");
        }
    }

    function test_aRegisteredContractThatIsNoGeneratedVerifierCannotMakeAnUnreadableRecord() public {
        CredulousVerifier credulous = new CredulousVerifier(scorer.verificationKey());
        uint256 id = registry.registerModelWithVerifier(commitmentOf(address(scorer)), address(credulous));
        Batch memory batch = firstOf(batchOf("scorer"), 2, 32, 256);
        uint256[] memory nonces = noncesTo(2);
        vm.startPrank(PROVER);
        vm.expectRevert(IERCZKMLVerifier.OutputMismatch.selector);
        verifier.attestBatch(id, batch.inputCommitments, nonces, head(batch.outputs, 63), batch.proofs);
        // Whatever it is asked to believe stands under its own model's number.
        verifier.attestBatch(id, batch.inputCommitments, nonces, batch.outputs, batch.proofs);
        assertFalse(
            verifier.isAttested(scorerId, 1, batch.inputCommitments[0], batch.contexts[0], proved[0].output), "not the scorer's"
        );
        vm.stopPrank();
    }

    function test_aBatchIsAllOrNothing() public {
        Batch memory batch = firstOf(batchOf("scorer"), 3, 32, 256);
        uint256[] memory nonces = noncesTo(3);
        vm.startPrank(PROVER);
        bytes memory outputs = bytes.concat(batch.outputs);
        outputs[95] ^= 0x01;
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        verifier.attestBatch(scorerId, batch.inputCommitments, nonces, outputs, batch.proofs);

        bytes32 id = verifier.attest(scorerId, proved[2].inputCommitment, proved[2].nonce, proved[2].output, proved[2].proof);
        vm.expectRevert(abi.encodeWithSelector(IAttestations.AlreadyAttested.selector, id));
        verifier.attestBatch(scorerId, batch.inputCommitments, nonces, batch.outputs, batch.proofs);
        assertFalse(
            verifier.isAttested(scorerId, 1, proved[0].inputCommitment, proved[0].context, proved[0].output), "nothing"
        );
        vm.stopPrank();
    }

    function test_aBatchCannotHoldAnInferenceTwice() public {
        Batch memory batch;
        batch.inputCommitments = new bytes32[](2);
        uint256[] memory nonces = new uint256[](2);
        for (uint256 i = 0; i < 2; ++i) {
            (batch.inputCommitments[i], nonces[i]) = (proved[0].inputCommitment, proved[0].nonce);
        }
        batch.outputs = bytes.concat(proved[0].output, proved[0].output);
        batch.proofs = abi.encodePacked(bytes4(scorer.vkHash()), proved[0].points, proved[0].points);
        bytes32 id = verifier.attestationId(scorerId, 1, proved[0].inputCommitment, proved[0].context);
        vm.prank(PROVER);
        vm.expectRevert(abi.encodeWithSelector(IAttestations.AlreadyAttested.selector, id));
        verifier.attestBatch(scorerId, batch.inputCommitments, nonces, batch.outputs, batch.proofs);
    }

    function test_batchesHaveBoundsAndOwners() public {
        Batch memory batch = firstOf(batchOf("scorer"), 2, 32, 256);
        uint256[] memory nonces = noncesTo(2);
        bytes32[] memory none;
        uint256[] memory noNonces;
        vm.expectRevert(abi.encodeWithSelector(IAttestations.InvalidBatch.selector, 0, 0));
        verifier.attestBatch(scorerId, none, noNonces, "", "");
        vm.expectRevert(abi.encodeWithSelector(IAttestations.InvalidBatch.selector, 2, 0));
        verifier.attestBatch(scorerId, batch.inputCommitments, noNonces, batch.outputs, batch.proofs);
        vm.expectRevert(abi.encodeWithSelector(IAttestations.InvalidBatch.selector, 129, 129));
        verifier.attestBatch(scorerId, new bytes32[](129), new uint256[](129), "", "");
        vm.prank(STRANGER);
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        verifier.attestBatch(scorerId, batch.inputCommitments, nonces, batch.outputs, batch.proofs);
        vm.prank(PROVER);
        vm.expectRevert(IERCZKMLVerifier.ModelMismatch.selector);
        verifier.attestBatch(rivalId, batch.inputCommitments, nonces, batch.outputs, batch.proofs);
    }
}
