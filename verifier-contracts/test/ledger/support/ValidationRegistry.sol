// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IValidationRegistry} from "../../../src/ledger/interfaces/IValidationRegistry.sol";

/// @title ERC-8004's validation registry as its text requires it, for tests; with the wallets of its identity registry once one
/// was set.
contract ValidationRegistry is IValidationRegistry {
    struct Record {
        address validator;
        uint256 agentId;
        uint8 response;
        bytes32 responseHash;
        string tag;
        uint256 lastUpdate;
    }

    IERC721 private immutable _IDENTITIES;
    bool private _withWallets;
    mapping(uint256 agentId => address) private _wallets;
    mapping(bytes32 requestHash => Record) private _records;

    constructor(IERC721 identities) {
        _IDENTITIES = identities;
    }

    function setAgentWallet(uint256 agentId, address wallet) external {
        (_withWallets, _wallets[agentId]) = (true, wallet);
    }

    function ownerOf(uint256 agentId) external view returns (address) {
        return _IDENTITIES.ownerOf(agentId);
    }

    function getAgentWallet(uint256 agentId) external view returns (address) {
        return _wallets[agentId];
    }

    function validationRequest(address validator, uint256 agentId, string calldata uri, bytes32 requestHash) external {
        address owner = _IDENTITIES.ownerOf(agentId);
        require(
            msg.sender == owner || _IDENTITIES.isApprovedForAll(owner, msg.sender)
                || _IDENTITIES.getApproved(agentId) == msg.sender,
            "not the agent's"
        );
        require(_records[requestHash].validator == address(0), "asked before");
        (_records[requestHash].validator, _records[requestHash].agentId) = (validator, agentId);
        _records[requestHash].lastUpdate = block.timestamp;
        emit ValidationRequest(validator, agentId, uri, requestHash);
    }

    function validationResponse(
        bytes32 requestHash,
        uint8 response,
        string calldata uri,
        bytes32 responseHash,
        string calldata tag
    ) external {
        Record storage record = _records[requestHash];
        require(record.validator == msg.sender, "not the validator");
        require(response <= 100, "above 100");
        (record.response, record.responseHash) = (response, responseHash);
        (record.tag, record.lastUpdate) = (tag, block.timestamp);
        emit ValidationResponse(record.validator, record.agentId, requestHash, response, uri, responseHash, tag);
    }

    function getValidationStatus(bytes32 requestHash)
        external
        view
        returns (address, uint256, uint8, bytes32, string memory, uint256)
    {
        Record storage r = _records[requestHash];
        require(r.validator != address(0), "unknown");
        return (r.validator, r.agentId, r.response, r.responseHash, r.tag, r.lastUpdate);
    }

    function getIdentityRegistry() external view returns (address) {
        // Before that, the bare ERC-721: a registry without wallets.
        return _withWallets ? address(this) : address(_IDENTITIES);
    }
}
