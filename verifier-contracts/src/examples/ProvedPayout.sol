// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IAttestations} from "../interfaces/IAttestations.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IERCZKMLVerifier} from "../interfaces/IERCZKMLVerifier.sol";
import {InferenceContext} from "../libraries/InferenceContext.sol";

/// @title What a generated verifier of a model with ten public scores offers to read them.
interface ITenScores {
    /// @notice The scores in an ERC-7992 output.
    function unpackOutput(bytes calldata packed) external pure returns (int256[10] memory scores);
}

/// @title Example: money that a model's answer releases.
/// @notice A sponsor locks a sum for a beneficiary: "if the model sees class `wanted` in the input with this commitment, it is
/// theirs; if nobody proves that by the deadline, I take it back".
/// @dev The model's version is pinned at opening: a later update of the model cannot change what was agreed. A model's owner
/// can also retire it, which stops `checkInference` for every version, pinned ones too. Whether that ends a policy is agreed
/// at opening (`untilRetired`): retiring may warn of a broken model, and it may be how an owner who sponsors gets out of
/// paying. The proof's context names this chain, this contract, the beneficiary and the policy, so a proof made for one
/// policy opens no other, here or elsewhere.
/// Slither on time: deadlines are days away, and the seconds that a block's proposer can shift them by win nobody anything.
contract ProvedPayout is ReentrancyGuardTransient {
    struct Policy {
        address sponsor;
        uint64 deadline;
        uint32 version;
        address beneficiary;
        uint8 wanted;
        bool untilRetired;
        uint256 modelId;
        bytes32 inputCommitment;
        uint256 amount;
    }

    event Opened(uint256 indexed policyId, address indexed sponsor, address indexed beneficiary, uint256 amount);
    event Paid(uint256 indexed policyId, address indexed beneficiary, uint256 amount);
    event Refunded(uint256 indexed policyId, address indexed sponsor, uint256 amount);

    /// @notice Nothing is locked under this number (any more).
    error NoSuchPolicy(uint256 policyId);
    /// @notice The proved answer is another class.
    error AnotherClass(uint256 wanted, uint256 proved);
    /// @notice A policy needs money, a version with a verifier, of a model that is not retired, a beneficiary, a class below ten
    /// and a deadline to come.
    error InvalidPolicy();
    /// @notice The sponsor's turn has not come yet, or only the sponsor has it.
    error NotRefundable(uint256 policyId);
    /// @notice The deadline has passed.
    error TooLate(uint256 policyId);

    /// Slither on names: immutables in capitals, as Solidity's style guide has constants.
    // slither-disable-next-line naming-convention
    IAttestations private immutable _VERIFIER;
    uint256 private _lastPolicyId;
    mapping(uint256 policyId => Policy) private _policies;

    /// @param verifier ERC-7992's verifier with attestations.
    constructor(IAttestations verifier) {
        _VERIFIER = verifier;
    }

    /// @notice Locks the sent ether.
    /// @param modelId Registry's number of the model.
    /// @param version The version that counts. Named by the sponsor, since its owner could make another the current one while
    /// this transaction waits.
    /// @param inputCommitment What the model looks at.
    /// @param wanted The class that pays.
    /// @param beneficiary Who is paid.
    /// @param untilRetired Whether the policy ends for its beneficiary when the model's owner retires the model.
    /// @param deadline Unix time until which a proof pays.
    /// @return policyId The policy's number.
    // slither-disable-next-line timestamp
    function open(
        uint256 modelId,
        uint32 version,
        bytes32 inputCommitment,
        uint8 wanted,
        address beneficiary,
        bool untilRetired,
        uint64 deadline
    ) external payable returns (uint256 policyId) {
        bool complete = msg.value != 0 && version != 0 && beneficiary != address(0) && wanted < 10;
        if (!complete || deadline <= block.timestamp) revert InvalidPolicy();
        // What a version without verifier would come to mean is its owner's to choose.
        IModelRegistry.Resolution memory model = _registry().resolveVerifier(modelId, version);
        if (model.verifier == address(0) || model.deprecated) revert InvalidPolicy();
        policyId = ++_lastPolicyId;
        _policies[policyId] = Policy({
            sponsor: msg.sender,
            deadline: deadline,
            version: version,
            beneficiary: beneficiary,
            wanted: wanted,
            untilRetired: untilRetired,
            modelId: modelId,
            inputCommitment: inputCommitment,
            amount: msg.value
        });
        emit Opened(policyId, msg.sender, beneficiary, msg.value);
    }

    /// @notice Pays the beneficiary if the proof says that the model sees the wanted class. Anyone may bring it.
    /// @param policyId The policy's number.
    /// @param output The model's packed scores.
    /// @param proof Proof whose context is `contextOf(policyId)`.
    // slither-disable-next-line timestamp
    function claim(uint256 policyId, bytes calldata output, bytes calldata proof) external nonReentrant {
        Policy memory policy = _policies[policyId];
        if (policy.amount == 0) revert NoSuchPolicy(policyId);
        if (block.timestamp > policy.deadline) revert TooLate(policyId);
        _check(policy, contextOf(policyId), output, proof);
        address generated = _registry().resolveVerifier(policy.modelId, policy.version).verifier;
        uint256 proved = _argmax(ITenScores(generated).unpackOutput(output));
        if (proved != policy.wanted) revert AnotherClass(policy.wanted, proved);
        delete _policies[policyId];
        emit Paid(policyId, policy.beneficiary, policy.amount);
        Address.sendValue(payable(policy.beneficiary), policy.amount);
    }

    /// @notice Gives the sum back to its sponsor after the deadline.
    /// @param policyId The policy's number.
    // slither-disable-next-line timestamp
    function refund(uint256 policyId) external nonReentrant {
        Policy memory policy = _policies[policyId];
        if (policy.amount == 0) revert NoSuchPolicy(policyId);
        if (msg.sender != policy.sponsor || block.timestamp <= policy.deadline) revert NotRefundable(policyId);
        delete _policies[policyId];
        emit Refunded(policyId, policy.sponsor, policy.amount);
        Address.sendValue(payable(policy.sponsor), policy.amount);
    }

    /// @notice The context that a proof for this policy carries.
    /// @param policyId The policy's number.
    /// @return context Names this chain, this contract, the policy's beneficiary and its number.
    function contextOf(uint256 policyId) public view returns (uint256 context) {
        return InferenceContext.encode(_policies[policyId].beneficiary, policyId);
    }

    /// Returns only if the proof is valid for the version agreed on.
    function _check(Policy memory policy, uint256 context, bytes calldata output, bytes calldata proof) private view {
        (uint256 modelId, uint32 version, bytes32 input) = (policy.modelId, policy.version, policy.inputCommitment);
        if (policy.untilRetired) _VERIFIER.checkInference(modelId, version, input, context, output, proof);
        else _VERIFIER.checkPinnedInference(modelId, version, input, context, output, proof);
    }

    function _registry() private view returns (IModelRegistry) {
        return IModelRegistry(IERCZKMLVerifier(address(_VERIFIER)).registry());
    }

    function _argmax(int256[10] memory scores) private pure returns (uint256 best) {
        for (uint256 i = 1; i < 10; ++i) {
            if (scores[i] > scores[best]) best = i;
        }
    }
}
