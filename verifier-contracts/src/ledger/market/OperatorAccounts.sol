// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {PullPayments} from "../PullPayments.sol";
import {IInferenceMarket} from "../interfaces/IInferenceMarket.sol";
import {IPullPayments} from "../interfaces/IPullPayments.sol";
import {MarketParameters} from "./MarketParameters.sol";

// slither-disable-start timestamp
/// @title Stakes and balances: what an account has in a market.
/// @dev Invariant: `locked` is the sum of the bonds of the requests that the account took and that are not finished, and never
/// more than `stake`. Only `_lock`, `_unlock` and `_seize` change it, once a step of a request each.
abstract contract OperatorAccounts is MarketParameters, PullPayments, ReentrancyGuardTransient {
    using SafeCast for uint256;

    /// An account as it is stored. Its ether lies beside its stake, so that being paid for a taken request is one write to one
    /// word that is not zero. Where a chain's ether is so cheap that 80 bits are too few, the rest lies in `PullPayments`.
    struct Account {
        uint88 stake;
        uint88 locked;
        uint80 earned;
        uint96 unbonding;
        uint40 unbondedAt;
    }

    mapping(address account => Account) private _accounts;

    /// @inheritdoc IInferenceMarket
    function stake() external payable {
        Account storage account = _accounts[msg.sender];
        account.stake += msg.value.toUint88();
        emit Staked(msg.sender, msg.value.toUint88(), account.stake);
    }

    /// @inheritdoc IInferenceMarket
    function unbond(uint96 amount) external {
        Account storage account = _accounts[msg.sender];
        uint256 free = account.stake - account.locked;
        if (amount == 0 || amount > free) revert InsufficientStake(msg.sender, free, amount);
        account.stake -= uint88(amount);
        account.unbonding += amount;
        account.unbondedAt = _in(_UNBONDING_DELAY);
        emit UnbondingStarted(msg.sender, amount, account.unbondedAt);
    }

    /// @inheritdoc IInferenceMarket
    function withdrawStake(address to) external nonReentrant returns (uint96 amount) {
        Account storage account = _accounts[msg.sender];
        amount = account.unbonding;
        if (amount == 0) revert NothingToPay();
        if (block.timestamp < account.unbondedAt) revert StillUnbonding(msg.sender, account.unbondedAt);
        account.unbonding = 0;
        emit StakeWithdrawn(msg.sender, to, amount);
        _send(address(0), to, amount);
    }

    /// @inheritdoc IPullPayments
    function withdraw(address token, address to) external nonReentrant returns (uint256 amount) {
        amount = _withdraw(msg.sender, token, to);
        emit Withdrawn(msg.sender, token, to, amount);
    }

    /// @inheritdoc IInferenceMarket
    function operatorOf(address account) external view returns (Operator memory operator) {
        Account storage a = _accounts[account];
        return Operator({stake: a.stake, locked: a.locked, unbonding: a.unbonding, unbondedAt: a.unbondedAt});
    }

    /// @inheritdoc IInferenceMarket
    function freeStake(address account) external view returns (uint256 amount) {
        Account storage a = _accounts[account];
        return a.stake - a.locked;
    }

    /// @inheritdoc IPullPayments
    function balanceOf(address account, address token) external view returns (uint256 amount) {
        return _balanceOf(account, token);
    }

    /// Puts a bond of free stake at risk, when a request is taken.
    function _lock(address operator, uint96 bond) internal {
        Account storage account = _accounts[operator];
        uint256 free = account.stake - account.locked;
        if (free < bond) revert InsufficientStake(operator, free, bond);
        account.locked += uint88(bond);
    }

    /// Frees the bond of a request that ended well.
    function _unlock(address operator, uint96 bond) internal {
        _accounts[operator].locked -= uint88(bond);
    }

    /// Takes the bond of a request that the operator failed. Who gets it is the caller's to say, all of it.
    function _seize(address operator, uint96 bond) internal {
        Account storage account = _accounts[operator];
        (account.stake, account.locked) = (account.stake - uint88(bond), account.locked - uint88(bond));
    }

    function _credit(address account, address token, uint256 amount) internal override {
        Account storage a = _accounts[account];
        if (token == address(0) && a.earned + amount <= type(uint80).max) a.earned += uint80(amount);
        else super._credit(account, token, amount);
    }

    function _empty(address account, address token) internal override returns (uint256 amount) {
        amount = super._empty(account, token);
        if (token == address(0)) {
            amount += _accounts[account].earned;
            _accounts[account].earned = 0;
        }
    }

    function _balanceOf(address account, address token) internal view override returns (uint256 amount) {
        amount = super._balanceOf(account, token);
        if (token == address(0)) amount += _accounts[account].earned;
    }

    function _in(uint256 delay) internal view returns (uint40 time) {
        return uint40(block.timestamp + delay);
    }
}
// slither-disable-end timestamp
