// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Batch, Fixtures, Proved} from "./utils/Fixtures.sol";

/// @notice Damaged proofs, signals and calldata: none is accepted, and content never makes a verifier revert.
/// @dev `words` below is the calldata of verifyProof: eight words of points, three of signals.
contract MutationsTest is Fixtures {
    uint256 private constant POINTS = 8;
    uint256 private constant WORDS = 11;

    function test_everyPointAtInfinityIsRefused() public view {
        uint256[WORDS] memory words = wordsOf(proved[0]);
        // A, B, C and all of their unions.
        for (uint256 union = 1; union < 8; ++union) {
            uint256[WORDS] memory damaged = words;
            if (union & 1 != 0) (damaged[0], damaged[1]) = (0, 0);
            if (union & 2 != 0) (damaged[2], damaged[3], damaged[4], damaged[5]) = (0, 0, 0, 0);
            if (union & 4 != 0) (damaged[6], damaged[7]) = (0, 0);
            refuse(damaged);
            words = wordsOf(proved[0]);
        }
        // Infinity as its negation leaves it: y = P.
        (words[0], words[1]) = (0, P);
        refuse(words);
    }

    function test_swappedG2CoordinatesAreRefused() public view {
        uint256[WORDS] memory words = wordsOf(proved[0]);
        (words[2], words[3]) = (words[3], words[2]);
        refuse(words);
        (words[4], words[5]) = (words[5], words[4]);
        refuse(words);
        (words[2], words[3]) = (words[3], words[2]);
        refuse(words);
    }

    function test_everyWordPlusItsModulusIsRefused() public view {
        for (uint256 i = 0; i < WORDS; ++i) {
            uint256[WORDS] memory words = wordsOf(proved[i % proved.length]);
            uint256 modulus = i < POINTS ? P : R;
            for (uint256 k = 1; k <= 5; ++k) {
                unchecked {
                    words[i] += modulus;
                }
                refuse(words);
            }
        }
    }

    function test_negatedPointsAreRefused() public view {
        uint256[WORDS] memory words = wordsOf(proved[0]);
        words[1] = P - words[1];
        refuse(words);
        words[7] = P - words[7];
        refuse(words);
        words[1] = P - words[1];
        refuse(words);
    }

    function test_negatedAAndBAreAnotherProofOfTheSame() public view {
        // e(-A, -B) = e(A, B): Groth16 proofs can be re-randomized, which is why no replay rule may look at their bytes.
        uint256[WORDS] memory words = wordsOf(proved[0]);
        (words[1], words[4], words[5]) = (P - words[1], P - words[4], P - words[5]);
        assertTrue(accepts(address(scorer), calldataOf(words)), "accepted");
    }

    function test_aPointOutsideTheSubgroupIsRefused() public view {
        // On the twist y^2 = x^3 + 3 / (9 + i), but not of order R: x = 1 + 0i has a y there.
        uint256[WORDS] memory words = wordsOf(proved[0]);
        (words[2], words[3]) = (0, 1);
        refuse(words);
    }

    function testFuzz_damagedProofsAndSignalsAreRefused(uint256 pick, uint256 place, uint256 how, uint256 noise) public view {
        uint256[WORDS] memory words = wordsOf(proved[pick % proved.length]);
        place %= WORDS;
        uint256 word = damage(words[place], how, noise, words[noise % WORDS]);
        vm.assume(word != words[place]);
        words[place] = word;
        refuse(words);
    }

    function testFuzz_aBatchWithOneDamagedWordIsRefused(
        uint256 size,
        uint256 pick,
        uint256 place,
        uint256 how,
        uint256 noise
    ) public view {
        size = 1 + size % 5;
        uint256[8][] memory points = new uint256[8][](size);
        uint256[3][] memory signals = new uint256[3][](size);
        for (uint256 i = 0; i < size; ++i) {
            uint256[WORDS] memory words = wordsOf(proved[(pick % 16 + i) % proved.length]);
            if (i == noise % size) {
                place %= WORDS;
                uint256 word = damage(words[place], how, noise, words[noise % WORDS]);
                vm.assume(word != words[place]);
                words[place] = word;
            }
            for (uint256 w = 0; w < WORDS; ++w) {
                if (w < POINTS) points[i][w] = words[w];
                else signals[i][w - POINTS] = words[w];
            }
        }
        assertFalse(scorer.verifyBatch(points, signals), "refused");
    }

    function testFuzz_shortenedCalldataIsRefused(uint256 pick, uint256 length) public view {
        bytes memory data = calldataOf(wordsOf(proved[pick % proved.length]));
        assertFalse(accepts(address(scorer), head(data, length % data.length)), "cut");
    }

    function test_everyMixtureOfTwoProofsIsRefused() public view {
        // Some of A, B, C and the signals come from another valid proof of the same prover.
        uint256[WORDS] memory others = wordsOf(proved[1]);
        uint8[7] memory ends = [0, 2, 6, 8, 9, 10, 11];
        for (uint256 mask = 1; mask < 63; ++mask) {
            uint256[WORDS] memory words = wordsOf(proved[0]);
            for (uint256 part = 0; part < 6; ++part) {
                if ((mask >> part) & 1 == 0) continue;
                for (uint256 i = ends[part]; i < ends[part + 1]; ++i) {
                    words[i] = others[i];
                }
            }
            refuse(words);
        }
    }

    function test_everyFlippedByteOfAnInferenceIsRefused() public view {
        Proved memory item = proved[2];
        for (uint256 place = 0; place < 32; ++place) {
            bytes32 flipped = item.inputCommitment ^ bytes32(uint256(0x11) << (8 * place));
            assertTrue(uint8(scorer.checkInference(flipped, item.context, item.output, item.proof)) != 0, "input commitment");
            uint256 context = item.context ^ (uint256(0x11) << (8 * place));
            assertTrue(uint8(scorer.checkInference(item.inputCommitment, context, item.output, item.proof)) != 0, "context");
            bytes memory output = flip(item.output, place);
            assertTrue(uint8(scorer.checkInference(item.inputCommitment, item.context, output, item.proof)) != 0, "output");
        }
        for (uint256 place = 0; place < item.proof.length; ++place) {
            bytes memory proof = flip(item.proof, place);
            assertTrue(uint8(scorer.checkInference(item.inputCommitment, item.context, item.output, proof)) != 0, "proof");
        }
    }

    function test_everyFlippedByteOfABatchIsRefused() public view {
        Batch memory batch = batchOfTwo();
        for (uint256 place = 0; place < 64; ++place) {
            bytes32 word = batch.inputCommitments[place & 1];
            batch.inputCommitments[place & 1] = word ^ bytes32(uint256(0x21) << (8 * (place >> 1)));
            refuseBatch(batch);
            batch.inputCommitments[place & 1] = word;
            uint256 context = batch.contexts[place & 1];
            batch.contexts[place & 1] = context ^ (uint256(0x21) << (8 * (place >> 1)));
            refuseBatch(batch);
            batch.contexts[place & 1] = context;
            batch.outputs = flip(batch.outputs, place);
            refuseBatch(batch);
            batch.outputs = flip(batch.outputs, place);
        }
        for (uint256 place = 0; place < batch.proofs.length; ++place) {
            batch.proofs = flip(batch.proofs, place);
            refuseBatch(batch);
            batch.proofs = flip(batch.proofs, place);
        }
    }

    function test_emptyAndOverlongBytesAreRefused() public view {
        Proved memory item = proved[3];
        for (uint256 length = 0; length < item.proof.length; ++length) {
            bytes memory proof = head(item.proof, length);
            assertTrue(uint8(scorer.checkInference(item.inputCommitment, item.context, item.output, proof)) != 0, "short");
        }
        for (uint256 extra = 1; extra < 40; ++extra) {
            bytes memory proof = bytes.concat(item.proof, new bytes(extra));
            assertTrue(uint8(scorer.checkInference(item.inputCommitment, item.context, item.output, proof)) != 0, "long proof");
            bytes memory output = bytes.concat(item.output, new bytes(extra));
            assertTrue(uint8(scorer.checkInference(item.inputCommitment, item.context, output, item.proof)) != 0, "long output");
        }
        assertTrue(uint8(scorer.checkInference(item.inputCommitment, item.context, "", item.proof)) != 0, "no output");
    }

    function testFuzz_noiseIsRefused(bytes32 inputCommitment, uint256 context, bytes memory output, bytes memory proof) public view {
        assertTrue(uint8(scorer.checkInference(inputCommitment, context, output, proof)) != 0, "noise");
    }

    /// @notice Another value for a word: a flipped bit, a neighbour, a modulus more, another word of the proof, or noise.
    function damage(uint256 word, uint256 how, uint256 noise, uint256 other) private pure returns (uint256) {
        how %= 7;
        unchecked {
            if (how == 0) return word ^ (1 << (noise % 256));
            if (how == 1) return word + 1;
            if (how == 2) return word - 1;
            if (how == 3) return word + R;
            if (how == 4) return word + P;
            if (how == 5) return other;
            return noise;
        }
    }

    function refuse(uint256[WORDS] memory words) private view {
        (bool ok, bytes memory answer) = address(scorer).staticcall(calldataOf(words));
        assertTrue(ok, "no revert");
        assertEq(abi.decode(answer, (uint256)), 0, "refused");
    }

    function refuseBatch(Batch memory batch) private view {
        assertTrue(
            uint8(scorer.checkInferences(batch.inputCommitments, batch.contexts, batch.outputs, batch.proofs)) != 0,
            "a damaged batch"
        );
    }

    /// @notice Another byte in one place; twice is none.
    function flip(bytes memory data, uint256 place) private pure returns (bytes memory flipped) {
        flipped = bytes.concat(data);
        flipped[place] ^= 0x21;
    }

    function calldataOf(uint256[WORDS] memory words) private view returns (bytes memory) {
        return abi.encodePacked(scorer.verifyProof.selector, words);
    }

    function wordsOf(Proved memory item) private pure returns (uint256[WORDS] memory words) {
        for (uint256 i = 0; i < POINTS; ++i) {
            words[i] = item.points[i];
        }
        for (uint256 i = POINTS; i < WORDS; ++i) {
            words[i] = item.signals[i - POINTS];
        }
    }

    function batchOfTwo() private view returns (Batch memory batch) {
        batch.inputCommitments = new bytes32[](2);
        batch.contexts = new uint256[](2);
        batch.proofs = abi.encodePacked(bytes4(scorer.vkHash()), proved[0].points, proved[1].points);
        batch.outputs = abi.encodePacked(proved[0].output, proved[1].output);
        for (uint256 i = 0; i < 2; ++i) {
            (batch.inputCommitments[i], batch.contexts[i]) = (proved[i].inputCommitment, proved[i].context);
        }
    }
}
