// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ProvedPayout} from "../src/examples/ProvedPayout.sol";
import {IAttestations} from "../src/interfaces/IAttestations.sol";
import {IERCZKMLVerifier} from "../src/interfaces/IERCZKMLVerifier.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {Fixtures, Proved} from "./utils/Fixtures.sol";

/// @notice The consumer example: money moves only if a proved model says so.
contract ProvedPayoutTest is Fixtures {
    ProvedPayout internal payout;
    uint64 internal deadline;

    function setUp() public override {
        super.setUp();
        payout = ProvedPayout(vm.deployCode("ProvedPayout.sol:ProvedPayout", abi.encode(verifier)));
        deadline = uint64(block.timestamp + 1 days);
        vm.deal(OWNER, 10 ether);
    }

    function test_aProofOfTheWantedClassPaysTheBeneficiary() public {
        // The fixtures' proof i names PROVER and number i + 1: policy 1 takes proof 0.
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
        vm.expectRevert(
            abi.encodeWithSelector(IAttestations.ContextMismatch.selector, payout.contextOf(id), item.context)
        );
        payout.claim(id, item.output, item.proof);
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
        payout.open(scorerId, 1, bytes32(0), 0, PROVER, deadline);
        vm.expectRevert(ProvedPayout.InvalidPolicy.selector);
        payout.open{value: 1}(scorerId, 1, bytes32(0), 0, address(0), deadline);
        vm.expectRevert(ProvedPayout.InvalidPolicy.selector);
        payout.open{value: 1}(scorerId, 1, bytes32(0), 10, PROVER, deadline);
        vm.expectRevert(ProvedPayout.InvalidPolicy.selector);
        payout.open{value: 1}(scorerId, 1, bytes32(0), 0, PROVER, uint64(block.timestamp));
        vm.expectRevert(ProvedPayout.InvalidPolicy.selector);
        payout.open{value: 1}(scorerId, 0, bytes32(0), 0, PROVER, deadline);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelVersionNotFound.selector, scorerId, 2));
        payout.open{value: 1}(scorerId, 2, bytes32(0), 0, PROVER, deadline);
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
        return payout.open{value: 1 ether}(scorerId, 1, item.inputCommitment, wanted, PROVER, deadline);
    }

    function classOf(Proved memory item) private view returns (uint8 best) {
        int256[10] memory scores = scorer.unpackOutput(item.output);
        for (uint8 i = 1; i < 10; ++i) {
            if (scores[i] > scores[best]) best = i;
        }
    }
}
