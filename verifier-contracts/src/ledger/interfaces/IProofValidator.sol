// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title A validator for ERC-8004 that answers 100, and only on a valid proof.
/// @dev A request's payload is a `Claim`, and its `requestHash` is `hashOf(claim)`: the answer is then about exactly this
/// model version, input, output and context. Anyone may bring the proof: it proves the same claim whoever sends it. A
/// wrong proof reverts and leaves the request unanswered; no one can have an agent marked as failed.
interface IProofValidator {
    struct Claim {
        /// ERC-8004's number of the agent whose work it is.
        uint256 agentId;
        uint256 modelId;
        /// Not 0: a claim means one version.
        uint32 version;
        bytes32 inputCommitment;
        /// As in `IAttestations.checkInference`.
        uint256 context;
        bytes output;
    }

    event ClaimValidated(
        bytes32 indexed requestHash, uint256 indexed agentId, uint256 indexed modelId, uint32 version, bytes output
    );

    error RequestNotForThisValidator(bytes32 requestHash, address validator);
    error AgentMismatch(uint256 requested, uint256 claimed);
    error VersionNotGiven();

    /// @notice Checks the claim's proof and answers its request with 100; reverts (with ERC-7992's errors) if it is not valid.
    /// @return requestHash The request that was answered.
    function validate(Claim calldata claim, bytes calldata proof) external returns (bytes32 requestHash);

    /// @notice keccak256(abi.encode(block.chainid, address(this), claim)).
    function hashOf(Claim calldata claim) external view returns (bytes32 requestHash);

    /// @notice The ERC-8004 registry that is answered.
    function validationRegistry() external view returns (address);

    /// @notice Where proofs are checked.
    function attestations() external view returns (address);
}
