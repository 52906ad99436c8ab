// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IProvenanceLedger} from "../../src/ledger/interfaces/IProvenanceLedger.sol";
import {LedgerTest} from "./support/LedgerTest.sol";

/// @title Random artifacts with random parents, on record or not.
contract ProvenanceHandler is LedgerTest {
    bytes32[] private ids;
    mapping(bytes32 id => bytes32[]) private parentsOf;
    mapping(bytes32 id => bytes32) private headers;

    function record(uint8 kind, uint8 parents, uint256 seed, uint8 unknown) external {
        bytes32[] memory chosen = new bytes32[](parents % 4);
        for (uint256 i = 0; i < chosen.length; ++i) {
            uint256 roll = uint256(keccak256(abi.encode(seed, i)));
            chosen[i] = ids.length == 0 || unknown % 16 == i ? bytes32(roll) : ids[roll % ids.length];
        }
        IProvenanceLedger.Artifact memory artifact = _artifact(
            IProvenanceLedger.Kind(1 + kind % 5), bytes32(seed), chosen, chosen.length > 0 ? 5000 : 0, _account("alice")
        );
        vm.prank(_account("alice"));
        try provenance.record(artifact, new bytes[](1)) returns (bytes32 id) {
            ids.push(id);
            parentsOf[id] = chosen;
            headers[id] = keccak256(abi.encode(provenance.headerOf(id)));
        } catch {
            _assertTrue(!_wellFormed(artifact), "refused what is well formed");
        }
    }

    /// The artifacts from number `first` on are as they were recorded, and younger than their parents.
    function check(uint256 first) external view {
        _assertEq(provenance.artifactCount(), ids.length, "count");
        for (uint256 i = first; i < ids.length; ++i) {
            IProvenanceLedger.Header memory header = provenance.headerOf(ids[i]);
            _assertEq(keccak256(abi.encode(header)), headers[ids[i]], "unchanged");
            _assertEq(header.index, i + 1, "in order");
            for (uint256 k = 0; k < parentsOf[ids[i]].length; ++k) {
                IProvenanceLedger.Header memory parent = provenance.headerOf(parentsOf[ids[i]][k]);
                _assertTrue(parent.index > 0 && parent.index < header.index, "every parent is older: no cycle");
            }
        }
    }

    function count() external view returns (uint256) {
        return ids.length;
    }

    function _wellFormed(IProvenanceLedger.Artifact memory artifact) private view returns (bool) {
        if (artifact.parents.length == 0 && artifact.kind != IProvenanceLedger.Kind.DataSet) return false;
        if (artifact.contentHash == 0) return false;
        for (uint256 i = 0; i < artifact.parents.length; ++i) {
            if (provenance.headerOf(artifact.parents[i]).index == 0) return false;
            for (uint256 j = 0; j < i; ++j) {
                if (artifact.parents[i] == artifact.parents[j]) return false;
            }
        }
        return provenance.headerOf(provenance.idOf(artifact)).index == 0;
    }
}

/// @title Provenance only grows and has no cycle.
contract ProvenanceInvariants {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    ProvenanceHandler private handler;

    function setUp() external {
        handler = new ProvenanceHandler();
        handler.setUp();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0].addr = address(handler);
        targets[0].selectors = new bytes4[](1);
        targets[0].selectors[0] = ProvenanceHandler.record.selector;
    }

    /// All of them at a run's end; the last few after each step.
    function afterInvariant() external view {
        handler.check(0);
    }

    function invariant_ProvenanceOnlyGrowsAndHasNoCycle() external view {
        uint256 count = handler.count();
        handler.check(count > 3 ? count - 3 : 0);
    }
}
