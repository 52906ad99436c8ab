// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Amount, Amounts} from "./Amount.sol";
import {TokenTransfers} from "./TokenTransfers.sol";
import {IPullPayments} from "./interfaces/IPullPayments.sol";

/// @title Balances that their owners withdraw.
/// @dev Paying someone is an addition here: a recipient that refuses money stops nobody but itself.
abstract contract PullPayments is IPullPayments, TokenTransfers {
    using Amounts for Amount;

    mapping(address account => mapping(address token => Amount)) private _balances;

    function _credit(address account, address token, uint256 amount) internal virtual {
        if (amount > 0) _balances[account][token].add(amount);
    }

    /// Sets an account's balance to zero. Returns what it was.
    function _empty(address account, address token) internal virtual returns (uint256 amount) {
        return _balances[account][token].empty();
    }

    /// Pays out an account's whole balance.
    function _withdraw(address account, address token, address to) internal returns (uint256 amount) {
        amount = _empty(account, token);
        if (amount == 0) revert NothingToPay();
        _send(token, to, amount);
    }

    function _balanceOf(address account, address token) internal view virtual returns (uint256 amount) {
        return _balances[account][token].value();
    }
}
