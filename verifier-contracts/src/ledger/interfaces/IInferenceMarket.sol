// SPDX-License-Identifier: MIT
pragma solidity ^0.8.4;

import {IPullPayments} from "./IPullPayments.sol";

/// @title Bonded inference: anyone asks a model, staked operators answer.
/// @dev Life of a request:
///
///   ask ─▶ Open ── answerProved ─▶ Accepted                        (anyone's proof; no stake needed, nothing is at risk)
///           │ ▲
///      take │ │ the taker is late, or cannot prove: slashed
///           ▼ │
///          Taken ── answerProved ─▶ Accepted
///           │
///           │ answerOptimistic (requests in optimistic mode)
///           ▼
///        Answered ── window passes, finalize ─▶ Accepted
///           │
///           │ dispute
///           ▼
///        Disputed ── prove ─▶ Accepted
///
///   Open ── cancel ─▶ Cancelled (the asker at any time; anyone after the deadline)
///
/// A proof's context is `InferenceContext.encode(operator, requestId)`: it is worth nothing to another operator or for
/// another request. Proofs are checked by the generated verifier that was bound to the model version when the request was
/// made, even if the model is deprecated meanwhile: otherwise its owner could make an honest operator fail.
///
/// Each taken request locks its `bond` of the operator's stake (ether). Slashed for being late: the bond goes to the asker.
/// Slashed for an answer not proved: half goes to the watcher that the asker named in advance, the rest to the asker. Who
/// disputed gets its own bond back and no more. A challenger whose dispute is answered by a proof loses its bond to the
/// operator. `token` zero means ether. All payments out are pulled.
///
/// Why the dispute itself earns nothing: a liar is the first to know of its lie, so it can be the first to dispute it, or
/// the first to commit to a hidden dispute, from another account. Whatever the first one is paid, the liar pays itself. Who is
/// paid for watching is therefore fixed before anyone can lie, by the one who is lied to.
///
/// An asker can be the operator's own second account: then all of the bond stays with the liar. Who acts on an answer asked
/// for by others should want itself as the request's watcher, or a proved answer.
interface IInferenceMarket is IPullPayments {
    enum Mode {
        Proved,
        Optimistic
    }

    enum Status {
        None,
        Open,
        Taken,
        Answered,
        Disputed,
        Accepted,
        Cancelled
    }

    enum Fault {
        /// Took a request and did not answer in time.
        Late,
        /// Answered, was disputed, and did not prove in time.
        Unproved
    }

    struct Ask {
        uint256 modelId;
        /// 0 for the current one; the request is then pinned to it.
        uint32 version;
        Mode mode;
        bytes32 inputCommitment;
        /// Where operators fetch the input (and the salt of its commitment).
        string inputUri;
        /// Of the fee; zero for ether.
        address token;
        /// What is paid in. For tokens that take a part of each transfer, what arrives counts.
        uint128 fee;
        /// Stake that an operator risks, in wei; at least `minBond`.
        uint96 bond;
        /// Last second at which the request can be taken.
        uint40 deadline;
        /// Seconds that an operator has from taking to answering; at most `maxWindow`.
        uint32 window;
        /// ERC-1155 licence to use, where the model requires one.
        uint256 licenceId;
        /// Gets half of the bond of an answer that was disputed and not proved, whoever disputed it. Zero: the asker gets
        /// all of it.
        address watcher;
    }

    struct Request {
        address asker;
        uint40 deadline;
        uint32 window;
        Mode mode;
        Status status;
        /// Who took it; zero while open.
        address operator;
        /// Taken: last second to answer. Answered: last second to dispute. Disputed: last second to prove.
        uint40 due;
        address verifier;
        uint96 bond;
        uint128 fee;
        /// Part of the fee for the operator, by the model's terms when the request was made.
        uint16 operatorBps;
        address token;
        uint64 modelId;
        uint32 version;
        bytes32 inputCommitment;
        /// keccak256 of the output; zero before an answer.
        bytes32 outputHash;
        /// Who disputes; zero if nobody.
        address challenger;
        uint256 licenceId;
        /// As in `Ask`.
        address watcher;
    }

    struct Operator {
        /// Total, locked part included; unbonding stake is no longer in it.
        uint96 stake;
        /// Sum of the bonds of the operator's unfinished requests.
        uint96 locked;
        uint96 unbonding;
        /// When `unbonding` can be withdrawn.
        uint40 unbondedAt;
    }

    event Asked(
        uint64 indexed requestId,
        uint256 indexed modelId,
        address indexed asker,
        uint32 version,
        Mode mode,
        bytes32 inputCommitment,
        string inputUri,
        address token,
        uint128 fee,
        uint96 bond,
        uint40 deadline,
        uint32 window
    );
    event Taken(uint64 indexed requestId, address indexed operator, uint40 due);
    /// @notice An answer without proof; it may be disputed until `due`.
    event Answered(uint64 indexed requestId, address indexed operator, uint40 due, bytes output);
    event Disputed(uint64 indexed requestId, address indexed challenger, uint40 due);
    /// @notice An answer that a proof showed right, at once or in a dispute.
    event Proved(uint64 indexed requestId, address indexed operator, bytes output);
    /// @notice The operator is paid. `outputHash` is keccak256 of the output.
    event Accepted(uint64 indexed requestId, address indexed operator, bytes32 outputHash);
    /// @param amount The bond that was slashed.
    /// @param challenger Who disputed; zero for a late answer.
    event Slashed(
        uint64 indexed requestId, address indexed operator, Fault indexed fault, uint96 amount, address challenger
    );
    /// @notice The request can be taken again, until `deadline`.
    event Reopened(uint64 indexed requestId, uint40 deadline);
    event Cancelled(uint64 indexed requestId);
    event Staked(address indexed operator, uint96 amount, uint96 stake);
    event UnbondingStarted(address indexed operator, uint96 amount, uint40 unbondedAt);
    event StakeWithdrawn(address indexed operator, address indexed to, uint96 amount);
    /// @notice The part of a fee that is not the operator's, for `IModelRoyalties.distribute`.
    event RoyaltiesForwarded(
        uint256 indexed modelId, uint32 indexed version, address indexed token, address holder, uint256 amount
    );

    /// @notice The request is in another state than the call needs.
    error WrongStatus(uint64 requestId, Status status);
    error NotTheOperator(uint64 requestId, address caller);
    error NotTheAsker(uint64 requestId, address caller);
    /// @notice It is too late for this.
    error DeadlinePassed(uint64 requestId, uint256 due);
    /// @notice It is too early for this.
    error DeadlineNotPassed(uint64 requestId, uint256 due);
    /// @notice The request is in proved mode.
    error ProofRequired(uint64 requestId);
    error InvalidAsk();
    error BondTooSmall(uint256 bond, uint256 minimum);
    error InsufficientStake(address operator, uint256 free, uint256 needed);
    error StillUnbonding(address operator, uint256 unbondedAt);
    /// @notice The model cannot be asked: deprecated, or without a verifier.
    error ModelNotServed(uint256 modelId, uint32 version);
    /// @notice The output is not the one that was answered.
    error OutputDiffers(bytes32 answered, bytes32 given);
    /// @notice Verdict of `IInferenceVerifier.checkInference`.
    error ProofRefused(uint8 verdict);
    /// @notice Unbonding must outlast the longest life of a taken request.
    error UnbondingTooShort(uint256 unbonding, uint256 longestDispute);

    /// @notice Asks a model. The fee is held by the market until the answer is accepted or the request cancelled.
    function ask(Ask calldata request) external payable returns (uint64 requestId);

    /// @notice Reserves an open request for the caller, who risks `bond` of free stake. If its last taker is late, he is
    /// slashed first.
    function take(uint64 requestId) external;

    /// @notice Answers with a proof: accepted and paid at once. The caller took the request, or it is open.
    /// @param output As in `IInferenceVerifier.checkInference`.
    /// @param proof Likewise; its context is `contextOf(caller, requestId)`.
    function answerProved(uint64 requestId, bytes calldata output, bytes calldata proof) external;

    /// @notice Answers without a proof; the caller took the request.
    function answerOptimistic(uint64 requestId, bytes calldata output) external;

    /// @notice Disputes an answer, with `challengeBond` sent along. Anyone may; the watcher is paid all the same.
    function dispute(uint64 requestId) external payable;

    /// @notice Proves a disputed answer; the challenger's bond goes to the operator. Anyone may bring the proof; its context
    /// is `contextOf(operator, requestId)`.
    function prove(uint64 requestId, bytes calldata output, bytes calldata proof) external;

    /// @notice Accepts an answer that nobody disputed in time.
    function finalize(uint64 requestId) external;

    /// @notice Slashes a taker that did not answer in time, or an operator that did not prove in time, and reopens the
    /// request. Anyone may call it.
    function slash(uint64 requestId) external;

    /// @notice Ends an open request and refunds the fee to the asker's balance, and a licence's use. The asker at any time,
    /// anyone after the deadline. A late taker is slashed first.
    function cancel(uint64 requestId) external;

    /// @notice Adds the ether sent along to the caller's stake.
    function stake() external payable;

    /// @notice Begins to unbond free stake. A second call joins both amounts and starts the delay again.
    function unbond(uint96 amount) external;

    /// @notice Pays unbonded stake to `to`.
    function withdrawStake(address to) external returns (uint96 amount);

    /// @notice Hands a model's earnings, made while `holder` owned it, to `IModelRoyalties.distribute`. Anyone may.
    function forwardRoyalties(uint256 modelId, uint32 version, address token, address holder)
        external
        returns (uint256 amount);

    function requestOf(uint64 requestId) external view returns (Request memory request);

    /// @notice Whether `output` is the accepted answer to a request.
    function isAccepted(uint64 requestId, bytes calldata output) external view returns (bool accepted);

    function operatorOf(address account) external view returns (Operator memory operator);

    /// @notice Stake that can be risked or unbonded.
    function freeStake(address account) external view returns (uint256 amount);

    /// @notice What `forwardRoyalties` would hand over.
    function royaltiesOf(uint256 modelId, uint32 version, address token, address holder)
        external
        view
        returns (uint256 amount);

    /// @notice The context of `operator`'s proof for a request: it names this chain and market too.
    function contextOf(address operator, uint64 requestId) external view returns (uint256 context);

    function requestCount() external view returns (uint64 count);

    /// @notice Seconds to dispute an answer.
    function challengeWindow() external view returns (uint32);

    /// @notice Seconds to prove a disputed answer.
    function proveWindow() external view returns (uint32);

    /// @notice Most seconds between taking and answering.
    function maxWindow() external view returns (uint32);

    /// @notice Seconds before unbonding stake can be withdrawn; more than the three above together.
    function unbondingDelay() external view returns (uint32);

    /// @notice Least bond of a request, in wei.
    function minBond() external view returns (uint96);

    /// @notice What a challenger risks, in wei.
    function challengeBond() external view returns (uint96);

    function registry() external view returns (address);

    function royalties() external view returns (address);

    function licences() external view returns (address);
}
