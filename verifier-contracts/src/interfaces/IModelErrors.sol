// SPDX-License-Identifier: MIT
pragma solidity ^0.8.4;

/// @title Errors that several contracts revert with, declared once: two interfaces that declare the same one cannot both be
/// inherited. Name, arguments and selector of `NotModelOwner` are ERC-7992's.
interface IModelErrors {
    /// @notice Only the model's owner may do this.
    error NotModelOwner(uint256 modelId, address caller);
    error ModelVersionNotFound(uint256 modelId, uint32 version);
    /// @notice Here a version is one for good and has a number; 0 stands for whichever is current.
    error VersionNotGiven();
}
