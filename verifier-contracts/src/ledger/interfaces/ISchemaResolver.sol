// SPDX-License-Identifier: MIT
pragma solidity ^0.8.4;

/**
 * What the Ethereum Attestation Service (eas-contracts 1.9) calls on a schema's resolver. Declared here because the npm
 * package brings a development framework of 200 MB along as a dependency; a test compares this file with the package.
 */

/// @notice An attestation as EAS hands it to a resolver.
struct Attestation {
    bytes32 uid;
    bytes32 schema;
    uint64 time;
    /// 0: never.
    uint64 expirationTime;
    /// 0: not revoked.
    uint64 revocationTime;
    bytes32 refUID;
    address recipient;
    address attester;
    bool revocable;
    /// Encoded by the schema.
    bytes data;
}

/// @title Resolver of an EAS schema.
interface ISchemaResolver {
    /// @notice Semantic version of the resolver.
    function version() external view returns (string memory);

    /// @notice Whether it takes ether.
    function isPayable() external pure returns (bool);

    /// @notice Whether an attestation is accepted. Called by EAS.
    function attest(Attestation calldata attestation) external payable returns (bool);

    /// @notice Whether all of them are.
    function multiAttest(Attestation[] calldata attestations, uint256[] calldata values)
        external
        payable
        returns (bool);

    /// @notice Whether an attestation may be revoked.
    function revoke(Attestation calldata attestation) external payable returns (bool);

    /// @notice Whether all of them may.
    function multiRevoke(Attestation[] calldata attestations, uint256[] calldata values)
        external
        payable
        returns (bool);
}
