// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IInferenceMarket} from "../../src/ledger/interfaces/IInferenceMarket.sol";
import {IProvenanceLedger} from "../../src/ledger/interfaces/IProvenanceLedger.sol";
import {LedgerTest} from "./support/LedgerTest.sol";

/// @title What full transactions of the ledger cost: 21,000, calldata, and execution with cold storage.
/// @dev Everything a test measures was prepared in `setUp`, which is a transaction of its own. `forge test -vv` prints figures.
contract LedgerGasTest is LedgerTest {
    uint256 private constant LEAVES = 1000;

    // forge prints events of this name.
    // solhint-disable-next-line event-name-capwords
    event log_named_uint(string key, uint256 value);

    uint64 private open;
    uint64 private taken;
    uint64 private firstTaken;
    bytes32 private run;
    bytes32 private data;

    function setUp() public override {
        super.setUp();
        _setPlainTerms(modelId);
        _stake(operator, 10 ether);
        vm.deal(stranger, 1 ether);
        _stake(stranger, 1 ether);
        firstTaken = _taken(stranger);
        // The operator and the model have earned before, and nothing of it is left in the market.
        _prove(_taken(operator));
        vm.prank(operator);
        market.withdraw(ETHER, operator);
        market.forwardRoyalties(modelId, 1, ETHER, owner);
        open = _ask(IInferenceMarket.Mode.Proved, 1 ether);
        taken = _taken(operator);
        data = _record(_artifact(IProvenanceLedger.Kind.DataSet, keccak256("data"), _none(), 0, _account("alice")));
        run = _record(
            _artifact(IProvenanceLedger.Kind.TrainingRun, keccak256("run"), _one(data), 5000, _account("bob"))
        );
    }

    function test_AnOptimisticAnswerCostsAtMost90000() public {
        _bounded(
            "optimistic answer",
            _transaction(operator, address(market), abi.encodeCall(market.answerOptimistic, (taken, abi.encode(SCORES)))),
            90_000
        );
    }

    function test_AProvedAnswerCostsAtMost60000OverTheBareVerification() public {
        _bounded("proved answer over bare verification", _provedAnswer(taken, operator) - _bareVerification(), 60_000);
    }

    function test_AProvedAnswerToAnOpenRequestCostsNoMore() public {
        _bounded("proved answer, open, over bare verification", _provedAnswer(open, operator) - _bareVerification(), 60_000);
    }

    function test_AnOperatorsFirstProvedAnswerCostsNoMore() public {
        _bounded(
            "operator's first proved answer over bare verification",
            _provedAnswer(firstTaken, stranger) - _bareVerification(),
            60_000
        );
    }

    function test_AModelsFirstProvedAnswerCostsOneNewWordMore() public {
        vm.prank(owner);
        registry.transferFrom(owner, stranger, modelId);
        _bounded(
            "model's first proved answer over bare verification",
            _provedAnswer(taken, operator) - _bareVerification(),
            60_000 + 17_100
        );
    }

    function test_RecordingAnArtifactCostsAtMost120000() public {
        bytes32[] memory parents = new bytes32[](2);
        (parents[0], parents[1]) = (run, data);
        IProvenanceLedger.Artifact memory artifact =
            _artifact(IProvenanceLedger.Kind.Checkpoint, keccak256("weights"), parents, 5000, _account("bob"));
        _bounded("artifact", _recording(artifact), 120_000);
    }

    function test_AThousandCheckpointsUnderOneRootCostAtMost150000() public {
        (bytes32 root, bytes32[] memory proof) = _tree(137);
        IProvenanceLedger.Artifact memory batch =
            _artifact(IProvenanceLedger.Kind.CheckpointBatch, root, _one(run), 5000, _account("bob"));
        _bounded("1,000 checkpoints", _recording(batch), 150_000);
        _assertTrue(provenance.isInBatch(batch, _leaf(137), proof), "each of them can be shown");
        _assertTrue(!provenance.isInBatch(batch, _leaf(138), proof), "and no other by its path");
    }

    function _provedAnswer(uint64 id, address account) private returns (uint256) {
        bytes memory proof = _proof(account, id, SCORES);
        return _transaction(
            account, address(market), abi.encodeCall(market.answerProved, (id, abi.encode(SCORES), proof))
        );
    }

    function _bareVerification() private returns (uint256 gasUsed) {
        // ERC-7992's proof begins with the nonce.
        bytes memory proof =
            bytes.concat(bytes32(uint256(1)), _proofFor(_contextFor(address(attestations), operator, 1), SCORES));
        gasUsed = _transaction(
            operator,
            address(attestations),
            abi.encodeCall(attestations.verifyInference, (modelId, INPUT, abi.encode(SCORES), proof))
        );
        emit log_named_uint("bare ERC-7992 verification", gasUsed);
    }

    function _recording(IProvenanceLedger.Artifact memory artifact) private returns (uint256) {
        bytes[] memory signatures = new bytes[](1);
        signatures[0] = _sign("bob", provenance.idOf(artifact));
        return _transaction(stranger, address(provenance), abi.encodeCall(provenance.record, (artifact, signatures)));
    }

    /// Gas of a transaction: what execution takes from a call with nothing warm but the callee, before refunds.
    function _transaction(address sender, address target, bytes memory input) private returns (uint256 gasUsed) {
        address[7] memory contracts = [
            address(registry),
            address(attestations),
            address(verifier),
            address(provenance),
            address(royalties),
            address(licences),
            address(market)
        ];
        for (uint256 i = 0; i < contracts.length; ++i) {
            vm.cool(contracts[i]);
        }
        vm.prank(sender);
        uint256 before = gasleft();
        (bool ok,) = target.call(input);
        // A transaction's callee is warm.
        gasUsed = before - gasleft() - 2500;
        _assertTrue(ok, "the transaction succeeded");
        gasUsed += 21_000;
        for (uint256 i = 0; i < input.length; ++i) {
            gasUsed += input[i] == 0 ? 4 : 16;
        }
    }

    function _bounded(string memory what, uint256 gasUsed, uint256 bound) private {
        emit log_named_uint(what, gasUsed);
        _assertLe(gasUsed, bound, what);
    }

    function _taken(address account) private returns (uint64 id) {
        id = _ask(IInferenceMarket.Mode.Optimistic, 1 ether);
        _take(id, account);
    }

    function _prove(uint64 id) private {
        bytes memory proof = _proof(operator, id, SCORES);
        vm.prank(operator);
        market.answerProved(id, abi.encode(SCORES), proof);
    }

    function _leaf(uint256 step) private pure returns (IProvenanceLedger.CheckpointLeaf memory) {
        return IProvenanceLedger.CheckpointLeaf(step, 0x70, keccak256(abi.encode("epoch", step)));
    }

    /// A Merkle tree with sorted pairs over 1,000 leaves, and the path of one of them. A node without a sibling moves up.
    function _tree(uint256 position) private pure returns (bytes32 root, bytes32[] memory proof) {
        bytes32[] memory level = new bytes32[](LEAVES);
        for (uint256 i = 0; i < LEAVES; ++i) {
            IProvenanceLedger.CheckpointLeaf memory leaf = _leaf(i);
            level[i] = keccak256(abi.encode(keccak256(abi.encode(leaf.step, leaf.codec, leaf.contentHash))));
        }
        bytes32[] memory path = new bytes32[](10);
        uint256 depth = 0;
        for (uint256 count = LEAVES; count > 1; count = (count + 1) / 2) {
            if (position ^ 1 < count) path[depth++] = level[position ^ 1];
            for (uint256 i = 0; i < count; i += 2) {
                level[i / 2] = i + 1 < count ? _pair(level[i], level[i + 1]) : level[i];
            }
            position /= 2;
        }
        proof = new bytes32[](depth);
        for (uint256 i = 0; i < depth; ++i) {
            proof[i] = path[i];
        }
        return (level[0], proof);
    }

    function _pair(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
    }
}
