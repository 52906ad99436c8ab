// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title Proof system identifiers by ERC-7992.
library ProofSystem {
    /// Groth16 over BN254, the only system that zkinfer generates verifiers for.
    bytes4 internal constant GROTH16_BN254_V1 = bytes4(keccak256("groth16-bn254-v1"));
}
