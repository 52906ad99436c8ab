// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {InferenceMarket} from "../../src/ledger/InferenceMarket.sol";
import {IPullPayments} from "../../src/ledger/interfaces/IPullPayments.sol";
import {TokenTransfers} from "../../src/ledger/TokenTransfers.sol";
import {IInferenceMarket} from "../../src/ledger/interfaces/IInferenceMarket.sol";
import {IModelLicences} from "../../src/ledger/interfaces/IModelLicences.sol";
import {IModelRoyalties} from "../../src/ledger/interfaces/IModelRoyalties.sol";
import {MarketParameters} from "../../src/ledger/market/MarketParameters.sol";
import {IERCZKMLVerifier} from "../../src/interfaces/IERCZKMLVerifier.sol";
import {LedgerTest} from "./support/LedgerTest.sol";
import {CallingToken, StoppableToken, TaxedToken} from "./support/Tokens.sol";
import {ReenteringAccount, RefusingAccount} from "./support/Wallets.sol";

/// @title Requests, answers, disputes and slashing, with real proofs; attacks by name.
contract MarketTest is LedgerTest {
    IInferenceMarket.Mode private constant PROVED = IInferenceMarket.Mode.Proved;
    IInferenceMarket.Mode private constant OPTIMISTIC = IInferenceMarket.Mode.Optimistic;

    /// A request and a proof that answers it.
    uint64 private prepared;
    bytes private preparedProof;

    function setUp() public override {
        super.setUp();
        _setPlainTerms(modelId);
        _stake(operator, 1 ether);
        prepared = _ask(PROVED, 1 ether);
        preparedProof = _proof(operator, prepared, SCORES);
    }

    function test_AProvedAnswerIsPaidAtOnce() public {
        uint64 id = _ask(PROVED, 10 ether);
        _take(id, operator);
        _assertEq(market.freeStake(operator), 1 ether - BOND, "the bond is locked");
        _answerProved(id, operator, SCORES);
        _assertStatus(id, IInferenceMarket.Status.Accepted);
        _assertTrue(market.isAccepted(id, abi.encode(SCORES)), "the output is the accepted one");
        _assertTrue(!market.isAccepted(id, abi.encode(SCORES + 1)), "another output is not");
        _assertEq(market.freeStake(operator), 1 ether, "the bond is free again");
        _assertEq(market.balanceOf(operator, ETHER), 7 ether, "operator's 70 %");
        _assertEq(market.royaltiesOf(modelId, 1, ETHER, owner), 3 ether, "the model's 30 %");
        vm.prank(operator);
        market.withdraw(ETHER, operator);
        _assertEq(operator.balance, 1000 ether - 1 ether + 7 ether, "withdrawn");
        market.forwardRoyalties(modelId, 1, ETHER, owner);
        _assertEq(royalties.balanceOf(owner, ETHER), 3 ether, "forwarded");
    }

    function test_AnOpenRequestIsAnsweredWithAProofInOneTransactionAndWithoutStake() public {
        uint64 id = _ask(PROVED, 1 ether);
        _answerProved(id, stranger, SCORES);
        _assertEq(market.requestOf(id).operator, stranger, "operator");
        _assertEq(market.balanceOf(stranger, ETHER), 0.7 ether, "paid");
    }

    function test_AnOptimisticAnswerIsAcceptedOnlyAfterItsWindow() public {
        uint64 id = _optimistic(1 ether, SCORES);
        _skip(CHALLENGE_WINDOW);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceMarket.DeadlineNotPassed.selector, id, block.timestamp)
        );
        market.finalize(id);
        _skip(1);
        market.finalize(id);
        _assertStatus(id, IInferenceMarket.Status.Accepted);
        _assertEq(market.balanceOf(operator, ETHER), 0.7 ether, "paid");
        _assertEq(market.freeStake(operator), 1 ether, "free again");
        _expectStatus(id, IInferenceMarket.Status.Accepted);
        market.finalize(id);
    }

    function test_AnAnswerInAnOptimisticRequestMayAlsoBeProvedAtOnce() public {
        uint64 id = _ask(OPTIMISTIC, 1 ether);
        _answerProved(id, operator, SCORES);
        _assertStatus(id, IInferenceMarket.Status.Accepted);
    }

    function test_AProvedRequestTakesNoAnswerWithoutAProof() public {
        uint64 id = _ask(PROVED, 1 ether);
        _take(id, operator);
        vm.expectRevert(abi.encodeWithSelector(IInferenceMarket.ProofRequired.selector, id));
        _answer(id, operator, SCORES);
    }

    function test_AWrongAnswerIsDisputedAndSlashedAndItsWatcherPaid() public {
        uint64 id = _optimistic(1 ether, SCORES + 1);
        _dispute(id, challenger);
        // The operator has no proof of what it said, and may not prove something else.
        bytes memory proof = _proof(operator, id, SCORES);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInferenceMarket.OutputDiffers.selector,
                keccak256(abi.encode(SCORES + 1)),
                keccak256(abi.encode(SCORES))
            )
        );
        vm.prank(operator);
        market.prove(id, abi.encode(SCORES), proof);
        vm.expectRevert(abi.encodeWithSelector(IInferenceMarket.ProofRefused.selector, uint8(1)));
        vm.prank(operator);
        market.prove(id, abi.encode(SCORES + 1), proof);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInferenceMarket.DeadlineNotPassed.selector, id, block.timestamp + PROVE_WINDOW
            )
        );
        market.slash(id);
        _skip(PROVE_WINDOW + 1);
        market.slash(id);
        _assertEq(market.operatorOf(operator).stake, 1 ether - BOND, "the bond is gone");
        _assertEq(market.operatorOf(operator).locked, 0, "nothing is locked");
        _assertEq(market.balanceOf(challenger, ETHER), BOND / 2 + CHALLENGE_BOND, "half, and what it had put up");
        _assertEq(market.balanceOf(asker, ETHER), BOND / 2, "the other half");
        _assertEq(market.balanceOf(operator, ETHER), 0, "the liar earned nothing");
        _assertStatus(id, IInferenceMarket.Status.Open);
        IInferenceMarket.Request memory r = market.requestOf(id);
        _assertEq(r.operator, address(0), "operator");
        _assertEq(r.outputHash, bytes32(0), "output");
        // Another one answers it.
        _answerProved(id, stranger, SCORES);
        _assertTrue(market.isAccepted(id, abi.encode(SCORES)), "the right output");
    }

    function test_ARightAnswerOutlivesItsDisputeAndEarnsTheChallengersBond() public {
        uint64 id = _optimistic(1 ether, SCORES);
        _dispute(id, challenger);
        bytes memory proof = _proof(operator, id, SCORES);
        // Anyone may bring the proof that names the operator.
        vm.prank(stranger);
        market.prove(id, abi.encode(SCORES), proof);
        _assertStatus(id, IInferenceMarket.Status.Accepted);
        _assertEq(market.balanceOf(operator, ETHER), 0.7 ether + CHALLENGE_BOND, "fee and bond");
        _assertEq(market.balanceOf(challenger, ETHER), 0, "the challenger lost");
        _assertEq(market.freeStake(operator), 1 ether, "no slash without a fault");
    }

    function test_ADisputeComesInTimeOnceAndWithItsBond() public {
        uint64 id = _optimistic(1 ether, SCORES);
        vm.expectRevert(
            abi.encodeWithSelector(TokenTransfers.WrongValue.selector, CHALLENGE_BOND, CHALLENGE_BOND - 1)
        );
        vm.prank(challenger);
        market.dispute{value: CHALLENGE_BOND - 1}(id);
        _dispute(id, challenger);
        _expectStatus(id, IInferenceMarket.Status.Disputed);
        _dispute(id, asker);
        uint64 other = _optimistic(1 ether, SCORES);
        _skip(CHALLENGE_WINDOW + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceMarket.DeadlinePassed.selector, other, block.timestamp - 1)
        );
        _dispute(other, challenger);
    }

    function test_AProofAfterTheDeadlineDoesNotSave() public {
        uint64 id = _optimistic(1 ether, SCORES);
        _dispute(id, challenger);
        bytes memory proof = _proof(operator, id, SCORES);
        _skip(PROVE_WINDOW + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceMarket.DeadlinePassed.selector, id, block.timestamp - 1)
        );
        vm.prank(operator);
        market.prove(id, abi.encode(SCORES), proof);
    }

    function test_ALateAnswerIsSlashedAndTheRequestReopens() public {
        uint64 id = _ask(OPTIMISTIC, 1 ether);
        _take(id, operator);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInferenceMarket.DeadlineNotPassed.selector, id, block.timestamp + 10 minutes
            )
        );
        market.slash(id);
        _skip(10 minutes + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceMarket.DeadlinePassed.selector, id, block.timestamp - 1)
        );
        _answer(id, operator, SCORES);
        market.slash(id);
        _assertStatus(id, IInferenceMarket.Status.Open);
        _assertEq(market.operatorOf(operator).stake, 1 ether - BOND, "slashed");
        _assertEq(market.balanceOf(asker, ETHER), BOND, "the asker has the bond");
        _expectStatus(id, IInferenceMarket.Status.Open);
        market.slash(id);
    }

    function test_TakingALateRequestSlashesItsLastTakerFirst() public {
        uint64 id = _ask(OPTIMISTIC, 1 ether);
        _take(id, operator);
        vm.deal(stranger, 1 ether);
        _stake(stranger, 1 ether);
        _expectStatus(id, IInferenceMarket.Status.Taken);
        _take(id, stranger);
        _skip(10 minutes + 1);
        _take(id, stranger);
        _assertEq(market.operatorOf(operator).stake, 1 ether - BOND, "slashed");
        _assertEq(market.requestOf(id).operator, stranger, "taken over");
    }

    function test_AReopenedRequestHasAtLeastOneWindowLeft() public {
        uint64 id = _optimistic(1 ether, SCORES + 1);
        _dispute(id, challenger);
        _skip(2 days);
        market.slash(id);
        _assertEq(market.requestOf(id).deadline, block.timestamp + 10 minutes, "deadline");
        _take(id, operator);
    }

    function test_AnAskerCancelsAnOpenRequestAndGetsTheFeeBack() public {
        uint64 id = _ask(PROVED, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IInferenceMarket.NotTheAsker.selector, id, stranger));
        vm.prank(stranger);
        market.cancel(id);
        vm.prank(asker);
        market.cancel(id);
        _assertEq(market.balanceOf(asker, ETHER), 1 ether, "refunded");
        _expectStatus(id, IInferenceMarket.Status.Cancelled);
        vm.prank(asker);
        market.cancel(id);
        _expectStatus(id, IInferenceMarket.Status.Cancelled);
        _take(id, operator);
    }

    function test_AnyoneEndsARequestWhoseDeadlinePassed() public {
        uint64 id = _ask(PROVED, 1 ether);
        _skip(1 days + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceMarket.DeadlinePassed.selector, id, block.timestamp - 1)
        );
        _take(id, operator);
        vm.prank(stranger);
        market.cancel(id);
        _assertEq(market.balanceOf(asker, ETHER), 1 ether, "refunded to the asker");
    }

    function test_ATakenRequestCannotBeCancelledUnderItsOperator() public {
        uint64 id = _ask(PROVED, 1 ether);
        _take(id, operator);
        _expectStatus(id, IInferenceMarket.Status.Taken);
        vm.prank(asker);
        market.cancel(id);
    }

    function test_TakingNeedsFreeStakeForEachRequest() public {
        uint64 first = _ask(PROVED, 0);
        vm.deal(stranger, BOND);
        _stake(stranger, BOND);
        _take(first, stranger);
        uint64 second = _ask(PROVED, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceMarket.InsufficientStake.selector, stranger, 0, BOND)
        );
        _take(second, stranger);
        vm.expectRevert(abi.encodeWithSelector(IInferenceMarket.InsufficientStake.selector, stranger, 0, 1));
        vm.prank(stranger);
        market.unbond(1);
    }

    function test_StakeUnbondsWithADelayAndNeverWhileItIsAtRisk() public {
        uint64 id = _ask(PROVED, 0);
        _take(id, operator);
        vm.startPrank(operator);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInferenceMarket.InsufficientStake.selector, operator, 1 ether - BOND, 1 ether
            )
        );
        market.unbond(1 ether);
        market.unbond(0.5 ether);
        uint256 unbonded = block.timestamp + UNBONDING_DELAY;
        _skip(UNBONDING_DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(IInferenceMarket.StillUnbonding.selector, operator, unbonded));
        market.withdrawStake(operator);
        _skip(1);
        market.withdrawStake(operator);
        vm.expectRevert(IPullPayments.NothingToPay.selector);
        market.withdrawStake(operator);
        vm.stopPrank();
        _assertEq(operator.balance, 999.5 ether, "paid out");
    }

    function test_UnbondingOutlastsTheLongestDispute() public {
        MarketParameters.Config memory config = _config();
        config.unbondingDelay = MAX_WINDOW + CHALLENGE_WINDOW + PROVE_WINDOW;
        _assertEq(_deployMarket(config), address(0), "no market with so short a delay");
        ++config.unbondingDelay;
        _assertTrue(_deployMarket(config) != address(0), "a market with a longer one");
    }

    function test_MalformedRequestsAreRefused() public {
        IInferenceMarket.Ask memory request = _request(PROVED, 0);
        request.inputCommitment = 0;
        _expectInvalidAsk(request);
        request = _request(PROVED, 0);
        request.window = 0;
        _expectInvalidAsk(request);
        request.window = MAX_WINDOW + 1;
        _expectInvalidAsk(request);
        request = _request(PROVED, 0);
        request.deadline = uint40(block.timestamp - 1);
        _expectInvalidAsk(request);
        request = _request(PROVED, 0);
        request.bond = MIN_BOND - 1;
        vm.expectRevert(abi.encodeWithSelector(IInferenceMarket.BondTooSmall.selector, MIN_BOND - 1, MIN_BOND));
        market.ask(request);
        request = _request(PROVED, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(TokenTransfers.WrongValue.selector, 1 ether, 1));
        vm.prank(asker);
        market.ask{value: 1}(request);
        request = _request(PROVED, 0);
        request.modelId = _register(stranger);
        vm.expectRevert(abi.encodeWithSelector(IModelRoyalties.TermsNotSet.selector, request.modelId, 1));
        market.ask(request);
    }

    function test_ADeprecatedModelIsNotAskedButWhatWasTakenIsStillProved() public {
        uint64 id = _optimistic(1 ether, SCORES);
        vm.prank(owner);
        registry.deprecateModel(modelId);
        IInferenceMarket.Ask memory request = _request(PROVED, 0);
        vm.expectRevert(abi.encodeWithSelector(IInferenceMarket.ModelNotServed.selector, modelId, 1));
        market.ask(request);
        vm.deal(owner, 1 ether);
        // Attack: the model's owner disputes and deprecates, so that an honest operator could not prove.
        _dispute(id, owner);
        bytes memory proof = _proof(operator, id, SCORES);
        market.prove(id, abi.encode(SCORES), proof);
        _assertEq(market.freeStake(operator), 1 ether, "not slashed");
    }

    function test_ARequestStaysWithTheVersionItWasMadeFor() public {
        uint64 id = _ask(PROVED, 1 ether);
        vm.prank(owner);
        registry.updateModel(modelId, _other());
        _assertEq(market.requestOf(id).version, 1, "version");
        _answerProved(id, operator, SCORES);
        IInferenceMarket.Ask memory request = _request(PROVED, 0);
        // The new version has no verifier yet.
        vm.expectRevert(abi.encodeWithSelector(IInferenceMarket.ModelNotServed.selector, modelId, 2));
        market.ask(request);
    }

    function test_FrontRunningAProofIsUseless() public {
        uint64 id = _ask(PROVED, 1 ether);
        uint64 other = _ask(PROVED, 1 ether);
        bytes memory proof = _proof(operator, id, SCORES);
        // Copied by another sender.
        bytes memory refusal = abi.encodeWithSelector(IInferenceMarket.ProofRefused.selector, uint8(1));
        vm.expectRevert(refusal);
        vm.prank(stranger);
        market.answerProved(id, abi.encode(SCORES), proof);
        // Used for another request.
        vm.expectRevert(refusal);
        vm.prank(operator);
        market.answerProved(other, abi.encode(SCORES), proof);
        vm.prank(operator);
        market.answerProved(id, abi.encode(SCORES), proof);
    }

    function test_AProofForThisMarketIsWorthNothingElsewhere() public {
        uint64 id = _ask(PROVED, 1 ether);
        bytes memory proof = _proof(operator, id, SCORES);
        bytes memory refusal = abi.encodeWithSelector(IInferenceMarket.ProofRefused.selector, uint8(1));
        // On another chain with the same contracts.
        uint256 chain = block.chainid;
        vm.chainId(chain + 1);
        vm.expectRevert(refusal);
        vm.prank(operator);
        market.answerProved(id, abi.encode(SCORES), proof);
        vm.chainId(chain);
        // In another market on this chain, for the request with the same number.
        InferenceMarket other = InferenceMarket(_deployMarket(_config()));
        IInferenceMarket.Ask memory request = _request(PROVED, 0);
        while (other.requestCount() < id) {
            vm.prank(asker);
            other.ask(request);
        }
        vm.expectRevert(refusal);
        vm.prank(operator);
        other.answerProved(id, abi.encode(SCORES), proof);
        // As an attestation by the same account with the same number, and the other way round.
        vm.expectRevert(IERCZKMLVerifier.InvalidProof.selector);
        vm.prank(operator);
        attestations.attest(modelId, INPUT, id, abi.encode(SCORES), proof);
        proof = _proofFor(_contextFor(address(attestations), operator, id), SCORES);
        vm.expectRevert(refusal);
        vm.prank(operator);
        market.answerProved(id, abi.encode(SCORES), proof);
        vm.prank(operator);
        attestations.attest(modelId, INPUT, id, abi.encode(SCORES), proof);
    }

    function test_FrontRunningAnOptimisticAnswerIsUseless() public {
        uint64 id = _ask(OPTIMISTIC, 1 ether);
        _take(id, operator);
        vm.deal(stranger, 1 ether);
        _stake(stranger, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IInferenceMarket.NotTheOperator.selector, id, stranger));
        _answer(id, stranger, SCORES);
        bytes memory proof = _proof(stranger, id, SCORES);
        vm.expectRevert(abi.encodeWithSelector(IInferenceMarket.NotTheOperator.selector, id, stranger));
        vm.prank(stranger);
        market.answerProved(id, abi.encode(SCORES), proof);
    }

    function test_ALiarWhoDisputesItselfBeforeTheWatcherGetsNothingBack() public {
        address second = _account("the liar's second account");
        vm.deal(second, 1 ether);
        uint256 before = operator.balance + market.freeStake(operator) + second.balance;
        uint64 id = _optimistic(1 ether, SCORES + 1);
        // It sees the watcher's dispute on its way, and is first.
        _dispute(id, second);
        _expectStatus(id, IInferenceMarket.Status.Disputed);
        _dispute(id, challenger);
        _skip(PROVE_WINDOW + 1);
        market.slash(id);
        vm.prank(second);
        market.withdraw(ETHER, second);
        _assertEq(market.balanceOf(operator, ETHER), 0, "nothing for the liar");
        _assertEq(operator.balance + market.freeStake(operator) + second.balance, before - BOND, "the whole bond is lost");
        _assertEq(market.balanceOf(challenger, ETHER), BOND / 2, "the watcher is paid though another disputed");
        _assertEq(market.balanceOf(asker, ETHER), BOND / 2, "and so is the asker");
    }

    function test_WithoutAWatcherTheAskerGetsTheWholeBondWhoeverDisputed() public {
        IInferenceMarket.Ask memory request = _request(OPTIMISTIC, 0);
        request.watcher = address(0);
        vm.prank(asker);
        uint64 id = market.ask(request);
        _take(id, operator);
        _answer(id, operator, SCORES + 1);
        _dispute(id, challenger);
        _skip(PROVE_WINDOW + 1);
        market.slash(id);
        _assertEq(market.balanceOf(asker, ETHER), BOND, "all of it");
        _assertEq(market.balanceOf(challenger, ETHER), CHALLENGE_BOND, "what it had put up");
    }

    function test_AWatcherIsNotPaidForItsOwnLie() public {
        _stake(challenger, 1 ether);
        uint64 id = _ask(OPTIMISTIC, 0);
        _take(id, challenger);
        _answer(id, challenger, SCORES + 1);
        vm.deal(stranger, 1 ether);
        _dispute(id, stranger);
        _skip(PROVE_WINDOW + 1);
        market.slash(id);
        _assertEq(market.balanceOf(challenger, ETHER), 0, "nothing");
        _assertEq(market.balanceOf(asker, ETHER), BOND, "the asker has the bond");
    }

    function testFuzz_NobodyGainsByDisputingALie(uint96 bond, uint256 disputer, bool watched) public {
        bond = uint96(MIN_BOND + bond % (1 ether - MIN_BOND + 1));
        address[5] memory people = [owner, asker, operator, challenger, stranger];
        vm.deal(owner, 1 ether);
        vm.deal(stranger, 1 ether);
        IInferenceMarket.Ask memory request = _request(OPTIMISTIC, 0);
        request.bond = bond;
        request.watcher = watched ? challenger : address(0);
        vm.prank(asker);
        uint64 id = market.ask(request);
        _take(id, operator);
        _answer(id, operator, SCORES + 1);
        _dispute(id, people[disputer % 5]);
        _skip(PROVE_WINDOW + 1);
        market.slash(id);
        for (uint256 i = 0; i < 5; ++i) {
            uint256 expected = i == disputer % 5 ? CHALLENGE_BOND : 0;
            if (people[i] == asker) expected += watched ? bond - bond / 2 : bond;
            if (people[i] == challenger && watched) expected += bond / 2;
            _assertEq(market.balanceOf(people[i], ETHER), expected, "paid for being named before, not for disputing");
        }
        _assertEq(market.operatorOf(operator).stake, 1 ether - bond, "the liar lost its bond");
    }

    function test_GriefingByDisputingRightAnswersCostsTheChallengerItsBond() public {
        for (uint256 i = 0; i < 3; ++i) {
            uint64 id = _optimistic(0, SCORES);
            _dispute(id, challenger);
            bytes memory proof = _proof(operator, id, SCORES);
            market.prove(id, abi.encode(SCORES), proof);
        }
        _assertEq(challenger.balance, 1000 ether - 3 * CHALLENGE_BOND, "three bonds lost");
        _assertEq(market.balanceOf(operator, ETHER), 3 * CHALLENGE_BOND, "and earned");
    }

    function test_GriefingByTakingRequestsCostsTheTakerItsBond() public {
        uint64 id = _ask(PROVED, 1 ether);
        _take(id, operator);
        _skip(10 minutes + 1);
        // The asker gets away in one step, with the bond.
        vm.prank(asker);
        market.cancel(id);
        _assertEq(market.balanceOf(asker, ETHER), 1 ether + BOND, "fee and bond");
    }

    function test_AnAskerThatRefusesEtherHoldsUpNobody() public {
        RefusingAccount refuser = new RefusingAccount();
        vm.deal(address(refuser), 1 ether);
        IInferenceMarket.Ask memory request = _request(OPTIMISTIC, 1 ether);
        refuser.run(address(market), 1 ether, abi.encodeCall(market.ask, (request)));
        uint64 id = market.requestCount();
        _take(id, operator);
        _skip(10 minutes + 1);
        market.slash(id);
        _take(id, operator);
        _answer(id, operator, SCORES);
        _skip(CHALLENGE_WINDOW + 1);
        market.finalize(id);
        _assertEq(market.balanceOf(operator, ETHER), 0.7 ether, "paid");
        vm.expectRevert(
            abi.encodeWithSelector(TokenTransfers.PaymentFailed.selector, address(refuser), BOND)
        );
        refuser.run(address(market), 0, abi.encodeCall(market.withdraw, (ETHER, address(refuser))));
    }

    function test_ReentrancyIntoWithdrawPaysOnce() public {
        ReenteringAccount thief = new ReenteringAccount();
        _ask(PROVED, 50 ether);
        vm.deal(address(thief), 1 ether);
        thief.run(address(market), 1 ether, abi.encodeCall(market.ask, (_request(PROVED, 1 ether))));
        thief.run(address(market), 0, abi.encodeCall(market.cancel, (market.requestCount())));
        bytes memory withdrawal = abi.encodeCall(market.withdraw, (ETHER, address(thief)));
        thief.arm(address(market), withdrawal);
        thief.run(address(market), 0, withdrawal);
        _assertTrue(thief.tried() && !thief.succeeded(), "the second withdrawal was tried and refused");
        _assertEq(address(thief).balance, 1 ether, "paid once");
    }

    function test_ReentrancyIntoWithdrawStakePaysOnce() public {
        ReenteringAccount thief = new ReenteringAccount();
        vm.deal(address(thief), 1 ether);
        thief.run(address(market), 1 ether, abi.encodeCall(market.stake, ()));
        thief.run(address(market), 0, abi.encodeCall(market.unbond, (1 ether)));
        _skip(UNBONDING_DELAY);
        bytes memory withdrawal = abi.encodeCall(market.withdrawStake, (address(thief)));
        thief.arm(address(market), withdrawal);
        thief.run(address(market), 0, withdrawal);
        _assertTrue(thief.tried() && !thief.succeeded(), "tried and refused");
        _assertEq(address(thief).balance, 1 ether, "paid once");
    }

    function test_ReentrancyThroughATokenDoesNotCountAFeeTwice() public {
        // The token asks again from inside its own transfer, so that the inner fee would count in both measurements.
        CallingToken token = new CallingToken();
        token.mint(asker, 100);
        vm.prank(asker);
        token.approve(address(market), 100);
        IInferenceMarket.Ask memory request = _request(PROVED, 50);
        request.token = address(token);
        token.arm(address(market), abi.encodeCall(market.ask, (request)));
        vm.prank(asker);
        market.ask(request);
        _assertTrue(!token.reentered(), "the inner request was refused");
        _assertEq(market.requestCount(), prepared + 1, "requests");
        _assertEq(market.requestOf(prepared + 1).fee, 50, "fee");
    }

    function test_ATokenThatTaxesTransfersCountsWhatArrives() public {
        TaxedToken token = new TaxedToken();
        token.mint(asker, 1000);
        vm.prank(asker);
        token.approve(address(market), 1000);
        IInferenceMarket.Ask memory request = _request(PROVED, 1000);
        request.token = address(token);
        vm.prank(asker);
        uint64 id = market.ask(request);
        _assertEq(market.requestOf(id).fee, 990, "fee");
        vm.prank(asker);
        market.cancel(id);
        _assertEq(market.balanceOf(asker, address(token)), 990, "refund");
    }

    function test_AStoppedTokenHoldsUpItsOwnPaymentsOnly() public {
        StoppableToken token = new StoppableToken();
        token.mint(asker, 1000);
        vm.prank(asker);
        token.approve(address(market), 1000);
        IInferenceMarket.Ask memory request = _request(OPTIMISTIC, 1000);
        request.token = address(token);
        vm.prank(asker);
        uint64 id = market.ask(request);
        _take(id, operator);
        token.stop();
        // The operator is not made late by a token that fails.
        _answer(id, operator, SCORES);
        _skip(CHALLENGE_WINDOW + 1);
        market.finalize(id);
        _assertEq(market.balanceOf(operator, address(token)), 700, "credited");
        _assertEq(market.freeStake(operator), 1 ether, "free");
        uint64 inEther = _ask(PROVED, 1 ether);
        _answerProved(inEther, operator, SCORES);
        vm.prank(operator);
        market.withdraw(ETHER, operator);
        _assertEq(operator.balance, 1000 ether - 1 ether + 0.7 ether, "ether is paid");
    }

    function test_TheOwnersPartGoesToWhoOwnedTheModelWhenItWasEarned() public {
        _answerProved(_ask(PROVED, 1 ether), operator, SCORES);
        vm.prank(owner);
        registry.transferFrom(owner, stranger, modelId);
        _answerProved(_ask(PROVED, 2 ether), operator, SCORES);
        _assertEq(market.royaltiesOf(modelId, 1, ETHER, owner), 0.3 ether, "the seller's");
        _assertEq(market.royaltiesOf(modelId, 1, ETHER, stranger), 0.6 ether, "the buyer's");
    }

    function test_AModelThatNeedsALicenceIsAskedWithOneAndAUseComesBackWithTheRefund() public {
        vm.startPrank(owner);
        licences.setLicenceRequired(modelId, true);
        uint256 licenceId = licences.offer(_uses());
        vm.stopPrank();
        IInferenceMarket.Ask memory request = _request(PROVED, 0);
        request.licenceId = licenceId;
        vm.expectRevert(
            abi.encodeWithSelector(IModelLicences.NotLicensed.selector, modelId, asker, licenceId)
        );
        vm.prank(asker);
        market.ask(request);
        vm.startPrank(asker);
        licences.buy(licenceId, asker, 2);
        vm.expectRevert(abi.encodeWithSelector(IModelLicences.NotApproved.selector, asker, address(market)));
        market.ask(request);
        licences.setApprovalForAll(address(market), true);
        uint64 id = market.ask(request);
        _assertEq(licences.balanceOf(asker, licenceId), 1, "a use is spent");
        market.cancel(id);
        vm.stopPrank();
        _assertEq(licences.balanceOf(asker, licenceId), 2, "and given back");
    }

    function testFuzz_AFeeIsSplitToTheWei(uint128 fee, uint16 operatorBps) public {
        operatorBps = operatorBps % 10_001;
        uint256 id = _register(owner);
        IModelRoyalties.Terms memory terms;
        (terms.operatorBps, terms.ownerBps) = (operatorBps, 10_000 - operatorBps);
        _declare(id);
        vm.prank(owner);
        royalties.setTerms(id, 1, terms, _noParents(), _noGraph());
        IInferenceMarket.Ask memory request = _request(PROVED, fee);
        request.modelId = id;
        request.mode = OPTIMISTIC;
        vm.deal(asker, fee);
        vm.prank(asker);
        uint64 requestId = market.ask{value: fee}(request);
        _take(requestId, operator);
        _answer(requestId, operator, SCORES);
        _skip(CHALLENGE_WINDOW + 1);
        market.finalize(requestId);
        uint256 forOperator = market.balanceOf(operator, ETHER);
        _assertEq(forOperator, uint256(fee) * operatorBps / 10_000, "operator's part");
        _assertEq(forOperator + market.royaltiesOf(id, 1, ETHER, owner), fee, "both parts");
    }

    function testFuzz_NoMutatedProofIsAccepted(uint16 position, uint8 flip, uint256 scores) public {
        bytes memory proof = preparedProof;
        scores = scores % 4 == 0 ? SCORES : scores;
        if (scores == SCORES) proof[position % proof.length] ^= bytes1(flip == 0 ? 1 : flip);
        vm.expectRevert();
        vm.prank(operator);
        market.answerProved(prepared, abi.encode(scores), proof);
    }

    function _optimistic(uint128 fee, uint256 scores) private returns (uint64 id) {
        id = _ask(OPTIMISTIC, fee);
        _take(id, operator);
        _answer(id, operator, scores);
    }

    function _answerProved(uint64 id, address account, uint256 scores) private {
        bytes memory proof = _proof(account, id, scores);
        vm.prank(account);
        market.answerProved(id, abi.encode(scores), proof);
    }

    function _uses() private view returns (IModelLicences.Offer memory offer) {
        (offer.modelId, offer.kind) = (uint64(modelId), IModelLicences.LicenceKind.Uses);
    }

    function _expectInvalidAsk(IInferenceMarket.Ask memory request) private {
        vm.expectRevert(IInferenceMarket.InvalidAsk.selector);
        market.ask(request);
    }

    function _expectStatus(uint64 id, IInferenceMarket.Status status) private {
        vm.expectRevert(abi.encodeWithSelector(IInferenceMarket.WrongStatus.selector, id, status));
    }
}
