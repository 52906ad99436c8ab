// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IModelErrors} from "../../src/interfaces/IModelErrors.sol";
import {IModelRoyalties} from "../../src/ledger/interfaces/IModelRoyalties.sol";
import {IProvenanceLedger} from "../../src/ledger/interfaces/IProvenanceLedger.sol";
import {LedgerTest} from "./support/LedgerTest.sol";

/// @title A model that claims a tenth of what its descendants earn, and owners of descendants who would rather keep it.
contract RoyaltyEvasionsTest is LedgerTest {
    uint16 private constant CLAIM = 1000;
    address private alice = _account("alice");
    /// ABI encoding of `_ancestry()`.
    bytes private ancestry;
    /// The evader's model, and artifacts of others that the evader recorded.
    uint256 private evading;

    function setUp() public override {
        super.setUp();
        IProvenanceLedger.Artifact[] memory made = new IProvenanceLedger.Artifact[](3);
        made[2] = _artifact(IProvenanceLedger.Kind.DataSet, "data", _none(), 0, owner);
        made[1] = _artifact(IProvenanceLedger.Kind.Checkpoint, "weights", _one(_record(made[2])), 5000, owner);
        made[0] = _artifact(IProvenanceLedger.Kind.ModelVersion, "onnx", _one(_record(made[1])), 5000, owner);
        _record(made[0]);
        vm.prank(owner);
        provenance.linkModelVersion(modelId, 1, made[0], made[1], _noLeaf(), _none());
        IModelRoyalties.Terms memory terms = _plainTerms();
        terms.derivativeBps = CLAIM;
        vm.prank(owner);
        royalties.setTerms(modelId, 1, terms, _noParents(), made);
        ancestry = abi.encode(made);
        evading = _register(stranger);
    }

    function test_AnOwnDummyListedFirstDoesNotStandInForTheAncestor() public {
        (uint256 dummy, IProvenanceLedger.Artifact[] memory own) = _dummy("dummy", 1);
        // The evader's model descends from the dummy, which asks for next to nothing, and from the claimant.
        bytes32[] memory parents = new bytes32[](2);
        (parents[0], parents[1]) = (provenance.idOf(own[0]), provenance.idOf(_ancestry()[0]));
        IProvenanceLedger.Artifact[] memory graph = _model("derived", parents, 5 + own.length);
        _append(graph, 2, own);
        _append(graph, 2 + own.length, _ancestry());
        _refused(_sharing(1), _parents(dummy, 1), graph);
        // Not even with the claimant as a parent of the dummy, which hands on a tenth of next to nothing.
        _refused(_sharing(0), _noParents(), graph);
        _accepted(_sharing(CLAIM), _parents(modelId, CLAIM), graph);
        _paysTheClaimant();
    }

    function test_ManyDummiesInBetweenDiluteNothing() public {
        uint256 previous = modelId;
        IProvenanceLedger.Artifact[] memory lineage = _ancestry();
        for (uint256 n = 0; n < 3; ++n) {
            uint256 id = _register(stranger);
            IProvenanceLedger.Artifact[] memory graph =
                _linked(id, string(abi.encodePacked("dummy", n)), _one(provenance.idOf(lineage[0])), lineage);
            IModelRoyalties.Terms memory terms = _sharing(CLAIM);
            terms.derivativeBps = 1;
            IModelRoyalties.Parent[] memory parents = _parents(previous, CLAIM);
            if (n > 0) {
                // A dummy's tenth of a tenth is not the claimant's tenth.
                vm.expectRevert(_tooSmall());
                vm.prank(stranger);
                royalties.setTerms(id, 1, terms, parents, graph);
                parents = new IModelRoyalties.Parent[](2);
                parents[0] = IModelRoyalties.Parent(uint64(previous), 1, 100);
                parents[1] = IModelRoyalties.Parent(uint64(modelId), 1, CLAIM);
                terms = _sharing(CLAIM + 100);
                terms.derivativeBps = 1;
            }
            vm.prank(stranger);
            royalties.setTerms(id, 1, terms, parents, graph);
            (previous, lineage) = (id, graph);
        }
        (uint256 last, IProvenanceLedger.Artifact[] memory all) = (previous, lineage);
        IProvenanceLedger.Artifact[] memory shown =
            _linked(evading, "derived", _one(provenance.idOf(all[0])), all);
        _refused(_sharing(1), _parents(last, 1), shown);
        _refused(_sharing(CLAIM), _parents(last, CLAIM), shown);
        _accepted(_sharing(CLAIM), _parents(modelId, CLAIM), shown);
        _paysTheClaimant();
    }

    function test_ALineageCannotBeLinkedOnceTermsAreSet() public {
        IProvenanceLedger.Artifact[] memory graph = _model("derived", _one(provenance.idOf(_ancestry()[0])), 5);
        _append(graph, 2, _ancestry());
        // Before a link, terms need the word that there will be none.
        vm.expectRevert(abi.encodeWithSelector(IModelRoyalties.LineageUndeclared.selector, evading, 1));
        vm.prank(stranger);
        royalties.setTerms(evading, 1, _plainTerms(), _noParents(), _noGraph());
        vm.expectRevert(abi.encodeWithSelector(IModelErrors.NotModelOwner.selector, evading, owner));
        vm.prank(owner);
        provenance.declareWithoutLineage(evading, 1);
        _setPlainTerms(evading);
        _assertTrue(provenance.isWithoutLineage(evading, 1), "declared");
        vm.expectRevert(abi.encodeWithSelector(IProvenanceLedger.DeclaredWithoutLineage.selector, evading, 1));
        vm.prank(stranger);
        provenance.linkModelVersion(evading, 1, graph[0], graph[1], _noLeaf(), _none());
        // Nor is the word given where there is a link.
        vm.expectRevert(abi.encodeWithSelector(IProvenanceLedger.ModelVersionAlreadyLinked.selector, modelId, 1));
        vm.prank(owner);
        provenance.declareWithoutLineage(modelId, 1);
    }

    function test_BuildingOnTheCheckpointIsBuildingOnTheModel() public {
        IProvenanceLedger.Artifact[] memory graph = _model("derived", _one(provenance.idOf(_ancestry()[1])), 4);
        (graph[2], graph[3]) = (_ancestry()[1], _ancestry()[2]);
        vm.prank(stranger);
        provenance.linkModelVersion(evading, 1, graph[0], graph[1], _noLeaf(), _none());
        _refusedLinked(_plainTerms(), _noParents(), graph);
        // Linking an own model to the checkpoint of others claims nothing from them: the tag is the contributors'.
        _assertEq(provenance.headerOf(provenance.idOf(_ancestry()[1])).modelId, modelId, "the checkpoint's model");
        vm.prank(stranger);
        royalties.setTerms(evading, 1, _sharing(CLAIM), _parents(modelId, CLAIM), graph);
        _paysTheClaimant();
    }

    function test_AStrangersLinkDoesNotMakeACheckpointTheStrangers() public {
        // A checkpoint of alice's that no model of hers was linked to.
        IProvenanceLedger.Artifact memory weights =
            _artifact(IProvenanceLedger.Kind.Checkpoint, "alice's", _one(provenance.idOf(_ancestry()[2])), 0, alice);
        bytes32 id = _record(weights);
        IProvenanceLedger.Artifact memory model =
            _artifact(IProvenanceLedger.Kind.ModelVersion, "taken", _one(id), 0, stranger);
        _record(model);
        vm.prank(stranger);
        provenance.linkModelVersion(evading, 1, model, weights, _noLeaf(), _none());
        _assertEq(provenance.headerOf(id).modelId, 0, "still nobody's");
        _assertEq(provenance.headerOf(provenance.idOf(model)).modelId, evading, "the model is linked");
    }

    function test_GenerationsOfFillersHideNobody() public {
        IProvenanceLedger.Artifact[] memory graph = new IProvenanceLedger.Artifact[](13);
        bytes32 below = provenance.idOf(_ancestry()[0]);
        for (uint256 left = 10; left > 0; --left) {
            uint256 i = left - 1;
            graph[i] = _artifact(
                i == 0 ? IProvenanceLedger.Kind.ModelVersion : IProvenanceLedger.Kind.Checkpoint,
                keccak256(abi.encode("filler", i)),
                _one(below),
                5000,
                stranger
            );
            below = _record(graph[i]);
        }
        _append(graph, 10, _ancestry());
        vm.prank(stranger);
        provenance.linkModelVersion(evading, 1, graph[0], graph[1], _noLeaf(), _none());
        IProvenanceLedger.Artifact[] memory cut = new IProvenanceLedger.Artifact[](9);
        for (uint256 i = 0; i < 9; ++i) {
            cut[i] = graph[i];
        }
        vm.expectRevert(abi.encodeWithSelector(IModelRoyalties.LineageTooDeep.selector, provenance.idOf(graph[8])));
        vm.prank(stranger);
        royalties.setTerms(evading, 1, _plainTerms(), _noParents(), cut);
        _refusedLinked(_plainTerms(), _noParents(), graph);
        vm.prank(stranger);
        royalties.setTerms(evading, 1, _sharing(CLAIM), _parents(modelId, CLAIM), graph);
        _paysTheClaimant();
    }

    function test_AModelWithTermsAtTheEndOfTheGraphHandsItsClaimsOn() public {
        uint256 middle = _register(stranger);
        IProvenanceLedger.Artifact[] memory lineage =
            _linked(middle, "middle", _one(provenance.idOf(_ancestry()[0])), _ancestry());
        vm.prank(stranger);
        royalties.setTerms(middle, 1, _sharing(CLAIM), _parents(modelId, CLAIM), lineage);
        // Seven fillers, then the model in the middle as the ninth generation: no more is shown, and none of it forgotten.
        IProvenanceLedger.Artifact[] memory graph = new IProvenanceLedger.Artifact[](9);
        graph[8] = lineage[0];
        bytes32 below = provenance.idOf(lineage[0]);
        for (uint256 left = 8; left > 0; --left) {
            uint256 i = left - 1;
            graph[i] = _artifact(
                i == 0 ? IProvenanceLedger.Kind.ModelVersion : IProvenanceLedger.Kind.Checkpoint,
                keccak256(abi.encode("filler", i)),
                _one(below),
                5000,
                stranger
            );
            below = _record(graph[i]);
        }
        vm.prank(stranger);
        provenance.linkModelVersion(evading, 1, graph[0], graph[1], _noLeaf(), _none());
        _refusedLinked(_plainTerms(), _noParents(), graph);
        vm.prank(stranger);
        royalties.setTerms(evading, 1, _sharing(CLAIM), _parents(modelId, CLAIM), graph);
        _assertEq(royalties.claimsOn(evading, 1)[0].modelId, modelId, "the claim is on it too");
        _paysTheClaimant();
    }

    function test_AnotherVersionWithoutLineageDoesNotTakeTheIncome() public {
        IProvenanceLedger.Artifact[] memory graph =
            _linked(evading, "derived", _one(provenance.idOf(_ancestry()[0])), _ancestry());
        vm.prank(stranger);
        royalties.setTerms(evading, 1, _sharing(CLAIM), _parents(modelId, CLAIM), graph);
        // Licences and sales pay by the latest version.
        vm.startPrank(stranger);
        registry.updateModel(evading, _other());
        provenance.declareWithoutLineage(evading, 2);
        vm.expectRevert(_tooSmall());
        royalties.setTerms(evading, 2, _plainTerms(), _noParents(), _noGraph());
        royalties.setTerms(evading, 2, _sharing(CLAIM), _parents(modelId, CLAIM), _noGraph());
        // The other way round: first the version that pays nobody.
        uint256 another = registry.registerModel(_commitment());
        registry.updateModel(another, _other());
        provenance.declareWithoutLineage(another, 1);
        provenance.declareWithoutLineage(another, 2);
        royalties.setTerms(another, 2, _plainTerms(), _noParents(), _noGraph());
        vm.expectRevert(abi.encodeWithSelector(IModelRoyalties.TermsOutOfOrder.selector, another, 2));
        royalties.setTerms(another, 1, _sharing(CLAIM), _parents(modelId, CLAIM), _noGraph());
        vm.stopPrank();
    }

    function test_ADeclaredParentsOwnClaimantsArePaidWithoutAGraph() public {
        uint256 middle = _register(alice);
        IProvenanceLedger.Artifact[] memory lineage = new IProvenanceLedger.Artifact[](5);
        lineage[1] =
            _artifact(IProvenanceLedger.Kind.Checkpoint, "hers", _one(provenance.idOf(_ancestry()[0])), 5000, alice);
        lineage[0] = _artifact(IProvenanceLedger.Kind.ModelVersion, "her onnx", _one(_record(lineage[1])), 5000, alice);
        _record(lineage[0]);
        _append(lineage, 2, _ancestry());
        vm.prank(alice);
        provenance.linkModelVersion(middle, 1, lineage[0], lineage[1], _noLeaf(), _none());
        vm.prank(alice);
        royalties.setTerms(middle, 1, _sharing(CLAIM), _parents(modelId, CLAIM), lineage);
        _declare(evading);
        vm.expectRevert(_tooSmall());
        vm.prank(stranger);
        royalties.setTerms(evading, 1, _sharing(CLAIM), _parents(middle, CLAIM), _noGraph());
    }

    function test_TwoClaimantsAreBothPaid() public {
        uint256 second = _register(alice);
        IProvenanceLedger.Artifact[] memory hers = new IProvenanceLedger.Artifact[](2);
        hers[1] = _artifact(IProvenanceLedger.Kind.Checkpoint, "hers", _one(provenance.idOf(_ancestry()[2])), 0, alice);
        hers[0] = _artifact(IProvenanceLedger.Kind.ModelVersion, "her onnx", _one(_record(hers[1])), 0, alice);
        _record(hers[0]);
        vm.prank(alice);
        provenance.linkModelVersion(second, 1, hers[0], hers[1], _noLeaf(), _none());
        IModelRoyalties.Terms memory terms = _plainTerms();
        terms.derivativeBps = 500;
        IProvenanceLedger.Artifact[] memory herGraph = new IProvenanceLedger.Artifact[](3);
        (herGraph[0], herGraph[1], herGraph[2]) = (hers[0], hers[1], _ancestry()[2]);
        vm.prank(alice);
        royalties.setTerms(second, 1, terms, _noParents(), herGraph);
        // A merge of both.
        bytes32[] memory parents = new bytes32[](2);
        (parents[0], parents[1]) = (provenance.idOf(_ancestry()[0]), provenance.idOf(hers[0]));
        IProvenanceLedger.Artifact[] memory graph = _model("merged", parents, 7);
        (graph[2], graph[3], graph[4], graph[5], graph[6]) = (hers[0], hers[1], _ancestry()[0], _ancestry()[1], _ancestry()[2]);
        vm.prank(stranger);
        provenance.linkModelVersion(evading, 1, graph[0], graph[1], _noLeaf(), _none());
        _refusedLinked(_sharing(CLAIM), _parents(second, CLAIM), graph);
        vm.expectRevert(abi.encodeWithSelector(IModelRoyalties.ParentShareTooSmall.selector, second, 1, 500));
        vm.prank(stranger);
        royalties.setTerms(evading, 1, _sharing(CLAIM), _parents(modelId, CLAIM), graph);
        IModelRoyalties.Parent[] memory both = new IModelRoyalties.Parent[](2);
        both[0] = IModelRoyalties.Parent(uint64(second), 1, 500);
        both[1] = IModelRoyalties.Parent(uint64(modelId), 1, CLAIM);
        vm.prank(stranger);
        royalties.setTerms(evading, 1, _sharing(CLAIM + 500), both, graph);
        _paysTheClaimant();
        _assertEq(royalties.balanceOf(alice, ETHER), 5 ether, "5 of 100 to the second");
    }

    function test_OnesOwnModelsClaimNothing() public {
        uint256 next = _register(owner);
        IProvenanceLedger.Artifact[] memory graph = new IProvenanceLedger.Artifact[](5);
        graph[1] = _artifact(IProvenanceLedger.Kind.Checkpoint, "next", _one(provenance.idOf(_ancestry()[0])), 5000, owner);
        graph[0] = _artifact(IProvenanceLedger.Kind.ModelVersion, "next onnx", _one(_record(graph[1])), 5000, owner);
        _record(graph[0]);
        _append(graph, 2, _ancestry());
        vm.prank(owner);
        provenance.linkModelVersion(next, 1, graph[0], graph[1], _noLeaf(), _none());
        vm.prank(owner);
        royalties.setTerms(next, 1, _plainTerms(), _noParents(), graph);
        _assertEq(royalties.claimsOn(next, 1)[0].modelId, modelId, "who derives from it is asked all the same");
    }

    /// 70 % the operator's, `parentsBps` the parents', the rest the owner's.
    function _sharing(uint16 parentsBps) private pure returns (IModelRoyalties.Terms memory terms) {
        terms = _plainTerms();
        (terms.ownerBps, terms.parentsBps) = (3000 - parentsBps, parentsBps);
    }

    /// A model of the evader's with terms and a lineage of its own: model, checkpoint, data.
    function _dummy(string memory name, uint16 derivativeBps)
        private
        returns (uint256 id, IProvenanceLedger.Artifact[] memory graph)
    {
        id = _register(stranger);
        graph = new IProvenanceLedger.Artifact[](3);
        graph[2] = _artifact(IProvenanceLedger.Kind.DataSet, keccak256(bytes(name)), _none(), 0, stranger);
        graph[1] = _artifact(IProvenanceLedger.Kind.Checkpoint, keccak256(bytes(name)), _one(_record(graph[2])), 0, stranger);
        graph[0] = _artifact(IProvenanceLedger.Kind.ModelVersion, keccak256(bytes(name)), _one(_record(graph[1])), 0, stranger);
        _record(graph[0]);
        IModelRoyalties.Terms memory terms = _plainTerms();
        terms.derivativeBps = derivativeBps;
        vm.startPrank(stranger);
        provenance.linkModelVersion(id, 1, graph[0], graph[1], _noLeaf(), _none());
        royalties.setTerms(id, 1, terms, _noParents(), graph);
        vm.stopPrank();
    }

    /// A model of the evader's over a checkpoint with these parents, as the first two of `size` artifacts; recorded, not linked.
    function _model(string memory name, bytes32[] memory parents, uint256 size)
        private
        returns (IProvenanceLedger.Artifact[] memory graph)
    {
        graph = new IProvenanceLedger.Artifact[](size);
        graph[1] = _artifact(IProvenanceLedger.Kind.Checkpoint, keccak256(bytes(name)), parents, 5000, stranger);
        graph[0] = _artifact(IProvenanceLedger.Kind.ModelVersion, keccak256(bytes(name)), _one(_record(graph[1])), 5000, stranger);
        _record(graph[0]);
    }

    /// The same with the rest of its lineage behind it, linked to a model.
    function _linked(uint256 id, string memory name, bytes32[] memory parents, IProvenanceLedger.Artifact[] memory rest)
        private
        returns (IProvenanceLedger.Artifact[] memory graph)
    {
        graph = _model(name, parents, 2 + rest.length);
        _append(graph, 2, rest);
        vm.prank(stranger);
        provenance.linkModelVersion(id, 1, graph[0], graph[1], _noLeaf(), _none());
    }

    function _append(IProvenanceLedger.Artifact[] memory graph, uint256 start, IProvenanceLedger.Artifact[] memory rest)
        private
        pure
    {
        for (uint256 i = 0; i < rest.length; ++i) {
            graph[start + i] = rest[i];
        }
    }

    function _tooSmall() private view returns (bytes memory) {
        return abi.encodeWithSelector(IModelRoyalties.ParentShareTooSmall.selector, modelId, 1, CLAIM);
    }

    function _refusedLinked(
        IModelRoyalties.Terms memory terms,
        IModelRoyalties.Parent[] memory parents,
        IProvenanceLedger.Artifact[] memory graph
    ) private {
        vm.expectRevert(_tooSmall());
        vm.prank(stranger);
        royalties.setTerms(evading, 1, terms, parents, graph);
    }

    function _refused(
        IModelRoyalties.Terms memory terms,
        IModelRoyalties.Parent[] memory parents,
        IProvenanceLedger.Artifact[] memory graph
    ) private {
        if (provenance.linkOf(evading, 1).artifactId == 0) {
            vm.prank(stranger);
            provenance.linkModelVersion(evading, 1, graph[0], graph[1], _noLeaf(), _none());
        }
        _refusedLinked(terms, parents, graph);
    }

    function _accepted(
        IModelRoyalties.Terms memory terms,
        IModelRoyalties.Parent[] memory parents,
        IProvenanceLedger.Artifact[] memory graph
    ) private {
        vm.prank(stranger);
        royalties.setTerms(evading, 1, terms, parents, graph);
    }

    /// Of a fee of 100, 70 of them the operator's, the claimant gets its 10.
    function _paysTheClaimant() private {
        vm.deal(asker, 30 ether);
        vm.prank(asker);
        royalties.distribute{value: 30 ether}(evading, 1, ETHER, stranger, 30 ether);
        _assertEq(royalties.balanceOf(owner, ETHER), 10 ether, "the claimant's tenth");
    }

    /// @dev The claimant's lineage: model, checkpoint, data; all of `owner`'s.
    function _ancestry() private view returns (IProvenanceLedger.Artifact[] memory) {
        return abi.decode(ancestry, (IProvenanceLedger.Artifact[]));
    }
}
