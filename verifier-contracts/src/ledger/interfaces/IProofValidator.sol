// SPDX-License-Identifier: MIT
pragma solidity ^0.8.4;

import {IModelErrors} from "../../interfaces/IModelErrors.sol";

/// @title A validator for ERC-8004 that answers 100, and only on a valid proof.
/// @dev A request's payload is a `Claim`, and its `requestHash` is `hashOf(claim)`: the answer is then about exactly this
/// model version, input, output and context. The proof must be the agent's own: its context names this chain, this validator,
/// the agent's owner or wallet, and the agent (`contextOf`), so that no agent is credited with a proof that somebody else
/// made, or that was made for another agent. Anyone may bring it: it proves the same claim whoever sends it. A wrong proof
/// reverts and leaves the request unanswered; no one can have an agent marked as failed.
interface IProofValidator is IModelErrors {
    struct Claim {
        /// ERC-8004's number of the agent whose work it is.
        uint256 agentId;
        uint256 modelId;
        /// Not 0: a claim means one version.
        uint32 version;
        bytes32 inputCommitment;
        /// Who made the proof: the agent's owner or its wallet.
        address account;
        /// Of the agent's choice: tells claims about the same inference apart.
        uint256 nonce;
        bytes output;
    }

    event ClaimValidated(
        bytes32 indexed requestHash, uint256 indexed agentId, uint256 indexed modelId, uint32 version, bytes output
    );

    error RequestNotForThisValidator(bytes32 requestHash, address validator);
    error AgentMismatch(uint256 requested, uint256 claimed);
    /// @notice The account is neither the owner nor the wallet of the agent.
    error NotTheAgents(uint256 agentId, address account);

    /// @notice Checks the claim's proof and answers its request with 100; reverts (with ERC-7992's errors) if it is not valid.
    /// @return requestHash The request that was answered.
    function validate(Claim calldata claim, bytes calldata proof) external returns (bytes32 requestHash);

    /// @notice keccak256(abi.encode(block.chainid, address(this), claim)).
    function hashOf(Claim calldata claim) external view returns (bytes32 requestHash);

    /// @notice The context of the claim's proof: `InferenceContext.encode(account, keccak256(abi.encode(agentId, nonce)))`.
    function contextOf(Claim calldata claim) external view returns (uint256 context);

    /// @notice The ERC-8004 registry that is answered.
    function validationRegistry() external view returns (address);

    /// @notice Where proofs are checked.
    function attestations() external view returns (address);
}
