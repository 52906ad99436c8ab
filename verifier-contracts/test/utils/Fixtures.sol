// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ModelRegistry} from "../../src/ModelRegistry.sol";
import {ZKMLVerifier} from "../../src/ZKMLVerifier.sol";
import {IERCZKMLRegistry} from "../../src/interfaces/IERCZKMLRegistry.sol";
import {IInferenceVerifier} from "../../src/interfaces/IInferenceVerifier.sol";
import {ProofSystem} from "../../src/libraries/ProofSystem.sol";
import {RivalVerifier} from "../generated/rival.sol";
import {ScorerVerifier} from "../generated/scorer.sol";
import {Test} from "./Test.sol";

/// @notice One proved inference, in every encoding.
struct Proved {
    bytes32 inputCommitment;
    bytes output;
    uint256 context;
    /// Of the context.
    uint256 nonce;
    bytes proof;
    uint256[8] points;
    uint256[] signals;
}

/// @notice Many, as `checkInferences` takes them.
struct Batch {
    bytes32[] inputCommitments;
    uint256[] contexts;
    bytes outputs;
    bytes proofs;
}

/// @dev Contracts come from their artifacts: a test that says `new` makes solc optimize its own copy of them, which takes minutes.
/// @notice A registry with the models `scorer` (real proofs) and `rival`, and ERC-7992's verifier.
abstract contract Fixtures is Test {
    /// Order of BN254's base field.
    uint256 internal constant P = 21888242871839275222246405745257275088696311157297823662689037894645226208583;
    /// Order of BN254's scalar field.
    uint256 internal constant R = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
    /// Whom all contexts name.
    address internal constant PROVER = 0x1000000000000000000000000000000000000001;
    /// The contracts that the proofs of "scorer" and those of "payout" are made for, on `CHAIN_ID`.
    address internal constant ATTESTATIONS = 0x2000000000000000000000000000000000000002;
    address internal constant PAYOUT = 0x3000000000000000000000000000000000000003;
    uint256 internal constant CHAIN_ID = 31337;
    address internal constant ADMIN = address(0xAD);
    address internal constant OWNER = address(0x0111);
    address internal constant STRANGER = address(0x5757);

    ModelRegistry internal registry;
    ZKMLVerifier internal verifier;
    ScorerVerifier internal scorer;
    RivalVerifier internal rival;
    uint256 internal scorerId;
    uint256 internal rivalId;
    Proved[] internal proved;

    function setUp() public virtual {
        registry = ModelRegistry(vm.deployCode("ModelRegistry.sol:ModelRegistry", abi.encode(ADMIN, 1 days)));
        verifier = ZKMLVerifier(deployAt("ZKMLVerifier.sol:ZKMLVerifier", abi.encode(registry), ATTESTATIONS));
        assertEq(block.chainid, CHAIN_ID, "the chain that the proofs are made for");
        scorer = ScorerVerifier(vm.deployCode("scorer.sol:ScorerVerifier"));
        rival = RivalVerifier(vm.deployCode("rival.sol:RivalVerifier"));
        IERCZKMLRegistry.ModelCommitment memory scorerCommitment = commitmentOf(address(scorer));
        IERCZKMLRegistry.ModelCommitment memory rivalCommitment = commitmentOf(address(rival));
        vm.startPrank(OWNER);
        scorerId = registry.registerModelWithVerifier(scorerCommitment, address(scorer));
        rivalId = registry.registerModelWithVerifier(rivalCommitment, address(rival));
        vm.stopPrank();
        Proved[] memory items = itemsOf("scorer");
        for (uint256 i = 0; i < items.length; ++i) {
            proved.push(items[i]);
        }
    }

    /// @notice Creates a contract at a chosen address. Its constructor runs there, and must not set storage.
    function deployAt(string memory artifact, bytes memory constructorArguments, address where) internal returns (address) {
        vm.etch(where, bytes.concat(vm.getCode(artifact), constructorArguments));
        (bool ok, bytes memory code) = where.call("");
        assertTrue(ok, "constructed");
        vm.etch(where, code);
        return where;
    }

    function commitmentOf(address generated) internal view returns (IERCZKMLRegistry.ModelCommitment memory) {
        return IERCZKMLRegistry.ModelCommitment({
            modelHash: keccak256("model"),
            circuitHash: keccak256("circuit"),
            vkHash: IInferenceVerifier(generated).vkHash(),
            proofSystemId: ProofSystem.GROTH16_BN254_V1,
            uri: "ipfs://model"
        });
    }

    /// @notice ERC-7992's `proof` of an item: the nonce, then what the generated verifier reads.
    function ercProof(Proved memory item) internal pure returns (bytes memory) {
        return bytes.concat(bytes32(item.nonce), item.proof);
    }

    /// @notice The nonces of the first `count` items.
    function noncesTo(uint256 count) internal pure returns (uint256[] memory nonces) {
        nonces = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            nonces[i] = i + 1;
        }
    }

    function itemsOf(string memory model) internal view returns (Proved[] memory) {
        return abi.decode(vm.parseJsonBytes(json(model), ".items"), (Proved[]));
    }

    function batchOf(string memory model) internal view returns (Batch memory) {
        return abi.decode(vm.parseJsonBytes(json(model), ".batch"), (Batch));
    }

    function json(string memory model) private view returns (string memory) {
        return vm.readFile(string.concat("./verifier-contracts/test/generated/", model, ".json"));
    }

    /// @notice The first `count` items of a batch.
    function firstOf(Batch memory batch, uint256 count, uint256 outputSize, uint256 stride)
        internal
        pure
        returns (Batch memory part)
    {
        part.inputCommitments = new bytes32[](count);
        part.contexts = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            part.inputCommitments[i] = batch.inputCommitments[i];
            part.contexts[i] = batch.contexts[i];
        }
        part.outputs = head(batch.outputs, count * outputSize);
        part.proofs = head(batch.proofs, 4 + count * stride);
    }

    function head(bytes memory data, uint256 length) internal pure returns (bytes memory part) {
        part = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            part[i] = data[i];
        }
    }

    /// @notice Whether a call to the generated verifier says yes; a revert is a no.
    function accepts(address generated, bytes memory data) internal view returns (bool) {
        (bool ok, bytes memory answer) = generated.staticcall(data);
        return ok && answer.length == 32 && abi.decode(answer, (uint256)) == 1;
    }
}
