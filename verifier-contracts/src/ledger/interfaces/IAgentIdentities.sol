// SPDX-License-Identifier: MIT
pragma solidity ^0.8.4;

/// @title What a validator reads of ERC-8004's Identity Registry (Trustless Agents).
/// @dev An agent is an ERC-721 token. `getAgentWallet` came with a later text of the ERC; a registry may lack it.
interface IAgentIdentities {
    /// @notice ERC-721's owner of the agent's token; reverts for an agent that does not exist.
    function ownerOf(uint256 agentId) external view returns (address owner);

    /// @notice The account that the agent acts with, which agreed to it; zero where none is set.
    function getAgentWallet(uint256 agentId) external view returns (address wallet);
}
