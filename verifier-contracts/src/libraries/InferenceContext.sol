// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title The public signal that binds a proof to its user.
/// @dev Bits 0..159 hold the address that may use the proof, bits 160..223 a number of the prover's choice, the rest is
/// zero, so that every context lies below the scalar field's order.
library InferenceContext {
    /// @notice The context of `user`'s proof number `nonce`.
    function encode(address user, uint64 nonce) internal pure returns (uint256 context) {
        return (uint256(nonce) << 160) | uint160(user);
    }

    /// @notice Whether `context` is well formed and names `user`.
    function names(uint256 context, address user) internal pure returns (bool) {
        // No bit above the nonce, and the low 160 bits are the user's.
        return (context ^ uint160(user)) & ~(uint256(type(uint64).max) << 160) == 0;
    }

    /// @notice The address that a context names.
    function userOf(uint256 context) internal pure returns (address user) {
        return address(uint160(context));
    }
}
