// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IInferenceVerifier} from "../src/interfaces/IInferenceVerifier.sol";
import {BroadVerifier} from "./generated/broad.sol";
import {OpenVerifier} from "./generated/open.sol";
import {SecretVerifier} from "./generated/secret.sol";
import {SilentVerifier} from "./generated/silent.sol";
import {Batch, Fixtures, Proved} from "./utils/Fixtures.sol";

/// @notice Generated verifiers: what they accept, in which encodings, at what price.
contract GeneratedVerifierTest is Fixtures {
    OpenVerifier internal open;
    SecretVerifier internal secret;
    SilentVerifier internal silent;

    function setUp() public override {
        super.setUp();
        open = OpenVerifier(vm.deployCode("open.sol:OpenVerifier"));
        secret = SecretVerifier(vm.deployCode("secret.sol:SecretVerifier"));
        silent = SilentVerifier(vm.deployCode("silent.sol:SilentVerifier"));
    }

    function test_everyRealProofIsAccepted() public view {
        for (uint256 i = 0; i < proved.length; ++i) {
            assertTrue(verifyScorer(proved[i]), "snarkjs's proof");
            (uint256[3] memory signals) = signalsOf(proved[i]);
            assertTrue(
                scorer.verifyInference(
                    proved[i].inputCommitment, scorer.unpackOutput(proved[i].output), signals[2], proved[i].points
                ),
                "by values"
            );
            assertTrue(check(address(scorer), proved[i]) == IInferenceVerifier.Verdict.Valid, "in ERC-7992's encoding");
        }
    }

    function test_anotherModelsProofIsRefused() public view {
        assertTrue(check(address(rival), proved[0]) == IInferenceVerifier.Verdict.ModelMismatch, "named for the other key");
        Proved memory renamed = proved[0];
        bytes4 tag = bytes4(rival.vkHash());
        for (uint256 i = 0; i < 4; ++i) {
            renamed.proof[i] = tag[i];
        }
        assertTrue(check(address(rival), renamed) == IInferenceVerifier.Verdict.InvalidProof, "though it names this key");
    }

    function test_gasStaysNearThePrecompilesPrice() public view {
        Proved memory item = proved[0];
        bytes memory data = abi.encodeCall(
            scorer.verifyProof, (aOf(item), bOf(item), cOf(item), signalsOf(item))
        );
        address target = address(scorer);
        (bool understood,) = target.staticcall("");
        assertFalse(understood, "no function, but the address is warm now");
        uint256 before = gasleft();
        (bool ok,) = target.staticcall(data);
        uint256 used = before - gasleft();
        assertTrue(ok, "verifies");
        assertTrue(used <= 181_000 + 6_150 * 3 + 2_500, "three signals");
    }

    function test_littleGasRevertsInsteadOfCallingTheProofInvalid() public view {
        Proved memory item = proved[0];
        bytes memory data = abi.encodeCall(scorer.verifyProof, (aOf(item), bOf(item), cOf(item), signalsOf(item)));
        for (uint256 gasLimit = 1_000; gasLimit < 230_000; gasLimit += 3_000) {
            (bool ok, bytes memory answer) = address(scorer).staticcall{gas: gasLimit}(data);
            assertTrue(!ok || abi.decode(answer, (bool)), "starved, not false");
        }
    }

    function test_littleGasRevertsABatchToo() public view {
        Batch memory batch = firstOf(batchOf("scorer"), 4, 32, 256);
        bytes memory data = abi.encodeCall(
            scorer.checkInferences, (batch.inputCommitments, batch.contexts, batch.outputs, batch.proofs)
        );
        for (uint256 gasLimit = 1_000; gasLimit < 420_000; gasLimit += 5_000) {
            (bool ok, bytes memory answer) = address(scorer).staticcall{gas: gasLimit}(data);
            assertTrue(!ok || abi.decode(answer, (uint256)) == 0, "starved, not invalid");
        }
    }

    /// @notice With the least gas that is not refused by a revert, a valid proof is valid: there is no gap between the two in
    /// which it is called invalid, however many words are copied.
    function test_noGasIsTooLittleForTheTruthAndEnoughForAVerdict() public {
        string[4] memory models = ["scorer", "open", "silent", "broad"];
        address[4] memory verifiers = [address(scorer), address(open), address(silent), deployBroad()];
        for (uint256 m = 0; m < models.length; ++m) {
            Proved memory item = itemsOf(models[m])[0];
            requireNoGap(
                verifiers[m],
                abi.encodeCall(
                    IInferenceVerifier.checkInference, (item.inputCommitment, item.context, item.output, item.proof)
                )
            );
            uint8[3] memory sizes = [1, 7, 128];
            for (uint256 s = 0; s < sizes.length; ++s) {
                Batch memory batch = repeated(item, sizes[s]);
                requireNoGap(
                    verifiers[m],
                    abi.encodeCall(
                        IInferenceVerifier.checkInferences,
                        (batch.inputCommitments, batch.contexts, batch.outputs, batch.proofs)
                    )
                );
            }
        }
    }

    function deployBroad() private returns (address) {
        return address(BroadVerifier(vm.deployCode("broad.sol:BroadVerifier")));
    }

    /// @notice One inference many times, which a verifier does not mind.
    function repeated(Proved memory item, uint256 count) private pure returns (Batch memory batch) {
        batch.inputCommitments = new bytes32[](count);
        batch.contexts = new uint256[](count);
        (uint256 outputSize, uint256 size) = (item.output.length, item.proof.length - 4);
        batch.outputs = new bytes(count * outputSize);
        batch.proofs = new bytes(4 + count * size);
        (bytes memory outputs, bytes memory proofs) = (batch.outputs, batch.proofs);
        (bytes memory output, bytes memory proof) = (item.output, item.proof);
        assembly ("memory-safe") {
            mcopy(add(proofs, 0x20), add(proof, 0x20), 4)
            for { let i := 0 } lt(i, count) { i := add(i, 1) } {
                mcopy(add(add(outputs, 0x20), mul(i, outputSize)), add(output, 0x20), outputSize)
                mcopy(add(add(proofs, 0x24), mul(i, size)), add(proof, 0x24), size)
            }
        }
        for (uint256 i = 0; i < count; ++i) {
            (batch.inputCommitments[i], batch.contexts[i]) = (item.inputCommitment, item.context);
        }
    }

    /// @notice Finds the least gas with which a call returns, and requires that it then says Valid, and so with a little more.
    function requireNoGap(address target, bytes memory data) private view {
        (uint256 low, uint256 high) = (0, 40_000_000);
        while (high - low > 1) {
            uint256 middle = (low + high) / 2;
            (bool returned,) = target.staticcall{gas: middle}(data);
            if (returned) high = middle;
            else low = middle;
        }
        for (uint256 more = 0; more < 8; ++more) {
            (bool ok, bytes memory answer) = target.staticcall{gas: high + more * more * 997}(data);
            assertTrue(ok, "returns");
            assertEq(abi.decode(answer, (uint256)), 0, "valid, as soon as it returns");
        }
    }

    function test_keyAndItsHashBelongTogether() public view {
        assertEq(keccak256(abi.encodePacked(scorer.verificationKey())), scorer.vkHash(), "scorer");
        assertEq(keccak256(abi.encodePacked(open.verificationKey())), open.vkHash(), "open");
        assertEq(scorer.verificationKey().length, 14 + 2 * 4, "words");
        assertFalse(scorer.vkHash() == rival.vkHash(), "two keys");
    }

    function test_batchesOfEverySizeAreAccepted() public view {
        for (uint256 count = 1; count <= 64; ++count) {
            (uint256[8][] memory points, uint256[3][] memory signals) = batchArrays(count);
            assertTrue(scorer.verifyBatch(points, signals), "by signals");
            signals[count / 2][0] ^= 1;
            assertFalse(scorer.verifyBatch(points, signals), "one forged");
            if (count > proved.length) continue;
            Batch memory batch = firstOf(batchOf("scorer"), count, 32, 256);
            assertTrue(checkBatch(address(scorer), batch) == IInferenceVerifier.Verdict.Valid, "in ERC-7992's encoding");
        }
    }

    function test_batchesHaveBounds() public view {
        (uint256[8][] memory points, uint256[3][] memory signals) = batchArrays(0);
        assertFalse(scorer.verifyBatch(points, signals), "empty");
        (points, signals) = batchArrays(129);
        assertFalse(scorer.verifyBatch(points, signals), "129");
        (points,) = batchArrays(2);
        (, signals) = batchArrays(3);
        assertFalse(scorer.verifyBatch(points, signals), "different lengths");
    }

    function test_largestBatchIsAccepted() public view {
        (uint256[8][] memory points, uint256[3][] memory signals) = batchArrays(128);
        assertTrue(scorer.verifyBatch(points, signals), "128 proofs");
    }

    function test_errorsThatCancelInASumAreFoundInABatch() public view {
        (uint256[8][] memory points, uint256[3][] memory signals) = batchArrays(2);
        // Without random coefficients exchanged C's would pass: their sum is the same.
        (points[0][6], points[1][6]) = (points[1][6], points[0][6]);
        (points[0][7], points[1][7]) = (points[1][7], points[0][7]);
        assertFalse(scorer.verifyBatch(points, signals), "exchanged C");
        (points, signals) = batchArrays(2);
        (signals[0][0], signals[1][0]) = (signals[0][0] + 1, signals[1][0] - 1);
        assertFalse(scorer.verifyBatch(points, signals), "signals up and down by one");
        (points, signals) = batchArrays(2);
        (signals[0], signals[1]) = (signals[1], signals[0]);
        assertFalse(scorer.verifyBatch(points, signals), "exchanged signals");
    }

    function test_publicInputIsBoundToItsCommitment() public view {
        Proved[] memory items = itemsOf("open");
        for (uint256 i = 0; i < items.length; ++i) {
            assertTrue(check(address(open), items[i]) == IInferenceVerifier.Verdict.Valid, "accepted");
            bytes memory input = abi.encodePacked(items[i].signals[7]);
            assertEq(keccak256(abi.encodePacked("zkinfer public input v1", input)), items[i].inputCommitment, "hash");
            items[i].inputCommitment = bytes32(uint256(items[i].inputCommitment) + 1);
            assertTrue(
                check(address(open), items[i]) == IInferenceVerifier.Verdict.InputCommitmentMismatch, "another commitment"
            );
        }
        assertTrue(checkBatch(address(open), batchOf("open")) == IInferenceVerifier.Verdict.Valid, "batch");
    }

    function test_publicInputIsPackedForItsProof() public view {
        Proved[] memory items = itemsOf("open");
        int256[4] memory pixels = [int256(uint256(items[3].signals[7])), 0, 0, 0];
        assertTrue(
            open.verifyInference(pixels, open.unpackOutput(items[3].output), items[3].context, items[3].points), "by values"
        );
        pixels[1] = 1;
        assertFalse(
            open.verifyInference(pixels, open.unpackOutput(items[3].output), items[3].context, items[3].points), "another input"
        );
    }

    function test_hashedOutputAndPrivateInputAreAccepted() public view {
        Proved[] memory items = itemsOf("secret");
        assertTrue(check(address(secret), items[0]) == IInferenceVerifier.Verdict.Valid, "accepted");
        assertTrue(secret.verifyInference(bytes32(items[0].output), items[0].context, items[0].points), "by values");
        items[0].inputCommitment = bytes32(uint256(1));
        assertTrue(
            check(address(secret), items[0]) == IInferenceVerifier.Verdict.InputCommitmentMismatch, "commitment to nothing"
        );
        items[1].output = abi.encode(R + 7778);
        assertTrue(check(address(secret), items[1]) == IInferenceVerifier.Verdict.OutputMismatch, "commitment plus modulus");
        assertTrue(checkBatch(address(secret), batchOf("secret")) == IInferenceVerifier.Verdict.Valid, "batch");
    }

    function test_aModelThatShowsNothingIsAccepted() public view {
        Proved[] memory items = itemsOf("silent");
        assertEq(items[0].output.length, 0, "no output");
        assertTrue(check(address(silent), items[0]) == IInferenceVerifier.Verdict.Valid, "accepted");
        assertTrue(silent.verifyInference(items[0].context, items[0].points), "by values");
        assertTrue(checkBatch(address(silent), batchOf("silent")) == IInferenceVerifier.Verdict.Valid, "batch");
    }

    function test_formatsAreTheManifests() public view {
        (uint256[] memory shape, uint256 scale, int256 offset, uint256 bits, uint256 perWord) = scorer.outputFormat();
        assertEq(shape.length, 2, "rank");
        assertEq(shape[0] * shape[1], 10, "elements");
        assertEq(scale, 1e36 / 128, "scale");
        assertTrue(offset == -524288, "offset");
        assertEq(bits, 20, "bits");
        assertEq(perWord, 12, "elements a word");
    }

    function testFuzz_packingIsUndone(int256[10] memory scores) public view {
        for (uint256 i = 0; i < 10; ++i) {
            scores[i] = int256(uint256(scores[i]) % (1 << 20)) - 524288;
        }
        bytes memory packed = scorer.packOutput(scores);
        assertEq(packed.length, 32, "one word");
        assertEq(keccak256(abi.encode(scorer.unpackOutput(packed))), keccak256(abi.encode(scores)), "the same scores");
    }

    function testFuzz_packingOfManyWordsIsUndone(int256[14] memory elements) public view {
        for (uint256 i = 0; i < 14; ++i) {
            elements[i] = int256(uint256(elements[i]) % ((1 << 41) + 1)) - (1 << 40);
        }
        bytes memory packed = open.packOutput(elements);
        assertEq(packed.length, 7 * 32, "seven words");
        assertEq(keccak256(abi.encode(open.unpackOutput(packed))), keccak256(abi.encode(elements)), "the same elements");
    }

    function testFuzz_elementsOutOfRangeAreRefused(int256 score, uint256 place) public {
        vm.assume(score < -524288 || score > 524287);
        int256[10] memory scores;
        scores[place % 10] = score;
        vm.expectRevert(bytes4(keccak256("ElementOutOfRange()")));
        scorer.packOutput(scores);
        assertFalse(scorer.verifyInference(bytes32(0), scores, 0, proved[0].points), "false, no revert");
    }

    function verifyScorer(Proved memory item) private view returns (bool) {
        return scorer.verifyProof(aOf(item), bOf(item), cOf(item), signalsOf(item));
    }

    function check(address generated, Proved memory item) private view returns (IInferenceVerifier.Verdict) {
        return IInferenceVerifier(generated).checkInference(
            item.inputCommitment, item.context, item.output, item.proof
        );
    }

    function checkBatch(address generated, Batch memory batch) private view returns (IInferenceVerifier.Verdict) {
        return IInferenceVerifier(generated).checkInferences(
            batch.inputCommitments, batch.contexts, batch.outputs, batch.proofs
        );
    }

    function batchArrays(uint256 count)
        private
        view
        returns (uint256[8][] memory points, uint256[3][] memory signals)
    {
        points = new uint256[8][](count);
        signals = new uint256[3][](count);
        for (uint256 i = 0; i < count; ++i) {
            Proved memory item = proved[i % proved.length];
            (points[i], signals[i]) = (item.points, signalsOf(item));
        }
    }

    function aOf(Proved memory item) private pure returns (uint256[2] memory) {
        return [item.points[0], item.points[1]];
    }

    function bOf(Proved memory item) private pure returns (uint256[2][2] memory) {
        return [[item.points[2], item.points[3]], [item.points[4], item.points[5]]];
    }

    function cOf(Proved memory item) private pure returns (uint256[2] memory) {
        return [item.points[6], item.points[7]];
    }

    function signalsOf(Proved memory item) private pure returns (uint256[3] memory) {
        return [item.signals[0], item.signals[1], item.signals[2]];
    }
}
