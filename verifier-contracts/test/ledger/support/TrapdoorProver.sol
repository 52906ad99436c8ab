// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {TrapdoorSecrets} from "../../generated/trapdoor.sol";

/// @title Groth16 proofs of `TrapdoorVerifier`'s key for any signals, by its known secrets.
/// @dev A = a G1, B = G2's generator, C = ((a - alpha beta - sum of s_i ic_i) / delta) G1. The verifier runs its whole pairing
/// on them: nothing on its side is simulated.
library TrapdoorProver {
    uint256 private constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
    uint256 private constant G2_X1 = 0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2;
    uint256 private constant G2_X0 = 0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed;
    uint256 private constant G2_Y1 = 0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b;
    uint256 private constant G2_Y0 = 0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa;

    /// A proof blob (see `IInferenceVerifier`); `blinding` re-randomizes it.
    function prove(bytes4 keyTag, uint256 output, bytes32 inputCommitment, uint256 context, uint256 blinding)
        internal
        view
        returns (bytes memory proof)
    {
        uint256 a = 1 + blinding % (R - 1);
        uint256 sum = addmod(TrapdoorSecrets.IC0, mulmod(output, TrapdoorSecrets.IC1, R), R);
        sum = addmod(sum, mulmod(uint256(inputCommitment), TrapdoorSecrets.IC2, R), R);
        sum = addmod(sum, mulmod(context, TrapdoorSecrets.IC3, R), R);
        sum = addmod(sum, TrapdoorSecrets.ALPHA_BETA, R);
        uint256 c = mulmod(addmod(a, R - sum, R), TrapdoorSecrets.DELTA_INVERSE, R);
        (uint256 ax, uint256 ay) = _timesG1(a);
        (uint256 cx, uint256 cy) = _timesG1(c);
        return abi.encodePacked(keyTag, ax, ay, G2_X1, G2_X0, G2_Y1, G2_Y0, cx, cy);
    }

    function _timesG1(uint256 scalar) private view returns (uint256 x, uint256 y) {
        (bool ok, bytes memory point) = address(7).staticcall(abi.encode(1, 2, scalar));
        require(ok, "ecMul");
        return abi.decode(point, (uint256, uint256));
    }
}
