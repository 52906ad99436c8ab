// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ModelRegistry} from "../../../src/ModelRegistry.sol";
import {ZKMLVerifier} from "../../../src/ZKMLVerifier.sol";
import {IERCZKMLRegistry} from "../../../src/interfaces/IERCZKMLRegistry.sol";
import {InferenceMarket} from "../../../src/ledger/InferenceMarket.sol";
import {ModelLicences} from "../../../src/ledger/ModelLicences.sol";
import {ModelRoyalties} from "../../../src/ledger/ModelRoyalties.sol";
import {ProvenanceLedger} from "../../../src/ledger/ProvenanceLedger.sol";
import {IInferenceMarket} from "../../../src/ledger/interfaces/IInferenceMarket.sol";
import {IModelRoyalties} from "../../../src/ledger/interfaces/IModelRoyalties.sol";
import {IProvenanceLedger} from "../../../src/ledger/interfaces/IProvenanceLedger.sol";
import {MarketParameters} from "../../../src/ledger/market/MarketParameters.sol";
import {InferenceContext} from "../../../src/libraries/InferenceContext.sol";
import {ProofSystem} from "../../../src/libraries/ProofSystem.sol";
import {TrapdoorVerifier} from "../../generated/trapdoor.sol";
import {TrapdoorProver} from "./TrapdoorProver.sol";
import {Vm} from "./Vm.sol";

/// @title All contracts of the ledger around one model with a real verifier, and what tests say about them.
abstract contract LedgerTest {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    address internal constant ETHER = address(0);
    uint32 internal constant CHALLENGE_WINDOW = 1 hours;
    uint32 internal constant PROVE_WINDOW = 2 hours;
    uint32 internal constant MAX_WINDOW = 1 days;
    uint32 internal constant UNBONDING_DELAY = 2 days;
    uint96 internal constant MIN_BOND = 0.01 ether;
    uint96 internal constant CHALLENGE_BOND = 0.02 ether;
    uint96 internal constant BOND = 0.1 ether;
    bytes32 internal constant INPUT = bytes32(uint256(0x1234));
    /// A packed output of the model.
    uint256 internal constant SCORES = 0x00000100000200000300000400000500000600000700000800000900000a;

    ModelRegistry internal registry;
    ZKMLVerifier internal attestations;
    TrapdoorVerifier internal verifier;
    ProvenanceLedger internal provenance;
    ModelRoyalties internal royalties;
    ModelLicences internal licences;
    InferenceMarket internal market;
    bytes4 internal keyTag;

    address internal owner = _account("owner");
    address internal asker = _account("asker");
    address internal operator = _account("operator");
    address internal challenger = _account("challenger");
    address internal stranger = _account("stranger");
    uint256 internal modelId;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        registry = ModelRegistry(_deploy("ModelRegistry.sol:ModelRegistry", abi.encode(address(this), uint48(0))));
        attestations = ZKMLVerifier(_deploy("ZKMLVerifier.sol:ZKMLVerifier", abi.encode(registry)));
        verifier = TrapdoorVerifier(_deploy("trapdoor.sol:TrapdoorVerifier", ""));
        keyTag = bytes4(verifier.vkHash());
        provenance = ProvenanceLedger(_deploy("ProvenanceLedger.sol:ProvenanceLedger", abi.encode(registry)));
        royalties = ModelRoyalties(_deploy("ModelRoyalties.sol:ModelRoyalties", abi.encode(registry, provenance)));
        licences = ModelLicences(_deploy("ModelLicences.sol:ModelLicences", abi.encode(registry, royalties)));
        market = InferenceMarket(_deployMarket(_config()));
        modelId = _register(owner);
        vm.deal(asker, 1000 ether);
        vm.deal(operator, 1000 ether);
        vm.deal(challenger, 1000 ether);
    }

    function _config() internal view returns (MarketParameters.Config memory) {
        return MarketParameters.Config({
            registry: registry,
            royalties: royalties,
            licences: licences,
            challengeWindow: CHALLENGE_WINDOW,
            proveWindow: PROVE_WINDOW,
            maxWindow: MAX_WINDOW,
            unbondingDelay: UNBONDING_DELAY,
            minBond: MIN_BOND,
            challengeBond: CHALLENGE_BOND
        });
    }

    function _deployMarket(MarketParameters.Config memory config) internal returns (address) {
        return _deploy("InferenceMarket.sol:InferenceMarket", abi.encode(config));
    }

    /// Creates a contract from forge's artifacts; zero if its constructor reverts. With `new`, the compiler would optimize the
    /// contract again inside every test contract, which takes minutes.
    function _deploy(string memory artifact, bytes memory arguments) internal returns (address deployed) {
        return _create(abi.encodePacked(vm.getCode(artifact), arguments));
    }

    function _create(bytes memory code) internal returns (address deployed) {
        assembly ("memory-safe") {
            deployed := create(0, add(code, 32), mload(code))
        }
    }

    function _register(address modelOwner) internal returns (uint256 id) {
        IERCZKMLRegistry.ModelCommitment memory commitment = _commitment();
        vm.prank(modelOwner);
        return registry.registerModelWithVerifier(commitment, address(verifier));
    }

    function _commitment() internal view returns (IERCZKMLRegistry.ModelCommitment memory) {
        return IERCZKMLRegistry.ModelCommitment({
            modelHash: keccak256("model"),
            circuitHash: keccak256("circuit"),
            vkHash: verifier.vkHash(),
            proofSystemId: ProofSystem.GROTH16_BN254_V1,
            uri: "ipfs://model"
        });
    }

    /// The commitment of another version, for which no verifier exists.
    function _other() internal pure returns (IERCZKMLRegistry.ModelCommitment memory) {
        return IERCZKMLRegistry.ModelCommitment({
            modelHash: keccak256("model 2"),
            circuitHash: keccak256("circuit 2"),
            vkHash: keccak256("key 2"),
            proofSystemId: ProofSystem.GROTH16_BN254_V1,
            uri: "ipfs://model2"
        });
    }

    /// Operator 70 %, owner 30 %, no provenance.
    function _plainTerms() internal pure returns (IModelRoyalties.Terms memory terms) {
        terms.operatorBps = 7000;
        terms.ownerBps = 3000;
        terms.saleBps = 500;
    }

    function _setPlainTerms(uint256 id) internal {
        _declare(id);
        address modelOwner = registry.ownerOf(id);
        vm.prank(modelOwner);
        royalties.setTerms(id, 1, _plainTerms(), _noParents(), _noGraph());
    }

    /// Says that a model's first version has no lineage.
    function _declare(uint256 id) internal {
        address modelOwner = registry.ownerOf(id);
        vm.prank(modelOwner);
        provenance.declareWithoutLineage(id, 1);
    }

    function _parents(uint256 id, uint16 bps) internal pure returns (IModelRoyalties.Parent[] memory parents) {
        parents = new IModelRoyalties.Parent[](1);
        parents[0] = IModelRoyalties.Parent(uint64(id), 1, bps);
    }

    function _noParents() internal pure returns (IModelRoyalties.Parent[] memory) {
        return new IModelRoyalties.Parent[](0);
    }

    function _request(IInferenceMarket.Mode mode, uint128 fee) internal view returns (IInferenceMarket.Ask memory) {
        return IInferenceMarket.Ask({
            modelId: modelId,
            version: 0,
            mode: mode,
            inputCommitment: INPUT,
            inputUri: "ipfs://input",
            token: ETHER,
            fee: fee,
            bond: BOND,
            deadline: uint40(block.timestamp + 1 days),
            window: 10 minutes,
            licenceId: 0,
            watcher: challenger
        });
    }

    function _ask(IInferenceMarket.Mode mode, uint128 fee) internal returns (uint64) {
        IInferenceMarket.Ask memory request = _request(mode, fee);
        vm.prank(asker);
        return market.ask{value: fee}(request);
    }

    function _stake(address account, uint256 amount) internal {
        vm.prank(account);
        market.stake{value: amount}();
    }

    function _take(uint64 requestId, address account) internal {
        vm.prank(account);
        market.take(requestId);
    }

    function _answer(uint64 requestId, address account, uint256 scores) internal {
        vm.prank(account);
        market.answerOptimistic(requestId, abi.encode(scores));
    }

    function _dispute(uint64 requestId, address account) internal {
        vm.prank(account);
        market.dispute{value: CHALLENGE_BOND}(requestId);
    }

    /// A valid proof of `scores` for this operator and request.
    function _proof(address account, uint64 requestId, uint256 scores) internal view returns (bytes memory) {
        return _proofFor(market.contextOf(account, requestId), scores);
    }

    /// The context of `account`'s proof number `nonce` for a contract on this chain.
    function _contextFor(address taker, address account, uint256 nonce) internal view returns (uint256) {
        return InferenceContext.encodeFor(block.chainid, taker, account, nonce);
    }

    function _proofFor(uint256 context, uint256 scores) internal view returns (bytes memory) {
        return TrapdoorProver.prove(keyTag, scores, INPUT, context, uint256(keccak256(abi.encode(context, scores))));
    }

    function _status(uint64 requestId) internal view returns (IInferenceMarket.Status) {
        return market.requestOf(requestId).status;
    }

    function _assertStatus(uint64 requestId, IInferenceMarket.Status expected) internal view {
        _assertEq(uint256(_status(requestId)), uint256(expected), "status");
    }

    function _skip(uint256 duration) internal {
        vm.warp(block.timestamp + duration);
    }

    function _key(string memory name) internal pure returns (uint256) {
        return uint256(keccak256(bytes(name))) >> 8;
    }

    function _account(string memory name) internal pure returns (address) {
        return vm.addr(_key(name));
    }

    function _sign(string memory name, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_key(name), digest);
        return abi.encodePacked(r, s, v);
    }

    function _artifact(
        IProvenanceLedger.Kind kind,
        bytes32 contentHash,
        bytes32[] memory parents,
        uint16 parentsBps,
        address contributor
    ) internal pure returns (IProvenanceLedger.Artifact memory artifact) {
        artifact.kind = kind;
        artifact.codec = kind == IProvenanceLedger.Kind.CheckpointBatch ? 0 : 0x70;
        artifact.contentHash = contentHash;
        artifact.parents = parents;
        artifact.licence = "CC-BY-4.0";
        artifact.parentsBps = parentsBps;
        artifact.contributors = new IProvenanceLedger.Contributor[](1);
        artifact.contributors[0] = IProvenanceLedger.Contributor(contributor, 1);
    }

    /// Records an artifact whose only contributor sends it.
    function _record(IProvenanceLedger.Artifact memory artifact) internal returns (bytes32) {
        vm.prank(artifact.contributors[0].account);
        return provenance.record(artifact, new bytes[](artifact.contributors.length));
    }

    function _noGraph() internal pure returns (IProvenanceLedger.Artifact[] memory) {
        return new IProvenanceLedger.Artifact[](0);
    }

    function _none() internal pure returns (bytes32[] memory) {
        return new bytes32[](0);
    }

    function _one(bytes32 id) internal pure returns (bytes32[] memory ids) {
        ids = new bytes32[](1);
        ids[0] = id;
    }

    function _noLeaf() internal pure returns (IProvenanceLedger.CheckpointLeaf memory leaf) {}

    function _assertEq(uint256 actual, uint256 expected, string memory what) internal pure {
        if (actual != expected) revert(string.concat(what, ": ", _decimal(actual), " instead of ", _decimal(expected)));
    }

    function _assertLe(uint256 actual, uint256 bound, string memory what) internal pure {
        if (actual > bound) revert(string.concat(what, ": ", _decimal(actual), " is more than ", _decimal(bound)));
    }

    function _assertEq(address actual, address expected, string memory what) internal pure {
        if (actual != expected) revert(string.concat(what, ": another address"));
    }

    function _assertEq(bytes32 actual, bytes32 expected, string memory what) internal pure {
        if (actual != expected) revert(string.concat(what, ": another word"));
    }

    function _assertTrue(bool condition, string memory what) internal pure {
        if (!condition) revert(string.concat("not so: ", what));
    }

    function _decimal(uint256 value) internal pure returns (string memory) {
        if (value < 10) return string(abi.encodePacked(uint8(48 + value)));
        return string.concat(_decimal(value / 10), _decimal(value % 10));
    }
}
