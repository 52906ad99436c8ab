// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IModelErrors} from "../../src/interfaces/IModelErrors.sol";
import {IProvenanceLedger} from "../../src/ledger/interfaces/IProvenanceLedger.sol";
import {LedgerTest} from "./support/LedgerTest.sol";
import {ContractWallet} from "./support/Wallets.sol";

/// @title Artifacts, their signatures, batches and links.
contract ProvenanceTest is LedgerTest {
    IProvenanceLedger.Kind private constant DATA = IProvenanceLedger.Kind.DataSet;
    IProvenanceLedger.Kind private constant RUN = IProvenanceLedger.Kind.TrainingRun;
    IProvenanceLedger.Kind private constant CHECKPOINT = IProvenanceLedger.Kind.Checkpoint;
    IProvenanceLedger.Kind private constant BATCH = IProvenanceLedger.Kind.CheckpointBatch;
    IProvenanceLedger.Kind private constant MODEL = IProvenanceLedger.Kind.ModelVersion;

    function test_AnArtifactIsRecordedOnceWithItsKindIndexAndBlock() public {
        vm.roll(77);
        IProvenanceLedger.Artifact memory data = _data("a");
        bytes32 id = _record(data);
        _assertEq(id, provenance.idOf(data), "id");
        IProvenanceLedger.Header memory header = provenance.headerOf(id);
        _assertEq(uint256(header.kind), uint256(DATA), "kind");
        _assertEq(header.index, 1, "index");
        _assertEq(header.blockNumber, 77, "block");
        _assertEq(provenance.artifactCount(), 1, "count");
        vm.expectRevert(abi.encodeWithSelector(IProvenanceLedger.ArtifactAlreadyRecorded.selector, id));
        _record(data);
    }

    function test_TheIdentifierIsTheEip712DigestThatWalletsSign() public view {
        IProvenanceLedger.Artifact memory data = _data("a");
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("zkinfer provenance"),
                keccak256("1"),
                block.chainid,
                address(provenance)
            )
        );
        bytes32 contributor = keccak256(
            abi.encode(
                keccak256("Contributor(address account,uint32 weight)"),
                data.contributors[0].account,
                data.contributors[0].weight
            )
        );
        bytes32 struct_ = keccak256(
            abi.encode(
                keccak256(
                    "Artifact(uint8 kind,uint8 codec,bytes32 contentHash,bytes32[] parents,string licence,uint16 parentsBps,Contributor[] contributors)Contributor(address account,uint32 weight)"
                ),
                data.kind,
                data.codec,
                data.contentHash,
                keccak256(""),
                keccak256(bytes(data.licence)),
                data.parentsBps,
                keccak256(abi.encodePacked(contributor))
            )
        );
        _assertEq(provenance.idOf(data), keccak256(abi.encodePacked(hex"1901", domain, struct_)), "digest");
    }

    function test_EveryContributorMustHaveSigned() public {
        IProvenanceLedger.Artifact memory data = _data("a");
        data.contributors = new IProvenanceLedger.Contributor[](3);
        address wallet = address(new ContractWallet(_account("carol")));
        data.contributors[0] = IProvenanceLedger.Contributor(_account("alice"), 2);
        data.contributors[1] = IProvenanceLedger.Contributor(_account("bob"), 1);
        data.contributors[2] = IProvenanceLedger.Contributor(wallet, 1);
        bytes32 id = provenance.idOf(data);
        bytes[] memory signatures = new bytes[](3);
        signatures[0] = _sign("alice", id);
        signatures[1] = _sign("mallory", id);
        signatures[2] = _sign("carol", id);
        _expectBadSignature(_account("bob"));
        provenance.record(data, signatures);
        signatures[1] = "";
        _expectBadSignature(_account("bob"));
        provenance.record(data, signatures);
        signatures[1] = _sign("bob", id);
        signatures[2] = _sign("mallory", id);
        _expectBadSignature(wallet);
        provenance.record(data, signatures);
        signatures[2] = _sign("carol", id);
        // A stranger brings it: the signatures decide.
        vm.prank(stranger);
        _assertEq(provenance.record(data, signatures), id, "id");
    }

    function test_ASignatureForOneArtifactIsWorthNothingForAnother() public {
        IProvenanceLedger.Artifact memory data = _data("a");
        bytes[] memory signatures = new bytes[](1);
        signatures[0] = _sign("alice", provenance.idOf(data));
        data.licence = "CC0-1.0";
        _expectBadSignature(_account("alice"));
        provenance.record(data, signatures);
    }

    function test_AMalleatedSignatureIsRefused() public {
        IProvenanceLedger.Artifact memory data = _data("a");
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_key("alice"), provenance.idOf(data));
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bytes[] memory signatures = new bytes[](1);
        signatures[0] = abi.encodePacked(r, order - uint256(s), v == 27 ? uint8(28) : uint8(27));
        _expectBadSignature(_account("alice"));
        provenance.record(data, signatures);
    }

    function test_MissingOrSpareSignaturesAreRefused() public {
        IProvenanceLedger.Artifact memory data = _data("a");
        vm.expectRevert(abi.encodeWithSelector(IProvenanceLedger.SignatureCountMismatch.selector, 1, 0));
        provenance.record(data, new bytes[](0));
        vm.expectRevert(abi.encodeWithSelector(IProvenanceLedger.SignatureCountMismatch.selector, 1, 2));
        provenance.record(data, new bytes[](2));
    }

    function test_AParentMustBeOnRecordBeforeItsChild() public {
        IProvenanceLedger.Artifact memory data = _data("a");
        IProvenanceLedger.Artifact memory run =
            _artifact(RUN, keccak256("run"), _one(provenance.idOf(data)), 5000, _account("alice"));
        vm.expectRevert(abi.encodeWithSelector(IProvenanceLedger.ParentNotFound.selector, provenance.idOf(data)));
        _record(run);
        bytes32 dataId = _record(data);
        bytes32 runId = _record(run);
        _assertTrue(provenance.headerOf(dataId).index < provenance.headerOf(runId).index, "the parent comes first");
    }

    function test_AParentIsNamedOnce() public {
        bytes32 dataId = _record(_data("a"));
        bytes32[] memory twice = new bytes32[](2);
        (twice[0], twice[1]) = (dataId, dataId);
        vm.expectRevert(abi.encodeWithSelector(IProvenanceLedger.DuplicateParent.selector, dataId));
        _record(_artifact(RUN, keccak256("run"), twice, 0, _account("alice")));
    }

    function test_MalformedArtifactsAreRefused() public {
        IProvenanceLedger.Artifact memory data = _data("a");
        data.contentHash = 0;
        _expectInvalid(data);
        data = _data("a");
        data.codec = 0x71;
        _expectInvalid(data);
        data = _data("a");
        data.kind = IProvenanceLedger.Kind.Unknown;
        _expectInvalid(data);
        // A share for parents it does not have.
        data = _data("a");
        data.parentsBps = 1;
        _expectInvalid(data);
        // Only data begins a line.
        _expectInvalid(_artifact(RUN, keccak256("run"), _none(), 0, _account("alice")));
        bytes32 dataId = _record(_data("a"));
        _expectInvalid(_artifact(RUN, keccak256("run"), _one(dataId), 10_001, _account("alice")));
        IProvenanceLedger.Artifact memory batch =
            _artifact(BATCH, keccak256("root"), _one(dataId), 0, _account("alice"));
        batch.codec = 0x55;
        _expectInvalid(batch);
        data = _data("b");
        data.contributors = new IProvenanceLedger.Contributor[](0);
        vm.expectRevert(abi.encodeWithSelector(IProvenanceLedger.InvalidContributors.selector, 0));
        provenance.record(data, new bytes[](0));
        data.contributors = new IProvenanceLedger.Contributor[](17);
        vm.expectRevert(abi.encodeWithSelector(IProvenanceLedger.InvalidContributors.selector, 17));
        provenance.record(data, new bytes[](17));
        vm.expectRevert(abi.encodeWithSelector(IProvenanceLedger.TooManyParents.selector, 17));
        _record(_artifact(RUN, keccak256("run"), new bytes32[](17), 0, _account("alice")));
    }

    function test_ACheckpointIsShownToBeInItsBatchAndNoOtherIs() public {
        (IProvenanceLedger.Artifact memory batch, bytes32[] memory proof) = _recordBatchOfTwo();
        _assertTrue(provenance.isInBatch(batch, _leaf(0), proof), "the first is in the batch");
        _assertTrue(!provenance.isInBatch(batch, _leaf(1), proof), "the path leads to one leaf only");
        IProvenanceLedger.CheckpointLeaf memory other = _leaf(0);
        other.contentHash = keccak256("other");
        _assertTrue(!provenance.isInBatch(batch, other, proof), "another checkpoint is not in the batch");
        IProvenanceLedger.Artifact memory data = _data("a");
        bytes32 dataId = provenance.idOf(data);
        vm.expectRevert(abi.encodeWithSelector(IProvenanceLedger.NotACheckpointBatch.selector, dataId));
        provenance.isInBatch(data, _leaf(0), proof);
        batch.contentHash = keccak256("another root");
        vm.expectRevert(
            abi.encodeWithSelector(IProvenanceLedger.ArtifactNotFound.selector, provenance.idOf(batch))
        );
        provenance.isInBatch(batch, _leaf(0), proof);
    }

    function test_AnInnerNodeOfTheTreeDoesNotPassForALeaf() public {
        // The inner node is keccak256(left ++ right), 64 bytes; a leaf's 96 bytes are hashed twice.
        (IProvenanceLedger.Artifact memory batch,) = _recordBatchOfTwo();
        IProvenanceLedger.CheckpointLeaf memory forged =
            IProvenanceLedger.CheckpointLeaf({step: uint256(_leafHash(0)), codec: 0, contentHash: _leafHash(1)});
        _assertTrue(!provenance.isInBatch(batch, forged, new bytes32[](0)), "the root is no leaf");
    }

    function test_ARegisteredModelVersionLeadsBackToItsCheckpointAndData() public {
        (IProvenanceLedger.Artifact memory model, IProvenanceLedger.Artifact memory checkpoint) = _recordLine(owner);
        vm.prank(owner);
        provenance.linkModelVersion(modelId, 1, model, checkpoint, _noLeaf(), _none());
        IProvenanceLedger.Link memory link = provenance.linkOf(modelId, 1);
        _assertEq(link.artifactId, provenance.idOf(model), "artifact");
        _assertEq(link.checkpointId, model.parents[0], "checkpoint");
        _assertEq(link.checkpointHash, checkpoint.contentHash, "content");
        IProvenanceLedger.Header memory header = provenance.headerOf(link.artifactId);
        _assertEq(header.modelId, modelId, "model");
        _assertEq(header.version, 1, "version");
    }

    function test_AModelVersionIsLinkedToACheckpointInsideABatch() public {
        (IProvenanceLedger.Artifact memory batch, bytes32[] memory proof) = _recordBatchOfTwo();
        IProvenanceLedger.Artifact memory model =
            _artifact(MODEL, keccak256("onnx"), _one(provenance.idOf(batch)), 5000, owner);
        _record(model);
        bytes32 wrong = _leafHash(1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProvenanceLedger.CheckpointNotInBatch.selector, provenance.idOf(batch), wrong
            )
        );
        vm.prank(owner);
        provenance.linkModelVersion(modelId, 1, model, batch, _leaf(1), proof);
        vm.prank(owner);
        provenance.linkModelVersion(modelId, 1, model, batch, _leaf(0), proof);
        _assertEq(provenance.linkOf(modelId, 1).checkpointHash, _leaf(0).contentHash, "the leaf's content");
    }

    function test_ALinkIsMadeOnceByAnOwnerWhoContributed() public {
        (IProvenanceLedger.Artifact memory model, IProvenanceLedger.Artifact memory checkpoint) = _recordLine(owner);
        vm.expectRevert(abi.encodeWithSelector(IModelErrors.NotModelOwner.selector, modelId, stranger));
        vm.prank(stranger);
        provenance.linkModelVersion(modelId, 1, model, checkpoint, _noLeaf(), _none());
        vm.expectRevert(abi.encodeWithSelector(IModelErrors.ModelVersionNotFound.selector, modelId, 2));
        vm.prank(owner);
        provenance.linkModelVersion(modelId, 2, model, checkpoint, _noLeaf(), _none());

        vm.prank(owner);
        provenance.linkModelVersion(modelId, 1, model, checkpoint, _noLeaf(), _none());
        bytes32 artifactId = provenance.idOf(model);
        vm.expectRevert(abi.encodeWithSelector(IProvenanceLedger.ArtifactAlreadyLinked.selector, artifactId));
        vm.prank(owner);
        provenance.linkModelVersion(modelId, 1, model, checkpoint, _noLeaf(), _none());
        IProvenanceLedger.Artifact memory second =
            _artifact(MODEL, keccak256("other onnx"), model.parents, 0, owner);
        _record(second);
        vm.expectRevert(abi.encodeWithSelector(IProvenanceLedger.ModelVersionAlreadyLinked.selector, modelId, 1));
        vm.prank(owner);
        provenance.linkModelVersion(modelId, 1, second, checkpoint, _noLeaf(), _none());
    }

    function test_NobodyLinksAModelToSomeoneElsesArtifact() public {
        (IProvenanceLedger.Artifact memory model, IProvenanceLedger.Artifact memory checkpoint) = _recordLine(owner);
        uint256 squatted = _register(stranger);
        bytes32 artifactId = provenance.idOf(model);
        vm.expectRevert(abi.encodeWithSelector(IProvenanceLedger.NotContributor.selector, artifactId, stranger));
        vm.prank(stranger);
        provenance.linkModelVersion(squatted, 1, model, checkpoint, _noLeaf(), _none());
    }

    function test_ALinkNeedsAModelVersionAndItsOwnCheckpoint() public {
        (IProvenanceLedger.Artifact memory model, IProvenanceLedger.Artifact memory checkpoint) = _recordLine(owner);
        IProvenanceLedger.Artifact memory data = _data("a");
        bytes32 dataId = provenance.idOf(data);
        vm.expectRevert(abi.encodeWithSelector(IProvenanceLedger.NotAModelVersion.selector, dataId));
        vm.prank(owner);
        provenance.linkModelVersion(modelId, 1, data, checkpoint, _noLeaf(), _none());
        bytes32 artifactId = provenance.idOf(model);
        vm.expectRevert(abi.encodeWithSelector(IProvenanceLedger.NoSuchParent.selector, artifactId, dataId));
        vm.prank(owner);
        provenance.linkModelVersion(modelId, 1, model, data, _noLeaf(), _none());
        IProvenanceLedger.Artifact memory fromData = _artifact(MODEL, keccak256("onnx 2"), _one(dataId), 0, owner);
        _record(fromData);
        vm.expectRevert(abi.encodeWithSelector(IProvenanceLedger.NotACheckpoint.selector, dataId));
        vm.prank(owner);
        provenance.linkModelVersion(modelId, 1, fromData, data, _noLeaf(), _none());
    }

    function testFuzz_AnyChangeOfAnArtifactChangesItsIdentifier(
        bytes32 contentHash,
        string calldata licence,
        uint16 parentsBps,
        bytes32[2] calldata parents,
        address account,
        uint32 weight,
        uint8 which
    ) public view {
        IProvenanceLedger.Artifact memory a = _artifact(RUN, contentHash, _one(parents[0]), parentsBps, account);
        a.contributors[0].weight = weight;
        a.licence = licence;
        bytes32 id = provenance.idOf(a);
        if (which % 8 == 0) a.kind = CHECKPOINT;
        else if (which % 8 == 1) a.codec = 0x55;
        else if (which % 8 == 2) a.contentHash = ~a.contentHash;
        else if (which % 8 == 3) a.parents[0] = ~a.parents[0];
        else if (which % 8 == 4) a.licence = string.concat(licence, " ");
        else if (which % 8 == 5) a.parentsBps = ~a.parentsBps;
        else if (which % 8 == 6) a.contributors[0].account = address(~uint160(account));
        else a.contributors[0].weight = ~weight;
        _assertTrue(provenance.idOf(a) != id, "another identifier");
    }

    function _data(string memory name) private pure returns (IProvenanceLedger.Artifact memory) {
        return _artifact(DATA, keccak256(bytes(name)), _none(), 0, _account("alice"));
    }

    function _recordLine(address contributor)
        private
        returns (IProvenanceLedger.Artifact memory model, IProvenanceLedger.Artifact memory checkpoint)
    {
        bytes32 data = _record(_data("a"));
        bytes32 run = _record(_artifact(RUN, keccak256("run"), _one(data), 5000, _account("bob")));
        checkpoint = _artifact(CHECKPOINT, keccak256("weights"), _one(run), 10_000, _account("bob"));
        model = _artifact(MODEL, keccak256("onnx"), _one(_record(checkpoint)), 5000, contributor);
        _record(model);
    }

    function _recordBatchOfTwo() private returns (IProvenanceLedger.Artifact memory batch, bytes32[] memory proof) {
        bytes32 data = _record(_data("a"));
        bytes32 run = _record(_artifact(RUN, keccak256("run"), _one(data), 5000, _account("bob")));
        (bytes32 a, bytes32 b) = (_leafHash(0), _leafHash(1));
        bytes32 root = a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
        batch = _artifact(BATCH, root, _one(run), 10_000, _account("bob"));
        _record(batch);
        proof = _one(b);
    }

    function _leaf(uint256 step) private pure returns (IProvenanceLedger.CheckpointLeaf memory) {
        return IProvenanceLedger.CheckpointLeaf(step, 0x70, keccak256(abi.encode("epoch", step)));
    }

    function _leafHash(uint256 step) private pure returns (bytes32) {
        IProvenanceLedger.CheckpointLeaf memory leaf = _leaf(step);
        return keccak256(abi.encode(keccak256(abi.encode(leaf.step, leaf.codec, leaf.contentHash))));
    }

    function _expectBadSignature(address contributor) private {
        vm.expectRevert(
            abi.encodeWithSelector(IProvenanceLedger.InvalidContributorSignature.selector, contributor)
        );
    }

    function _expectInvalid(IProvenanceLedger.Artifact memory artifact) private {
        vm.expectRevert(IProvenanceLedger.InvalidArtifact.selector);
        _record(artifact);
    }
}
