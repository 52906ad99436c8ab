// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IInferenceVerifier} from "../interfaces/IInferenceVerifier.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {InferenceContext} from "../libraries/InferenceContext.sol";
import {Amount, Amounts} from "./Amount.sol";
import {IInferenceMarket} from "./interfaces/IInferenceMarket.sol";
import {MarketParameters} from "./market/MarketParameters.sol";
import {OperatorAccounts} from "./market/OperatorAccounts.sol";

// slither-disable-start timestamp
/// @title Bonded inference: the state machine of a request.
/// @dev Every step of a request is here and nowhere else; what it does to stakes and balances are calls to `OperatorAccounts`, and
/// `MarketParameters` holds the windows and bonds.
///
/// No owner, no pause: nobody can hold back another's money. Invariant for ether: the contract holds all stakes, unbonding
/// stakes, balances, royalties not forwarded, fees of unfinished requests and bonds of open disputes.
///
/// The trap: a model's owner chose its verifier. The registry shows that it holds the registered key, not that it uses it. An
/// operator serves models whose verifier it compiled itself or otherwise trusts.
///
/// Windows are minutes and more: the seconds by which a proposer can shift a block's time decide nothing.
contract InferenceMarket is OperatorAccounts {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;
    using Amounts for Amount;

    /// A request as it is stored: what changes with every step lies in the first word.
    struct Stored {
        address operator;
        uint40 due;
        Status status;
        Mode mode;
        uint16 operatorBps;
        address asker;
        uint40 deadline;
        uint32 window;
        address verifier;
        uint96 bond;
        address token;
        uint64 modelId;
        uint32 version;
        uint128 fee;
        uint64 licenceId;
        bytes32 inputCommitment;
        bytes32 outputHash;
        address challenger;
        address watcher;
    }

    uint256 private constant ALL_BPS = 10_000;

    uint64 private _lastRequestId;
    mapping(uint64 requestId => Stored) private _requests;
    /// By model, version, token and who owned the model.
    mapping(bytes32 key => Amount) private _earned;

    /// @param config Contracts and parameters, for good.
    constructor(Config memory config) MarketParameters(config) {}

    /// @inheritdoc IInferenceMarket
    function ask(Ask calldata request) external payable nonReentrant returns (uint64 requestId) {
        if (
            request.inputCommitment == 0 || request.window == 0 || request.window > _MAX_WINDOW
                || request.deadline < block.timestamp
        ) revert InvalidAsk();
        if (request.bond < _MIN_BOND) revert BondTooSmall(request.bond, _MIN_BOND);
        IModelRegistry.Resolution memory model = _REGISTRY.resolveVerifier(request.modelId, request.version);
        if (model.deprecated || model.verifier == address(0) || model.verifier.codehash != model.codeHash) {
            revert ModelNotServed(request.modelId, model.version);
        }
        uint16 operatorBps = _ROYALTIES.termsOf(request.modelId, model.version).operatorBps;
        bool licensed = _LICENCES.licenceRequired(request.modelId);
        // What is called here and in `_receive` finds every entry point guarded that moves tokens or counts requests.
        // slither-disable-next-line reentrancy-benign
        if (licensed) _LICENCES.use(request.modelId, msg.sender, request.licenceId);
        uint128 fee = _receive(request.token, request.fee).toUint128();

        requestId = ++_lastRequestId;
        Stored storage r = _requests[requestId];
        (r.status, r.mode, r.operatorBps) = (Status.Open, request.mode, operatorBps);
        (r.asker, r.deadline, r.window) = (msg.sender, request.deadline, request.window);
        (r.verifier, r.bond) = (model.verifier, request.bond);
        (r.token, r.modelId, r.version) = (request.token, request.modelId.toUint64(), model.version);
        (r.fee, r.licenceId) = (fee, licensed ? request.licenceId.toUint64() : 0);
        r.inputCommitment = request.inputCommitment;
        if (request.watcher != address(0)) r.watcher = request.watcher;
        _emitAsked(requestId, request, model.version, fee);
    }

    /// @inheritdoc IInferenceMarket
    function take(uint64 requestId) external {
        Stored storage r = _requests[requestId];
        _reopenIfLate(requestId, r);
        _requireOpen(requestId, r);
        _lock(msg.sender, r.bond);
        uint40 due = _in(r.window);
        (r.operator, r.due, r.status) = (msg.sender, due, Status.Taken);
        emit Taken(requestId, msg.sender, due);
    }

    /// @inheritdoc IInferenceMarket
    function answerProved(uint64 requestId, bytes calldata output, bytes calldata proof) external {
        Stored storage r = _requests[requestId];
        _reopenIfLate(requestId, r);
        uint96 bond = 0;
        if (r.status == Status.Taken) {
            if (r.operator != msg.sender) revert NotTheOperator(requestId, msg.sender);
            bond = r.bond;
        } else {
            _requireOpen(requestId, r);
            r.operator = msg.sender;
        }
        _requireValid(requestId, r, msg.sender, output, proof);
        bytes32 outputHash = keccak256(output);
        r.outputHash = outputHash;
        emit Proved(requestId, msg.sender, output);
        _accept(requestId, r, outputHash, bond, 0);
    }

    /// @inheritdoc IInferenceMarket
    function answerOptimistic(uint64 requestId, bytes calldata output) external {
        Stored storage r = _requests[requestId];
        _requireStatus(requestId, r, Status.Taken);
        if (r.operator != msg.sender) revert NotTheOperator(requestId, msg.sender);
        if (r.mode != Mode.Optimistic) revert ProofRequired(requestId);
        _requireInTime(requestId, r.due);
        uint40 due = _in(_CHALLENGE_WINDOW);
        (r.due, r.status) = (due, Status.Answered);
        r.outputHash = keccak256(output);
        emit Answered(requestId, msg.sender, due, output);
    }

    /// @inheritdoc IInferenceMarket
    function dispute(uint64 requestId) external payable {
        if (msg.value != _CHALLENGE_BOND) revert WrongValue(_CHALLENGE_BOND, msg.value);
        Stored storage r = _requests[requestId];
        _requireStatus(requestId, r, Status.Answered);
        _requireInTime(requestId, r.due);
        uint40 due = _in(_PROVE_WINDOW);
        (r.due, r.status) = (due, Status.Disputed);
        r.challenger = msg.sender;
        emit Disputed(requestId, msg.sender, due);
    }

    /// @inheritdoc IInferenceMarket
    function prove(uint64 requestId, bytes calldata output, bytes calldata proof) external {
        Stored storage r = _requests[requestId];
        _requireStatus(requestId, r, Status.Disputed);
        _requireInTime(requestId, r.due);
        bytes32 outputHash = keccak256(output);
        if (outputHash != r.outputHash) revert OutputDiffers(r.outputHash, outputHash);
        _requireValid(requestId, r, r.operator, output, proof);
        emit Proved(requestId, r.operator, output);
        _accept(requestId, r, outputHash, r.bond, _CHALLENGE_BOND);
    }

    /// @inheritdoc IInferenceMarket
    function finalize(uint64 requestId) external {
        Stored storage r = _requests[requestId];
        _requireStatus(requestId, r, Status.Answered);
        if (block.timestamp <= r.due) revert DeadlineNotPassed(requestId, r.due);
        _accept(requestId, r, r.outputHash, r.bond, 0);
    }

    /// @inheritdoc IInferenceMarket
    function slash(uint64 requestId) external {
        Stored storage r = _requests[requestId];
        Status status = r.status;
        if (status != Status.Taken && status != Status.Disputed) revert WrongStatus(requestId, status);
        if (block.timestamp <= r.due) revert DeadlineNotPassed(requestId, r.due);
        _slash(requestId, r);
    }

    /// @inheritdoc IInferenceMarket
    function cancel(uint64 requestId) external nonReentrant {
        Stored storage r = _requests[requestId];
        _reopenIfLate(requestId, r);
        _requireStatus(requestId, r, Status.Open);
        address asker = r.asker;
        if (msg.sender != asker && block.timestamp <= r.deadline) revert NotTheAsker(requestId, msg.sender);
        r.status = Status.Cancelled;
        _credit(asker, r.token, r.fee);
        emit Cancelled(requestId);
        if (r.licenceId != 0) _LICENCES.giveBack(asker, r.licenceId);
    }

    /// @inheritdoc IInferenceMarket
    function forwardRoyalties(uint256 modelId, uint32 version, address token, address holder)
        external
        nonReentrant
        returns (uint256 amount)
    {
        amount = _earned[_earnedKey(modelId, version, token, holder)].empty();
        if (amount == 0) revert NothingToPay();
        emit RoyaltiesForwarded(modelId, version, token, holder, amount);
        if (token == address(0)) {
            _ROYALTIES.distribute{value: amount}(modelId, version, token, holder, amount);
        } else {
            IERC20(token).forceApprove(address(_ROYALTIES), amount);
            _ROYALTIES.distribute(modelId, version, token, holder, amount);
        }
    }

    /// @inheritdoc IInferenceMarket
    function requestOf(uint64 requestId) external view returns (Request memory request) {
        Stored storage r = _requests[requestId];
        return Request({
            asker: r.asker,
            deadline: r.deadline,
            window: r.window,
            mode: r.mode,
            status: r.status,
            operator: r.operator,
            due: r.due,
            verifier: r.verifier,
            bond: r.bond,
            fee: r.fee,
            operatorBps: r.operatorBps,
            token: r.token,
            modelId: r.modelId,
            version: r.version,
            inputCommitment: r.inputCommitment,
            outputHash: r.outputHash,
            challenger: r.challenger,
            licenceId: r.licenceId,
            watcher: r.watcher
        });
    }

    /// @inheritdoc IInferenceMarket
    function isAccepted(uint64 requestId, bytes calldata output) external view returns (bool accepted) {
        Stored storage r = _requests[requestId];
        return r.status == Status.Accepted && r.outputHash == keccak256(output);
    }

    /// @inheritdoc IInferenceMarket
    function royaltiesOf(uint256 modelId, uint32 version, address token, address holder)
        external
        view
        returns (uint256 amount)
    {
        return _earned[_earnedKey(modelId, version, token, holder)].value();
    }

    /// @inheritdoc IInferenceMarket
    function requestCount() external view returns (uint64 count) {
        return _lastRequestId;
    }

    /// @inheritdoc IInferenceMarket
    function contextOf(address operator, uint64 requestId) external view returns (uint256 context) {
        return InferenceContext.encode(operator, requestId);
    }

    /// Frees the operator's bond, pays his part and `won`, and sets the rest aside for the royalties. Moves no money: it
    /// cannot be made to fail.
    function _accept(uint64 requestId, Stored storage r, bytes32 outputHash, uint96 bond, uint256 won) private {
        address operator = r.operator;
        (r.due, r.status) = (0, Status.Accepted);
        uint256 fee = r.fee;
        if (fee > 0) {
            address token = r.token;
            uint256 forOperator = fee * r.operatorBps / ALL_BPS;
            if (token == address(0)) won += forOperator;
            else _credit(operator, token, forOperator);
            if (fee > forOperator) {
                uint256 modelId = r.modelId;
                address holder = IERC721(address(_REGISTRY)).ownerOf(modelId);
                _earned[_earnedKey(modelId, r.version, token, holder)].add(fee - forOperator);
            }
        }
        if (bond > 0) _unlock(operator, bond);
        _credit(operator, address(0), won);
        emit Accepted(requestId, operator, outputHash);
    }

    /// A taker that is late is slashed by the next call that needs the request.
    function _reopenIfLate(uint64 requestId, Stored storage r) private {
        if (r.status == Status.Taken && block.timestamp > r.due) _slash(requestId, r);
    }

    /// Takes the bond of an operator who was late, or did not prove a disputed answer, and opens the request again, with at
    /// least one window left: the fault was not the asker's.
    function _slash(uint64 requestId, Stored storage r) private {
        (address operator, uint96 bond) = (r.operator, r.bond);
        _seize(operator, bond);
        if (r.status == Status.Taken) {
            _credit(r.asker, address(0), bond);
            emit Slashed(requestId, operator, Fault.Late, bond, address(0));
        } else {
            (address challenger, address watcher) = (r.challenger, r.watcher);
            _credit(challenger, address(0), _CHALLENGE_BOND);
            // A watcher that answered is paid for nobody's lie, least of all its own.
            uint96 forWatcher = watcher == address(0) || watcher == operator ? 0 : bond / 2;
            if (forWatcher > 0) _credit(watcher, address(0), forWatcher);
            _credit(r.asker, address(0), bond - forWatcher);
            emit Slashed(requestId, operator, Fault.Unproved, bond, challenger);
            (r.challenger, r.outputHash) = (address(0), 0);
        }
        (r.operator, r.due, r.status) = (address(0), 0, Status.Open);
        uint40 extended = _in(r.window);
        if (extended > r.deadline) r.deadline = extended;
        emit Reopened(requestId, r.deadline);
    }

    function _emitAsked(uint64 requestId, Ask calldata request, uint32 version, uint128 fee) private {
        emit Asked(
            requestId,
            request.modelId,
            msg.sender,
            version,
            request.mode,
            request.inputCommitment,
            request.inputUri,
            request.token,
            fee,
            request.bond,
            request.deadline,
            request.window
        );
    }

    /// The proof shows this output for the request's model and input, and was made by this operator for this request.
    function _requireValid(
        uint64 requestId,
        Stored storage r,
        address operator,
        bytes calldata output,
        bytes calldata proof
    ) private view {
        uint256 context = InferenceContext.encode(operator, requestId);
        IInferenceVerifier.Verdict verdict =
            IInferenceVerifier(r.verifier).checkInference(r.inputCommitment, context, output, proof);
        if (verdict != IInferenceVerifier.Verdict.Valid) revert ProofRefused(uint8(verdict));
    }

    function _requireOpen(uint64 requestId, Stored storage r) private view {
        _requireStatus(requestId, r, Status.Open);
        _requireInTime(requestId, r.deadline);
    }

    function _requireStatus(uint64 requestId, Stored storage r, Status needed) private view {
        if (r.status != needed) revert WrongStatus(requestId, r.status);
    }

    function _requireInTime(uint64 requestId, uint256 last) private view {
        if (block.timestamp > last) revert DeadlinePassed(requestId, last);
    }

    function _earnedKey(uint256 modelId, uint32 version, address token, address holder)
        private
        pure
        returns (bytes32 key)
    {
        return keccak256(abi.encode(modelId, version, token, holder));
    }
}
// slither-disable-end timestamp
