// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IModelErrors} from "../src/interfaces/IModelErrors.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IERCZKMLRegistry, ModelDeprecated as ModelIsDeprecated} from "../src/interfaces/IERCZKMLRegistry.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {Fixtures} from "./utils/Fixtures.sol";

/// @notice ERC-7992's registry with versions: who may change what, and what never changes.
contract ModelRegistryTest is Fixtures {
    function test_selectorsAndTopicsAreThoseOfTheErc() public pure {
        assertTrue(ModelIsDeprecated.selector == bytes4(keccak256("ModelDeprecated(uint256)")), "error");
        assertEq(IERCZKMLRegistry.ModelDeprecated.selector, keccak256("ModelDeprecated(uint256)"), "event");
        assertEq(
            IERCZKMLRegistry.ModelRegistered.selector,
            keccak256("ModelRegistered(uint256,address,(bytes32,bytes32,bytes32,bytes4,string))"),
            "event with the commitment"
        );
        bytes4 id = bytes4(keccak256("registerModel((bytes32,bytes32,bytes32,bytes4,string))"))
            ^ bytes4(keccak256("updateModel(uint256,(bytes32,bytes32,bytes32,bytes4,string))"))
            ^ bytes4(keccak256("deprecateModel(uint256)")) ^ bytes4(keccak256("getModel(uint256)"));
        assertTrue(type(IERCZKMLRegistry).interfaceId == id, "interface");
    }

    function test_interfacesAreAnnounced() public view {
        assertTrue(registry.supportsInterface(type(IERCZKMLRegistry).interfaceId), "ERC-7992");
        assertTrue(registry.supportsInterface(type(IModelRegistry).interfaceId), "versions");
        assertTrue(registry.supportsInterface(type(IERC721).interfaceId), "ERC-721");
        assertTrue(registry.supportsInterface(type(IAccessControl).interfaceId), "roles");
        assertTrue(registry.supportsInterface(type(IERC165).interfaceId), "ERC-165");
        assertFalse(registry.supportsInterface(0xffffffff), "nothing");
    }

    function test_aModelIsRegisteredWithItsOwnerAndCommitment() public {
        IERCZKMLRegistry.ModelCommitment memory wanted = commitmentOf(address(scorer));
        vm.expectEmit(true, true, true, true, address(registry));
        emit IERCZKMLRegistry.ModelRegistered(rivalId + 1, STRANGER, wanted);
        vm.prank(STRANGER);
        uint256 id = registry.registerModel(wanted);
        (IERCZKMLRegistry.ModelCommitment memory actual, bool deprecated, address owner) = registry.getModel(id);
        assertEq(keccak256(abi.encode(actual)), keccak256(abi.encode(wanted)), "commitment");
        assertFalse(deprecated, "live");
        assertEq(owner, STRANGER, "owner");
        assertEq(registry.ownerOf(id), STRANGER, "token");
        assertEq(registry.versionOf(id), 1, "version");
    }

    function test_unknownModelsAndVersionsHaveTheirErrors() public {
        vm.expectRevert(abi.encodeWithSelector(IERCZKMLRegistry.ModelNotFound.selector, 99));
        registry.getModel(99);
        vm.expectRevert(abi.encodeWithSelector(IERCZKMLRegistry.ModelNotFound.selector, 99));
        registry.resolveVerifier(99, 0);
        vm.expectRevert(abi.encodeWithSelector(IModelErrors.ModelVersionNotFound.selector, scorerId, 2));
        registry.resolveVerifier(scorerId, 2);
        vm.expectRevert(abi.encodeWithSelector(IModelErrors.ModelVersionNotFound.selector, scorerId, 0));
        registry.getModelVersion(scorerId, 0);
    }

    function test_aCommitmentMustIdentifyItsModel() public {
        IERCZKMLRegistry.ModelCommitment memory c = commitmentOf(address(scorer));
        c.modelHash = 0;
        vm.expectRevert(IModelRegistry.IncompleteCommitment.selector);
        registry.registerModel(c);
        c = commitmentOf(address(scorer));
        c.proofSystemId = 0;
        vm.expectRevert(IModelRegistry.IncompleteCommitment.selector);
        registry.registerModel(c);
    }

    function test_aModelCannotPointAtAnothersVerifier() public {
        IERCZKMLRegistry.ModelCommitment memory c = commitmentOf(address(scorer));
        vm.expectRevert(
            abi.encodeWithSelector(IModelRegistry.VerificationKeyMismatch.selector, c.vkHash, rival.vkHash())
        );
        registry.registerModelWithVerifier(c, address(rival));
    }

    function test_aVerifierMustBeAContractWithAKey() public {
        IERCZKMLRegistry.ModelCommitment memory c = commitmentOf(address(scorer));
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.VerifierHasNoCode.selector, STRANGER));
        registry.registerModelWithVerifier(c, STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.VerificationKeyMismatch.selector, c.vkHash, bytes32(0)));
        registry.registerModelWithVerifier(c, address(verifier));
        c.proofSystemId = 0x12345678;
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotGroth16.selector, bytes4(0x12345678)));
        registry.registerModelWithVerifier(c, address(scorer));
    }

    function test_aVerifierIsBoundOnce() public {
        address copy = vm.deployCode("scorer.sol:ScorerVerifier");
        vm.startPrank(OWNER);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.VerifierAlreadyBound.selector, scorerId, 1));
        registry.bindVerifier(scorerId, copy);
        uint256 id = registry.registerModel(commitmentOf(address(scorer)));
        assertEq(registry.resolveVerifier(id, 0).verifier, address(0), "none yet");
        registry.bindVerifier(id, copy);
        assertEq(registry.resolveVerifier(id, 0).verifier, copy, "bound");
        assertEq(registry.resolveVerifier(id, 1).codeHash, copy.codehash, "with its code");
        vm.stopPrank();
    }

    function test_anUpdateMakesAVersionAndLeavesTheOldOne() public {
        IERCZKMLRegistry.ModelCommitment memory before = commitmentOf(address(scorer));
        IERCZKMLRegistry.ModelCommitment memory afterwards = commitmentOf(address(rival));
        afterwards.uri = "ipfs://second";
        vm.expectEmit(true, true, true, true, address(registry));
        emit IERCZKMLRegistry.ModelUpdated(scorerId, before, afterwards);
        vm.roll(77);
        vm.prank(OWNER);
        registry.updateModelWithVerifier(scorerId, afterwards, address(rival));

        assertEq(registry.versionOf(scorerId), 2, "version");
        assertEq(registry.resolveVerifier(scorerId, 0).verifier, address(rival), "current");
        assertEq(registry.resolveVerifier(scorerId, 1).verifier, address(scorer), "first");
        (IERCZKMLRegistry.ModelCommitment memory first, address bound,,) = registry.getModelVersion(scorerId, 1);
        assertEq(keccak256(abi.encode(first)), keccak256(abi.encode(before)), "first commitment");
        assertEq(bound, address(scorer), "first verifier");
        (,,, uint256 registeredAt) = registry.getModelVersion(scorerId, 2);
        assertEq(registeredAt, 77, "block");
        assertEq(bytes(registry.tokenURI(scorerId)), bytes("ipfs://second"), "token's metadata");
    }

    function test_anUpdateWithoutVerifierUnbindsTheModel() public {
        IERCZKMLRegistry.ModelCommitment memory c = commitmentOf(address(scorer));
        vm.prank(OWNER);
        registry.updateModel(scorerId, c);
        assertEq(registry.resolveVerifier(scorerId, 0).verifier, address(0), "none");
        assertEq(registry.resolveVerifier(scorerId, 0).codeHash, bytes32(0), "no code");
    }

    function test_aRetiredModelStaysRetired() public {
        vm.startPrank(OWNER);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IERCZKMLRegistry.ModelDeprecated(scorerId);
        registry.deprecateModel(scorerId);
        (, bool deprecated,) = registry.getModel(scorerId);
        assertTrue(deprecated, "retired");
        IERCZKMLRegistry.ModelCommitment memory c = commitmentOf(address(scorer));
        vm.expectRevert(abi.encodeWithSelector(ModelIsDeprecated.selector, scorerId));
        registry.deprecateModel(scorerId);
        vm.expectRevert(abi.encodeWithSelector(ModelIsDeprecated.selector, scorerId));
        registry.updateModel(scorerId, c);
        vm.expectRevert(abi.encodeWithSelector(ModelIsDeprecated.selector, scorerId));
        registry.bindVerifier(scorerId, address(scorer));
        vm.stopPrank();
    }

    function testFuzz_onlyTheOwnerChangesAModel(address caller) public {
        vm.assume(caller != OWNER);
        bytes memory refusal = abi.encodeWithSelector(IModelErrors.NotModelOwner.selector, scorerId, caller);
        IERCZKMLRegistry.ModelCommitment memory c = commitmentOf(address(rival));
        vm.startPrank(caller);
        vm.expectRevert(refusal);
        registry.updateModel(scorerId, c);
        vm.expectRevert(refusal);
        registry.updateModelWithVerifier(scorerId, c, address(rival));
        vm.expectRevert(refusal);
        registry.bindVerifier(scorerId, address(rival));
        vm.expectRevert(refusal);
        registry.deprecateModel(scorerId);
        vm.stopPrank();
    }

    function test_theTokensHolderIsTheOwner() public {
        // In two steps: the holder offers, the new one takes.
        vm.prank(OWNER);
        registry.approve(STRANGER, scorerId);
        vm.startPrank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IModelErrors.NotModelOwner.selector, scorerId, STRANGER));
        registry.deprecateModel(scorerId);
        registry.transferFrom(OWNER, STRANGER, scorerId);
        registry.deprecateModel(scorerId);
        vm.stopPrank();
        (,, address owner) = registry.getModel(scorerId);
        assertEq(owner, STRANGER, "owner");
    }

    function test_aPauseStopsChangesAndTouchesNothing() public {
        IERCZKMLRegistry.ModelCommitment memory c = commitmentOf(address(scorer));
        vm.prank(STRANGER);
        vm.expectRevert();
        registry.pause();
        vm.prank(ADMIN);
        registry.pause();
        vm.startPrank(OWNER);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        registry.registerModel(c);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        registry.updateModel(scorerId, c);
        assertEq(registry.resolveVerifier(scorerId, 0).verifier, address(scorer), "still verifiable");
        registry.deprecateModel(scorerId);
        vm.stopPrank();
        vm.prank(ADMIN);
        registry.unpause();
        registry.registerModel(c);
    }

    function test_theAdministratorChangesInTwoStepsAndADay() public {
        vm.prank(ADMIN);
        registry.beginDefaultAdminTransfer(STRANGER);
        assertEq(registry.owner(), ADMIN, "not yet");
        vm.prank(STRANGER);
        vm.expectRevert();
        registry.acceptDefaultAdminTransfer();
        vm.warp(block.timestamp + 1 days + 1);
        vm.prank(STRANGER);
        registry.acceptDefaultAdminTransfer();
        assertEq(registry.owner(), STRANGER, "accepted");
    }

    function testFuzz_everyCommitmentIsKeptAsGiven(
        bytes32 modelHash,
        bytes32 circuitHash,
        bytes32 vkHash,
        bytes4 proofSystemId,
        string calldata uri
    ) public {
        vm.assume(modelHash != 0 && circuitHash != 0 && vkHash != 0 && proofSystemId != 0);
        IERCZKMLRegistry.ModelCommitment memory c =
            IERCZKMLRegistry.ModelCommitment(modelHash, circuitHash, vkHash, proofSystemId, uri);
        uint256 id = registry.registerModel(c);
        (IERCZKMLRegistry.ModelCommitment memory kept,,) = registry.getModel(id);
        assertEq(keccak256(abi.encode(kept)), keccak256(abi.encode(c)), "kept");
        assertTrue(registry.resolveVerifier(id, 0).proofSystemId == proofSystemId, "proof system");
    }
}
