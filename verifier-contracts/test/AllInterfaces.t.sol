// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IAttestations} from "../src/interfaces/IAttestations.sol";
import {IERCZKMLRegistry} from "../src/interfaces/IERCZKMLRegistry.sol";
import {IERCZKMLStorageExtension} from "../src/interfaces/IERCZKMLStorageExtension.sol";
import {IERCZKMLVerifier} from "../src/interfaces/IERCZKMLVerifier.sol";
import {IInferenceVerifier} from "../src/interfaces/IInferenceVerifier.sol";
import {IModelErrors} from "../src/interfaces/IModelErrors.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {IAgentIdentities} from "../src/ledger/interfaces/IAgentIdentities.sol";
import {IInferenceMarket} from "../src/ledger/interfaces/IInferenceMarket.sol";
import {IModelLicences} from "../src/ledger/interfaces/IModelLicences.sol";
import {IModelRoyalties} from "../src/ledger/interfaces/IModelRoyalties.sol";
import {IProofValidator} from "../src/ledger/interfaces/IProofValidator.sol";
import {IProvenanceLedger} from "../src/ledger/interfaces/IProvenanceLedger.sol";
import {ISchemaResolver} from "../src/ledger/interfaces/ISchemaResolver.sol";
import {IValidationRegistry} from "../src/ledger/interfaces/IValidationRegistry.sol";
import {IScoreBoard} from "../src/interfaces/IScoreBoard.sol";
import {Test} from "./utils/Test.sol";

/// @notice Compiles only while no error, event or type is declared by two interfaces: a contract may implement them all.
abstract contract AllInterfaces is
    IAttestations,
    IERCZKMLStorageExtension,
    IERCZKMLVerifier,
    IInferenceVerifier,
    IModelRegistry,
    IScoreBoard,
    IAgentIdentities,
    IInferenceMarket,
    IModelLicences,
    IModelRoyalties,
    IProofValidator,
    IProvenanceLedger,
    ISchemaResolver,
    IValidationRegistry
{
    function registry()
        external
        view
        virtual
        override(IERCZKMLVerifier, IInferenceMarket, IProvenanceLedger)
        returns (address);
}

/// @notice Errors that moved keep their selectors.
contract AllInterfacesTest is Test {
    function test_sharedErrorsAreTheErcsAndEveryInterfaces() public pure {
        assertTrue(
            IModelErrors.NotModelOwner.selector == bytes4(keccak256("NotModelOwner(uint256,address)")), "ERC-7992's"
        );
        assertTrue(
            IModelErrors.ModelVersionNotFound.selector == bytes4(keccak256("ModelVersionNotFound(uint256,uint32)")),
            "the registry's"
        );
        bytes4 id = bytes4(
            keccak256("registerModel((bytes32,bytes32,bytes32,bytes4,string))")
        ) ^ bytes4(keccak256("updateModel(uint256,(bytes32,bytes32,bytes32,bytes4,string))"))
            ^ bytes4(keccak256("deprecateModel(uint256)")) ^ bytes4(keccak256("getModel(uint256)"));
        assertTrue(type(IERCZKMLRegistry).interfaceId == id, "errors are no part of an interface's identifier");
    }
}
