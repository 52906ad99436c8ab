// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IModelErrors} from "../../src/interfaces/IModelErrors.sol";
import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {IERCZKMLRegistry} from "../../src/interfaces/IERCZKMLRegistry.sol";
import {SaleRoyalty} from "../../src/ledger/SaleRoyalty.sol";
import {TokenTransfers} from "../../src/ledger/TokenTransfers.sol";
import {IModelRoyalties} from "../../src/ledger/interfaces/IModelRoyalties.sol";
import {IProvenanceLedger} from "../../src/ledger/interfaces/IProvenanceLedger.sol";
import {LedgerTest} from "./support/LedgerTest.sol";
import {PlainToken, TaxedToken} from "./support/Tokens.sol";
import {ReenteringAccount, RefusingAccount} from "./support/Wallets.sol";

/// @title Terms, shares that follow the provenance graph, and splitting to the last wei.
contract RoyaltiesTest is LedgerTest {
    uint256 private constant WHOLE = 1e18;
    address private alice = _account("alice");
    address private bob = _account("bob");
    address private payer = _account("payer");

    function setUp() public override {
        super.setUp();
        vm.deal(payer, 1_000_000 ether);
    }

    function test_SharesFollowParentsThroughTheGraph() public {
        IProvenanceLedger.Artifact[] memory graph = _line(modelId, owner, "");
        _setTerms(modelId, _terms(), graph);
        // Model 50 % itself; checkpoint passes all on; run keeps 50 %; data gets the rest.
        _assertEq(royalties.shareOf(modelId, 1, owner), WHOLE / 2, "owner's share as contributor");
        _assertEq(royalties.shareOf(modelId, 1, bob), WHOLE / 4, "trainer's share");
        _assertEq(royalties.shareOf(modelId, 1, alice), WHOLE / 4, "data's share");
    }

    function test_AFeeIsSplitByTheTermsAndWithdrawn() public {
        _setTerms(modelId, _terms(), _line(modelId, owner, ""));
        // 60 % was the operator's; of the other 40, owner 20, contributors 20.
        _pay(modelId, ETHER, 40 ether);
        _assertEq(royalties.balanceOf(owner, ETHER), 20 ether, "owner's part");
        _assertEq(royalties.poolReceived(modelId, 1, ETHER), 20 ether, "pool");
        royalties.claim(modelId, 1, ETHER, alice);
        _assertEq(royalties.balanceOf(alice, ETHER), 5 ether, "alice's quarter of the pool");
        vm.prank(alice);
        royalties.withdraw(ETHER, alice);
        _assertEq(alice.balance, 5 ether, "paid out");
        vm.expectRevert();
        royalties.claim(modelId, 1, ETHER, alice);
        vm.expectRevert();
        vm.prank(alice);
        royalties.withdraw(ETHER, alice);
    }

    function test_ADerivedModelPaysItsParentsShareOn() public {
        IModelRoyalties.Terms memory terms = _terms();
        terms.derivativeBps = 1000;
        IProvenanceLedger.Artifact[] memory graph = _line(modelId, owner, "");
        _setTerms(modelId, terms, graph);
        (uint256 derived, IProvenanceLedger.Artifact[] memory longer) = _derive(graph);

        // The graph shows the ancestor: its claim cannot be left out.
        vm.expectRevert(
            abi.encodeWithSelector(IModelRoyalties.ParentShareTooSmall.selector, modelId, 1, uint16(1000))
        );
        vm.prank(stranger);
        royalties.setTerms(derived, 1, _terms(), _noParents(), longer);
        _setTerms(derived, _derivedTerms(1000), _parents(modelId, 1000), longer);

        _pay(derived, ETHER, 40 ether);
        _assertEq(royalties.balanceOf(stranger, ETHER), 10 ether, "derived owner: 10 of 100");
        _assertEq(royalties.poolReceived(derived, 1, ETHER), 20 ether, "derived pool: 20 of 100");
        _assertEq(royalties.balanceOf(owner, ETHER), 5 ether, "parent's owner: half of 10 of 100");
        _assertEq(royalties.poolReceived(modelId, 1, ETHER), 5 ether, "parent's pool: the other half");
    }

    function test_AParentsClaimHoldsEvenIfNoGraphIsShown() public {
        IModelRoyalties.Terms memory terms = _plainTerms();
        terms.derivativeBps = 1000;
        _declare(modelId);
        vm.prank(owner);
        royalties.setTerms(modelId, 1, terms, _noParents(), _noGraph());
        uint256 derived = _register(stranger);
        _declare(derived);
        IModelRoyalties.Terms memory mean = _plainTerms();
        (mean.ownerBps, mean.parentsBps) = (2500, 500);
        IModelRoyalties.Parent[] memory parents = _parents(modelId, 500);
        vm.expectRevert(
            abi.encodeWithSelector(IModelRoyalties.ParentShareTooSmall.selector, modelId, 1, uint16(1000))
        );
        vm.prank(stranger);
        royalties.setTerms(derived, 1, mean, parents, _noGraph());
    }

    function test_ALineOfDerivationEndsAfterEightModels() public {
        _setPlainTerms(modelId);
        uint256 parent = modelId;
        for (uint256 i = 0; i < 9; ++i) {
            uint256 child = _register(owner);
            IModelRoyalties.Terms memory terms = _plainTerms();
            (terms.ownerBps, terms.parentsBps) = (1000, 2000);
            IModelRoyalties.Parent[] memory parents = _parents(parent, 2000);
            _declare(child);
            if (i == 8) vm.expectRevert(IModelRoyalties.DerivationTooDeep.selector);
            vm.prank(owner);
            royalties.setTerms(child, 1, terms, parents, _noGraph());
            if (i < 8) parent = child;
        }
        uint256 before = gasleft();
        _pay(parent, ETHER, 1 ether);
        _assertLe(before - gasleft(), 500_000, "gas of the longest line");
        _assertEq(royalties.balanceOf(owner, ETHER), 1 ether, "all of it arrived");
    }

    function test_TermsAreSetOnceByTheOwner() public {
        vm.expectRevert(abi.encodeWithSelector(IModelErrors.NotModelOwner.selector, modelId, stranger));
        vm.prank(stranger);
        royalties.setTerms(modelId, 1, _plainTerms(), _noParents(), _noGraph());
        _setPlainTerms(modelId);
        vm.expectRevert(abi.encodeWithSelector(IModelRoyalties.TermsAlreadySet.selector, modelId, 1));
        vm.prank(owner);
        royalties.setTerms(modelId, 1, _plainTerms(), _noParents(), _noGraph());
        vm.expectRevert(abi.encodeWithSelector(IModelErrors.ModelVersionNotFound.selector, modelId, 2));
        vm.prank(owner);
        royalties.setTerms(modelId, 2, _plainTerms(), _noParents(), _noGraph());
    }

    function test_TermsThatCannotBeKeptAreRefused() public {
        IModelRoyalties.Terms memory terms = _plainTerms();
        terms.ownerBps = 2999;
        _expectInvalidTerms(terms);
        terms = _plainTerms();
        terms.saleBps = 10_001;
        _expectInvalidTerms(terms);
        terms = _plainTerms();
        (terms.ownerBps, terms.parentsBps) = (2000, 1000);
        _expectInvalidTerms(terms);
        // A model version as its own parent.
        IModelRoyalties.Parent[] memory parents = _parents(modelId, 1000);
        vm.expectRevert(abi.encodeWithSelector(IModelRoyalties.TermsNotSet.selector, modelId, 1));
        vm.prank(owner);
        royalties.setTerms(modelId, 1, terms, parents, _noGraph());
        // A parent twice, or for nothing, or for another sum than said.
        uint256 other = _register(stranger);
        _setPlainTerms(other);
        parents = new IModelRoyalties.Parent[](2);
        (parents[0], parents[1]) =
            (IModelRoyalties.Parent(uint64(other), 1, 500), IModelRoyalties.Parent(uint64(other), 1, 500));
        vm.expectRevert(IModelRoyalties.InvalidTerms.selector);
        vm.prank(owner);
        royalties.setTerms(modelId, 1, terms, parents, _noGraph());
        parents = _parents(other, 0);
        vm.expectRevert(IModelRoyalties.InvalidTerms.selector);
        vm.prank(owner);
        royalties.setTerms(modelId, 1, terms, parents, _noGraph());
        parents = _parents(other, 999);
        vm.expectRevert(IModelRoyalties.InvalidTerms.selector);
        vm.prank(owner);
        royalties.setTerms(modelId, 1, terms, parents, _noGraph());
    }

    function test_NoAncestorCanBeLeftOutOfTheGraph() public {
        IProvenanceLedger.Artifact[] memory graph = _line(modelId, owner, "");
        IProvenanceLedger.Artifact[] memory cut = new IProvenanceLedger.Artifact[](3);
        (cut[0], cut[1], cut[2]) = (graph[0], graph[1], graph[2]);
        _expectGraphError(cut, abi.encodeWithSelector(IModelRoyalties.ParentMissing.selector, graph[2].parents[0]));
        // Nor listed before its child, nor added from outside, nor put at the root.
        (cut[1], cut[2]) = (graph[2], graph[1]);
        _expectGraphError(
            cut, abi.encodeWithSelector(IModelRoyalties.ArtifactUnreachable.selector, provenance.idOf(graph[2]))
        );
        IProvenanceLedger.Artifact[] memory spare = new IProvenanceLedger.Artifact[](5);
        (spare[0], spare[1], spare[2], spare[3]) = (graph[0], graph[1], graph[2], graph[3]);
        spare[4] = _artifact(IProvenanceLedger.Kind.DataSet, keccak256("spare"), _none(), 0, stranger);
        _expectGraphError(
            spare, abi.encodeWithSelector(IModelRoyalties.ArtifactUnreachable.selector, provenance.idOf(spare[4]))
        );
        (cut[0], cut[1], cut[2]) = (graph[1], graph[2], graph[3]);
        _expectGraphError(
            cut,
            abi.encodeWithSelector(
                IModelRoyalties.GraphRootMismatch.selector, provenance.idOf(graph[0]), provenance.idOf(graph[1])
            )
        );
        _expectGraphError(
            new IProvenanceLedger.Artifact[](0), abi.encodeWithSelector(IModelRoyalties.GraphTooLarge.selector, 0)
        );
    }

    function test_ContributorsAreFollowedForEightGenerations() public {
        // A chain of 12 artifacts, each of another contributor, each passing everything on.
        IProvenanceLedger.Artifact[] memory chain = new IProvenanceLedger.Artifact[](12);
        bytes32 id;
        for (uint256 left = 12; left > 0; --left) {
            uint256 i = left - 1;
            IProvenanceLedger.Kind kind = i == 0
                ? IProvenanceLedger.Kind.ModelVersion
                : i == 11 ? IProvenanceLedger.Kind.DataSet : IProvenanceLedger.Kind.Checkpoint;
            address contributor = i == 0 ? owner : address(uint160(1000 + i));
            chain[i] =
                _artifact(kind, keccak256(abi.encode(i)), i == 11 ? _none() : _one(id), i == 11 ? 0 : 10_000, contributor);
            id = _record(chain[i]);
        }
        vm.prank(owner);
        provenance.linkModelVersion(modelId, 1, chain[0], chain[1], _noLeaf(), _none());
        IProvenanceLedger.Artifact[] memory shown = new IProvenanceLedger.Artifact[](9);
        for (uint256 i = 0; i < 9; ++i) {
            shown[i] = chain[i];
        }
        // Who has claims beyond is to be shown too, though nobody there has a share.
        _expectGraphError(
            shown, abi.encodeWithSelector(IModelRoyalties.LineageTooDeep.selector, provenance.idOf(chain[8]))
        );
        _setTerms(modelId, _terms(), chain);
        _assertEq(royalties.shareOf(modelId, 1, address(uint160(1009))), 0, "the ninth has none");
        _assertEq(royalties.shareOf(modelId, 1, address(uint160(1008))), WHOLE, "the eighth generation takes all");
    }

    function test_DiamondsInTheGraphAddUp() public {
        // Two data sets of alice and bob; one run on both; a checkpoint; the model: and alice's data a parent twice over.
        bytes32 a = _record(_artifact(IProvenanceLedger.Kind.DataSet, "a", _none(), 0, alice));
        IProvenanceLedger.Artifact memory data = _artifact(IProvenanceLedger.Kind.DataSet, "a", _none(), 0, alice);
        IProvenanceLedger.Artifact memory cleaned =
            _artifact(IProvenanceLedger.Kind.DataSet, "b", _one(a), 5000, bob);
        bytes32 b = _record(cleaned);
        bytes32[] memory both = new bytes32[](2);
        (both[0], both[1]) = (a, b);
        IProvenanceLedger.Artifact memory checkpoint =
            _artifact(IProvenanceLedger.Kind.Checkpoint, "c", both, 8000, challenger);
        IProvenanceLedger.Artifact memory model =
            _artifact(IProvenanceLedger.Kind.ModelVersion, "m", _one(_record(checkpoint)), 10_000, owner);
        _record(model);
        vm.prank(owner);
        provenance.linkModelVersion(modelId, 1, model, checkpoint, _noLeaf(), _none());
        IProvenanceLedger.Artifact[] memory graph = new IProvenanceLedger.Artifact[](4);
        (graph[0], graph[1], graph[2], graph[3]) = (model, checkpoint, cleaned, data);
        _setTerms(modelId, _terms(), graph);
        _assertEq(royalties.shareOf(modelId, 1, challenger), 0.2e18, "the checkpoint keeps a fifth");
        _assertEq(royalties.shareOf(modelId, 1, bob), 0.2e18, "half of two fifths");
        _assertEq(royalties.shareOf(modelId, 1, alice), 0.6e18, "two fifths and the other half");
    }

    function test_SaleRoyaltiesReachContributorsAndTheCreatorNotTheBuyer() public {
        _setTerms(modelId, _terms(), _line(modelId, owner, ""));
        (address receiver, uint256 amount) = registry.royaltyInfo(modelId, 100 ether);
        _assertEq(amount, 0, "nobody is asked yet");
        vm.expectRevert(abi.encodeWithSelector(IModelErrors.NotModelOwner.selector, modelId, stranger));
        vm.prank(stranger);
        registry.setRoyaltyPolicy(modelId, IERC2981(address(royalties)));
        vm.prank(owner);
        registry.setRoyaltyPolicy(modelId, IERC2981(address(royalties)));
        _assertTrue(registry.supportsInterface(0x2a55205a), "ERC-2981");
        (receiver, amount) = registry.royaltyInfo(modelId, 100 ether);
        _assertEq(amount, 5 ether, "5 % of the price");
        // Money may come before the receiver is deployed.
        vm.prank(payer);
        (bool sent,) = receiver.call{value: amount}("");
        _assertTrue(sent, "the receiver takes ether");
        vm.prank(owner);
        registry.transferFrom(owner, stranger, modelId);
        _assertEq(royalties.deploySaleReceiver(modelId), receiver, "receiver");
        _assertEq(royalties.deploySaleReceiver(modelId), receiver, "receiver, asked for twice");
        SaleRoyalty(payable(receiver)).forward(ETHER);
        _assertEq(royalties.balanceOf(owner, ETHER), 2.5 ether, "the creator's half");
        _assertEq(royalties.balanceOf(stranger, ETHER), 0, "the buyer's part");
        _assertEq(royalties.claimable(modelId, 1, ETHER, alice), 0.625 ether, "alice's quarter of the other half");
        PlainToken token = new PlainToken();
        token.mint(receiver, 8);
        SaleRoyalty(payable(receiver)).forward(address(token));
        _assertEq(royalties.balanceOf(owner, address(token)), 4, "tokens likewise");
        vm.expectRevert(SaleRoyalty.NothingToForward.selector);
        SaleRoyalty(payable(receiver)).forward(ETHER);
    }

    function test_ATokenThatTaxesTransfersIsCreditedWithWhatArrives() public {
        _setTerms(modelId, _terms(), _line(modelId, owner, ""));
        TaxedToken token = new TaxedToken();
        token.mint(payer, 10_000);
        vm.prank(payer);
        token.approve(address(royalties), 10_000);
        vm.prank(payer);
        royalties.distribute(modelId, 1, address(token), owner, 10_000);
        _assertEq(royalties.balanceOf(owner, address(token)), 4950, "owner's half of 9,900");
        _assertEq(royalties.poolReceived(modelId, 1, address(token)), 4950, "pool's half");
    }

    function test_EtherSentBesideATokenIsRefused() public {
        _setPlainTerms(modelId);
        PlainToken token = new PlainToken();
        vm.expectRevert(abi.encodeWithSelector(TokenTransfers.WrongValue.selector, 0, 1));
        vm.prank(payer);
        royalties.distribute{value: 1}(modelId, 1, address(token), owner, 5);
        vm.expectRevert(abi.encodeWithSelector(TokenTransfers.WrongValue.selector, 5, 4));
        vm.prank(payer);
        royalties.distribute{value: 4}(modelId, 1, ETHER, owner, 5);
    }

    function test_ReentrancyIntoWithdrawPaysOnce() public {
        _setPlainTerms(modelId);
        ReenteringAccount thief = new ReenteringAccount();
        vm.prank(payer);
        royalties.distribute{value: 10 ether}(modelId, 1, ETHER, owner, 10 ether);
        vm.prank(payer);
        royalties.distribute{value: 1 ether}(modelId, 1, ETHER, address(thief), 1 ether);
        bytes memory withdrawal = abi.encodeCall(royalties.withdraw, (ETHER, address(thief)));
        thief.arm(address(royalties), withdrawal);
        thief.run(address(royalties), 0, withdrawal);
        _assertTrue(thief.tried() && !thief.succeeded(), "the second withdrawal was tried and refused");
        _assertEq(address(thief).balance, 1 ether, "paid once");
        _assertEq(address(royalties).balance, 10 ether, "the others' money is there");
    }

    function test_AHolderThatRefusesEtherHoldsUpNobody() public {
        RefusingAccount refuser = new RefusingAccount();
        _setPlainTerms(modelId);
        vm.prank(payer);
        royalties.distribute{value: 1 ether}(modelId, 1, ETHER, address(refuser), 1 ether);
        vm.expectRevert(
            abi.encodeWithSelector(TokenTransfers.PaymentFailed.selector, address(refuser), uint256(1 ether))
        );
        refuser.run(address(royalties), 0, abi.encodeCall(royalties.withdraw, (ETHER, address(refuser))));
        // It can still send its money elsewhere.
        refuser.run(address(royalties), 0, abi.encodeCall(royalties.withdraw, (ETHER, stranger)));
        _assertEq(stranger.balance, 1 ether, "paid elsewhere");
    }

    /// Rounding attack: many payments of one wei, each claimed at once, against one payment of the sum.
    function test_ClaimingAfterEveryWeiGainsNothing() public {
        _setTerms(modelId, _terms(), _line(modelId, owner, ""));
        for (uint256 i = 0; i < 100; ++i) {
            _pay(modelId, ETHER, 2);
            if (royalties.claimable(modelId, 1, ETHER, alice) > 0) royalties.claim(modelId, 1, ETHER, alice);
        }
        _assertEq(royalties.balanceOf(alice, ETHER), 25, "a quarter of the pool's 100 wei, no more and no less");
    }

    function testFuzz_EverySplitAddsUpToTheWeiAndNobodyGetsMoreThanTheirs(
        uint96[4] calldata payments,
        uint16[3] calldata cuts,
        uint32[3] calldata weights,
        uint16[2] calldata passedOn
    ) public {
        IModelRoyalties.Terms memory terms;
        terms.operatorBps = cuts[0] % 10_001;
        terms.ownerBps = uint16(cuts[1] % (10_001 - terms.operatorBps));
        terms.contributorsBps = 10_000 - terms.operatorBps - terms.ownerBps;
        IProvenanceLedger.Artifact[] memory graph = _weightedLine(weights, passedOn);
        _setTerms(modelId, terms, graph);
        uint256 shares = royalties.shareOf(modelId, 1, owner) + royalties.shareOf(modelId, 1, alice)
            + royalties.shareOf(modelId, 1, bob);
        _assertEq(shares, WHOLE, "the shares add up to the whole");

        uint256 paid = 0;
        for (uint256 i = 0; i < 4; ++i) {
            if (payments[i] == 0) continue;
            vm.deal(payer, payments[i]);
            _pay(modelId, ETHER, payments[i]);
            paid += payments[i];
            address claimer = i % 2 == 0 ? alice : bob;
            if (royalties.claimable(modelId, 1, ETHER, claimer) > 0) royalties.claim(modelId, 1, ETHER, claimer);
        }
        uint256 pool = royalties.poolReceived(modelId, 1, ETHER);
        uint256 due = 0;
        address[3] memory people = [owner, alice, bob];
        for (uint256 i = 0; i < 3; ++i) {
            uint256 claimable = royalties.claimable(modelId, 1, ETHER, people[i]);
            if (claimable > 0) royalties.claim(modelId, 1, ETHER, people[i]);
            due += pool * royalties.shareOf(modelId, 1, people[i]) / WHOLE;
        }
        uint256 balances =
            royalties.balanceOf(owner, ETHER) + royalties.balanceOf(alice, ETHER) + royalties.balanceOf(bob, ETHER);
        uint256 dust = pool - due;
        _assertLe(dust, 2, "dust");
        _assertEq(balances + dust, paid, "what was paid in");
        _assertEq(address(royalties).balance, paid, "what is there");
    }

    function _weightedLine(uint32[3] calldata weights, uint16[2] calldata passedOn)
        private
        returns (IProvenanceLedger.Artifact[] memory graph)
    {
        graph = new IProvenanceLedger.Artifact[](3);
        graph[2] = _artifact(IProvenanceLedger.Kind.DataSet, "data", _none(), 0, alice);
        graph[2].contributors = new IProvenanceLedger.Contributor[](2);
        graph[2].contributors[0] = IProvenanceLedger.Contributor(alice, weights[0]);
        graph[2].contributors[1] = IProvenanceLedger.Contributor(bob, weights[1]);
        bytes[] memory signatures = new bytes[](2);
        bytes32 id = provenance.idOf(graph[2]);
        (signatures[0], signatures[1]) = (_sign("alice", id), _sign("bob", id));
        provenance.record(graph[2], signatures);
        graph[1] =
            _artifact(IProvenanceLedger.Kind.Checkpoint, "checkpoint", _one(id), passedOn[0] % 10_001, bob);
        graph[1].contributors[0].weight = weights[2];
        graph[0] = _artifact(
            IProvenanceLedger.Kind.ModelVersion, "model", _one(_record(graph[1])), passedOn[1] % 10_001, owner
        );
        _record(graph[0]);
        vm.prank(owner);
        provenance.linkModelVersion(modelId, 1, graph[0], graph[1], _noLeaf(), _none());
    }

    /// Data (alice) ← run (bob) ← checkpoint (bob) ← model; linked to `id`.
    function _line(uint256 id, address modelOwner, string memory salt)
        private
        returns (IProvenanceLedger.Artifact[] memory graph)
    {
        graph = new IProvenanceLedger.Artifact[](4);
        graph[3] = _artifact(IProvenanceLedger.Kind.DataSet, keccak256(bytes(salt)), _none(), 0, alice);
        graph[2] = _artifact(IProvenanceLedger.Kind.TrainingRun, "run", _one(_record(graph[3])), 5000, bob);
        graph[1] = _artifact(IProvenanceLedger.Kind.Checkpoint, "weights", _one(_record(graph[2])), 10_000, bob);
        graph[0] = _artifact(IProvenanceLedger.Kind.ModelVersion, "onnx", _one(_record(graph[1])), 5000, modelOwner);
        _record(graph[0]);
        vm.prank(modelOwner);
        provenance.linkModelVersion(id, 1, graph[0], graph[1], _noLeaf(), _none());
    }

    /// A fine-tune by `stranger` of the model at the head of `graph`.
    function _derive(IProvenanceLedger.Artifact[] memory graph)
        private
        returns (uint256 derived, IProvenanceLedger.Artifact[] memory longer)
    {
        derived = _register(stranger);
        longer = new IProvenanceLedger.Artifact[](6);
        longer[1] = _artifact(
            IProvenanceLedger.Kind.Checkpoint, "tuned", _one(provenance.idOf(graph[0])), 5000, stranger
        );
        longer[0] =
            _artifact(IProvenanceLedger.Kind.ModelVersion, "tuned onnx", _one(_record(longer[1])), 5000, stranger);
        _record(longer[0]);
        vm.prank(stranger);
        provenance.linkModelVersion(derived, 1, longer[0], longer[1], _noLeaf(), _none());
        for (uint256 i = 0; i < 4; ++i) {
            longer[2 + i] = graph[i];
        }
    }

    function _terms() private pure returns (IModelRoyalties.Terms memory terms) {
        (terms.operatorBps, terms.ownerBps, terms.contributorsBps, terms.saleBps) = (6000, 2000, 2000, 500);
    }

    function _derivedTerms(uint16 parentsBps) private pure returns (IModelRoyalties.Terms memory terms) {
        (terms.operatorBps, terms.ownerBps, terms.contributorsBps) = (6000, 2000 - parentsBps, 2000);
        terms.parentsBps = parentsBps;
    }

    function _setTerms(
        uint256 id,
        IModelRoyalties.Terms memory terms,
        IProvenanceLedger.Artifact[] memory graph
    ) private {
        address modelOwner = registry.ownerOf(id);
        vm.prank(modelOwner);
        royalties.setTerms(id, 1, terms, _noParents(), graph);
    }

    function _setTerms(
        uint256 id,
        IModelRoyalties.Terms memory terms,
        IModelRoyalties.Parent[] memory parents,
        IProvenanceLedger.Artifact[] memory graph
    ) private {
        address modelOwner = registry.ownerOf(id);
        vm.prank(modelOwner);
        royalties.setTerms(id, 1, terms, parents, graph);
    }

    function _pay(uint256 id, address token, uint256 amount) private {
        address holder = registry.ownerOf(id);
        vm.prank(payer);
        royalties.distribute{value: amount}(id, 1, token, holder, amount);
    }

    function _expectInvalidTerms(IModelRoyalties.Terms memory terms) private {
        vm.expectRevert(IModelRoyalties.InvalidTerms.selector);
        vm.prank(owner);
        royalties.setTerms(modelId, 1, terms, _noParents(), _noGraph());
    }

    function _expectGraphError(IProvenanceLedger.Artifact[] memory graph, bytes memory data) private {
        vm.expectRevert(data);
        vm.prank(owner);
        royalties.setTerms(modelId, 1, _terms(), _noParents(), graph);
    }
}
