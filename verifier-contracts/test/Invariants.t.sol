// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ModelRegistry} from "../src/ModelRegistry.sol";
import {ZKMLVerifier} from "../src/ZKMLVerifier.sol";
import {IERCZKMLRegistry} from "../src/interfaces/IERCZKMLRegistry.sol";
import {Fixtures, Proved} from "./utils/Fixtures.sol";
import {Vm} from "./utils/Test.sol";

/// What the actors act on.
struct Stage {
    ModelRegistry registry;
    ZKMLVerifier verifier;
    uint256 scorerId;
    address owner;
    IERCZKMLRegistry.ModelCommitment[2] commitments;
    address[2] generated;
}

/// @notice Does to the contracts what anyone might: honest, damaged, stolen and repeated inferences, and changes of models by
/// owners and others. Remembers what should be true.
contract Actors {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    address private constant PROVER = 0x1000000000000000000000000000000000000001;

    ModelRegistry private immutable REGISTRY;
    ZKMLVerifier private immutable VERIFIER;
    uint256 private immutable SCORER_ID;
    address private immutable OWNER;
    Proved[] private proved;
    IERCZKMLRegistry.ModelCommitment[2] private commitments;
    address[2] private generated;

    /// Identifiers that a valid proof made, and where they stood.
    bytes32[] public ids;
    mapping(bytes32 id => bytes32) public recordOf;
    /// Hash of everything the registry said about a version when it was made.
    mapping(uint32 version => bytes32) public madeAs;
    uint32 public versions = 1;
    bool public deprecated;
    /// Things that must not happen.
    uint256 public violations;
    uint256 public attested;
    uint256 public refused;

    constructor(Stage memory stage, Proved[] memory items) {
        (REGISTRY, VERIFIER, SCORER_ID, OWNER) = (stage.registry, stage.verifier, stage.scorerId, stage.owner);
        for (uint256 i = 0; i < items.length; ++i) {
            proved.push(items[i]);
        }
        (commitments[0], commitments[1], generated) = (stage.commitments[0], stage.commitments[1], stage.generated);
        madeAs[1] = stateOf(1);
    }

    /// @notice An inference: as proved, or damaged, or by another sender, or stored instead of attested.
    function infer(uint256 pick, uint8 how, uint256 place, address sender) external {
        Proved memory item = proved[pick % proved.length];
        how %= 6;
        bool honest = how < 3;
        if (how == 3) item.inputCommitment ^= bytes32(1 << (place % 256));
        if (how == 4) item.output[place % item.output.length] ^= 0x04;
        if (how == 5) item.proof[place % item.proof.length] ^= 0x04;
        address caller = how == 2 && sender != PROVER ? sender : PROVER;
        uint32 version = REGISTRY.versionOf(SCORER_ID);
        bytes32 id = VERIFIER.attestationId(SCORER_ID, version, item.inputCommitment, item.context);
        bool expected = honest && caller == PROVER && !deprecated && recordOf[id] == 0
            && REGISTRY.resolveVerifier(SCORER_ID, version).verifier == generated[0];
        vm.prank(caller);
        try VERIFIER.attest(SCORER_ID, item.inputCommitment, item.nonce, item.output, item.proof) returns (bytes32 made) {
            if (!expected || made != id) ++violations;
            ids.push(made);
            recordOf[made] = word(made);
            ++attested;
        } catch {
            if (expected) ++violations;
            ++refused;
        }
    }

    /// @notice A batch of two inferences.
    function inferBatch(uint256 first, uint256 second) external {
        Proved[2] memory items = [proved[first % proved.length], proved[second % proved.length]];
        bytes32[] memory inputCommitments = new bytes32[](2);
        uint256[] memory nonces = new uint256[](2);
        uint32 version = REGISTRY.versionOf(SCORER_ID);
        bool expected = !deprecated && REGISTRY.resolveVerifier(SCORER_ID, version).verifier == generated[0];
        for (uint256 i = 0; i < 2; ++i) {
            (inputCommitments[i], nonces[i]) = (items[i].inputCommitment, items[i].nonce);
            bytes32 id = VERIFIER.attestationId(SCORER_ID, version, inputCommitments[i], items[i].context);
            if (recordOf[id] != 0) expected = false;
        }
        if (nonces[0] == nonces[1]) expected = false;
        bytes memory proofs = abi.encodePacked(bytes4(items[0].proof), items[0].points, items[1].points);
        vm.prank(PROVER);
        try VERIFIER.attestBatch(
            SCORER_ID, inputCommitments, nonces, bytes.concat(items[0].output, items[1].output), proofs
        ) returns (bytes32[] memory made) {
            if (!expected) ++violations;
            for (uint256 i = 0; i < 2; ++i) {
                ids.push(made[i]);
                recordOf[made[i]] = word(made[i]);
                ++attested;
            }
        } catch {
            if (expected) ++violations;
            ++refused;
        }
    }

    /// @notice An update, by the owner now and then, by anyone otherwise.
    function update(address sender, uint8 which, uint8 luck) external {
        address caller = luck % 4 == 0 ? OWNER : sender;
        uint256 choice = which % 4 == 0 ? 1 : 0;
        bool expected = caller == OWNER && !deprecated;
        vm.prank(caller);
        try REGISTRY.updateModelWithVerifier(SCORER_ID, commitments[choice], generated[choice]) {
            if (!expected) ++violations;
            ++versions;
            madeAs[versions] = stateOf(versions);
        } catch {
            if (expected) ++violations;
        }
    }

    /// @notice An attempt to exchange a bound verifier or to retire the model. The owner retires it rarely.
    function meddle(address sender, uint8 luck) external {
        address caller = luck % 4 == 0 ? OWNER : sender;
        vm.prank(caller);
        try REGISTRY.bindVerifier(SCORER_ID, generated[luck % 2]) {
            ++violations;
        } catch {}
        if (caller == OWNER && luck != 0) return;
        bool expected = caller == OWNER && !deprecated;
        vm.prank(caller);
        try REGISTRY.deprecateModel(SCORER_ID) {
            if (!expected) ++violations;
            deprecated = true;
        } catch {
            if (expected) ++violations;
        }
    }

    function roll(uint8 blocks) external {
        vm.roll(block.number + blocks);
    }

    function count() external view returns (uint256) {
        return ids.length;
    }

    /// @notice Everything the registry says about a version.
    function stateOf(uint32 version) public view returns (bytes32) {
        (IERCZKMLRegistry.ModelCommitment memory c, address v, bytes32 codeHash, uint256 registeredAt) =
            REGISTRY.getModelVersion(SCORER_ID, version);
        return keccak256(abi.encode(c, v, codeHash, registeredAt));
    }

    /// @notice What storage says about an attestation.
    function word(bytes32 id) public view returns (bytes32) {
        (uint256 blockNumber, bytes27 digest) = VERIFIER.attestationOf(id);
        return blockNumber == 0 ? bytes32(0) : keccak256(abi.encode(blockNumber, digest));
    }
}

/// @notice Attestations exist only with a valid proof; there is no replay; only owners change models; versions never change.
contract InvariantsTest is Fixtures {
    Actors internal actors;

    function setUp() public override {
        super.setUp();
        Stage memory stage = Stage({
            registry: registry,
            verifier: verifier,
            scorerId: scorerId,
            owner: OWNER,
            commitments: [commitmentOf(address(scorer)), commitmentOf(address(rival))],
            generated: [address(scorer), address(rival)]
        });
        actors = new Actors(stage, itemsOf("scorer"));
    }

    /// @notice Forge calls these contracts and no other.
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    function invariant_recordsComeFromProofsOnceAndVersionsNeverChange() public view {
        assertEq(actors.violations(), 0, "something happened that must not");
        assertEq(actors.count(), actors.attested(), "each accepted call made one record");
        for (uint256 i = 0; i < actors.count(); ++i) {
            bytes32 id = actors.ids(i);
            assertTrue(actors.recordOf(id) != 0 && actors.word(id) == actors.recordOf(id), "a record changed");
        }
        for (uint32 version = 1; version <= actors.versions(); ++version) {
            assertEq(actors.stateOf(version), actors.madeAs(version), "a version changed");
        }
        assertEq(registry.versionOf(scorerId), actors.versions(), "a version appeared");
    }
}
