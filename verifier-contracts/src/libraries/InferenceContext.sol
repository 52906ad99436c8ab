// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @title The public signal that binds a proof to one use.
/// @dev A context hashes the chain, the contract that takes the proof, the account it was made for and a number that tells
/// the account's proofs apart:
///
///   keccak256(abi.encode(DOMAIN, chainId, verifyingContract, account, nonce)) >> 3
///
/// 253 bits lie below the scalar field's order without a reduction, so no two hashes share a context but by a collision of
/// 253 bits. A prover computes it offline (`contextFor` in TypeScript). A contract computes it from what it knows, never
/// from what the proof's bringer says of chain, contract or account.
library InferenceContext {
    /// Tells contexts from everything else that is hashed.
    bytes32 internal constant DOMAIN = keccak256("zkinfer context v1");

    /// @notice The context of `account`'s proof number `nonce` for the calling contract, on this chain.
    function encode(address account, uint256 nonce) internal view returns (uint256 context) {
        return encodeFor(block.chainid, address(this), account, nonce);
    }

    /// @notice The same for any chain and contract.
    // slither-disable-next-line assembly
    function encodeFor(uint256 chainId, address verifyingContract, address account, uint256 nonce)
        internal
        pure
        returns (uint256 context)
    {
        bytes32 domain = DOMAIN;
        // keccak256(abi.encode(...)) without moving the free memory pointer.
        assembly ("memory-safe") {
            let copy := mload(0x40)
            mstore(copy, domain)
            mstore(add(copy, 0x20), chainId)
            mstore(add(copy, 0x40), shr(96, shl(96, verifyingContract)))
            mstore(add(copy, 0x60), shr(96, shl(96, account)))
            mstore(add(copy, 0x80), nonce)
            context := shr(3, keccak256(copy, 0xa0))
        }
    }
}
