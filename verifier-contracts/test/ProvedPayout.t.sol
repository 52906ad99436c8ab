// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IModelErrors} from "../src/interfaces/IModelErrors.sol";
import {ProvedPayout} from "../src/examples/ProvedPayout.sol";
import {IERCZKMLVerifier} from "../src/interfaces/IERCZKMLVerifier.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {Fixtures, Proved} from "./utils/Fixtures.sol";

/// @notice The consumer example: money moves only if a proved model says so.
contract ProvedPayoutTest is Fixtures {
    ProvedPayout internal payout;
    uint64 internal deadline;
    /// Proofs for the attestations, by the same account with the same nonces.
    Proved[] internal attested;

    function setUp() public override {
        super.setUp();
        payout = ProvedPayout(deployAt("ProvedPayout.sol:ProvedPayout", abi.encode(verifier), PAYOUT));
        attested = proved;
        delete proved;
        Proved[] memory items = itemsOf("payout");
        for (uint256 i = 0; i < items.length; ++i) {
            proved.push(items[i]);
        }
        deadline = uint64(block.timestamp + 1 days);
        vm.deal(OWNER, 10 ether);
    }

    function test_aProofOfTheWantedClassPaysTheBeneficiary() public {
        // Proof i is made for policy i + 1 of PROVER.
        Proved memory item = proved[0];
        uint256 id = openPolicy(item, classOf(item));
        assertEq(payout.contextOf(id), item.context, "the context a proof must carry");
        vm.prank(STRANGER);
        payout.claim(id, item.output, item.proof);
        assertEq(PROVER.balance, 1 ether, "paid, whoever brought the proof");
        assertEq(address(payout).balance, 0, "nothing left");
        vm.expectRevert(abi.encodeWithSelector(ProvedPayout.NoSuchPolicy.selector, id));
        payout.claim(id, item.output, item.proof);
    }

    function test_anotherClassPaysNobody() public {
        Proved memory item = proved[0];
        uint8 other = (classOf(item) + 1) % 10;
        uint256 id = openPolicy(item, other);
        vm.expectRevert(abi.encodeWithSelector(ProvedPayout.AnotherClass.selector, other, classOf(item)));
        payout.claim(id, item.output, item.proof);
    }

    function test_aForgedAnswerPaysNobody() public {
        Proved memory item = proved[0];
        uint8 wanted = (classOf(item) + 1) % 10;
        uint256 id = openPolicy(item, wanted);
        int256[10] memory scores;
        scores[wanted] = 1000;
        bytes memory forged = scorer.packOutput(scores);
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        payout.claim(id, forged, item.proof);
    }

    function test_aProofForAnotherPolicyPaysNobody() public {
        Proved memory item = proved[1];
        uint256 id = openPolicy(item, classOf(item));
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        payout.claim(id, item.output, item.proof);
    }

    function test_aProofForAnAttestationPaysNobody() public {
        Proved memory item = attested[0];
        uint256 id = openPolicy(item, classOf(item));
        assertEq(id, item.nonce, "the policy's number is the attestation's nonce");
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        payout.claim(id, item.output, item.proof);
    }

    function test_aProofForThisChainPaysNobodyOnAnother() public {
        Proved memory item = proved[0];
        vm.chainId(CHAIN_ID + 1);
        uint256 id = openPolicy(item, classOf(item));
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        payout.claim(id, item.output, item.proof);
        vm.chainId(CHAIN_ID);
        payout.claim(id, item.output, item.proof);
    }

    function test_retiringTheModelEndsOnlyPoliciesThatSaySo() public {
        Proved memory item = proved[0];
        uint256 promised = openPolicy(item, classOf(item));
        vm.prank(OWNER);
        uint256 ends =
            payout.open{value: 1 ether}(scorerId, 1, proved[1].inputCommitment, classOf(proved[1]), PROVER, true, deadline);
        vm.prank(OWNER);
        registry.deprecateModel(scorerId);
        payout.claim(promised, item.output, item.proof);
        assertEq(PROVER.balance, 1 ether, "paid, though the sponsor retired the model");
        vm.expectRevert(
            abi.encodeWithSelector(IERCZKMLVerifier.VerificationRefused_ModelDeprecated.selector, scorerId)
        );
        payout.claim(ends, proved[1].output, proved[1].proof);
        vm.prank(OWNER);
        vm.expectRevert(ProvedPayout.InvalidPolicy.selector);
        payout.open{value: 1}(scorerId, 1, bytes32(0), 0, PROVER, false, deadline);
    }

    function test_anUpdateOfTheModelDoesNotChangeThePolicy() public {
        Proved memory item = proved[0];
        uint256 id = openPolicy(item, classOf(item));
        vm.startPrank(OWNER);
        registry.updateModelWithVerifier(scorerId, commitmentOf(address(rival)), address(rival));
        vm.stopPrank();
        payout.claim(id, item.output, item.proof);
        assertEq(PROVER.balance, 1 ether, "paid by the version agreed on");
    }

    function test_afterTheDeadlineTheSponsorTakesItBack() public {
        Proved memory item = proved[0];
        uint256 id = openPolicy(item, classOf(item));
        vm.prank(OWNER);
        vm.expectRevert(abi.encodeWithSelector(ProvedPayout.NotRefundable.selector, id));
        payout.refund(id);
        vm.warp(uint256(deadline) + 1);
        vm.expectRevert(abi.encodeWithSelector(ProvedPayout.TooLate.selector, id));
        payout.claim(id, item.output, item.proof);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(ProvedPayout.NotRefundable.selector, id));
        payout.refund(id);
        vm.prank(OWNER);
        payout.refund(id);
        assertEq(OWNER.balance, 10 ether, "refunded");
    }

    function test_aPolicyNeedsMoneyABeneficiaryAClassAndTime() public {
        vm.startPrank(OWNER);
        vm.expectRevert(ProvedPayout.InvalidPolicy.selector);
        payout.open(scorerId, 1, bytes32(0), 0, PROVER, false, deadline);
        vm.expectRevert(ProvedPayout.InvalidPolicy.selector);
        payout.open{value: 1}(scorerId, 1, bytes32(0), 0, address(0), false, deadline);
        vm.expectRevert(ProvedPayout.InvalidPolicy.selector);
        payout.open{value: 1}(scorerId, 1, bytes32(0), 10, PROVER, false, deadline);
        vm.expectRevert(ProvedPayout.InvalidPolicy.selector);
        payout.open{value: 1}(scorerId, 1, bytes32(0), 0, PROVER, false, uint64(block.timestamp));
        vm.expectRevert(ProvedPayout.InvalidPolicy.selector);
        payout.open{value: 1}(scorerId, 0, bytes32(0), 0, PROVER, false, deadline);
        vm.expectRevert(abi.encodeWithSelector(IModelErrors.ModelVersionNotFound.selector, scorerId, 2));
        payout.open{value: 1}(scorerId, 2, bytes32(0), 0, PROVER, false, deadline);
        vm.stopPrank();
    }

    function test_anUpdateThatOvertakesTheSponsorChangesNothing() public {
        Proved memory item = proved[0];
        vm.startPrank(OWNER);
        registry.updateModelWithVerifier(scorerId, commitmentOf(address(rival)), address(rival));
        vm.stopPrank();
        uint256 id = openPolicy(item, classOf(item));
        payout.claim(id, item.output, item.proof);
        assertEq(PROVER.balance, 1 ether, "by the version the sponsor named");
    }

    function openPolicy(Proved memory item, uint8 wanted) private returns (uint256) {
        vm.prank(OWNER);
        return payout.open{value: 1 ether}(scorerId, 1, item.inputCommitment, wanted, PROVER, false, deadline);
    }

    function classOf(Proved memory item) private view returns (uint8 best) {
        int256[10] memory scores = scorer.unpackOutput(item.output);
        for (uint8 i = 1; i < 10; ++i) {
            if (scores[i] > scores[best]) best = i;
        }
    }
}
