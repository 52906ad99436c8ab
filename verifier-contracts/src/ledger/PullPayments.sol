// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {TokenTransfers} from "./TokenTransfers.sol";

/// @title Balances that their owners withdraw.
/// @dev Paying someone is an addition here: a recipient that refuses money stops nobody but itself.
abstract contract PullPayments is TokenTransfers {
    mapping(address account => mapping(address token => uint256)) private _balances;

    error NothingToPay();

    function _credit(address account, address token, uint256 amount) internal {
        if (amount > 0) _balances[account][token] += amount;
    }

    /// Pays out an account's whole balance.
    function _withdraw(address account, address token, address to) internal returns (uint256 amount) {
        amount = _balances[account][token];
        if (amount == 0) revert NothingToPay();
        _balances[account][token] = 0;
        _send(token, to, amount);
    }

    function _balanceOf(address account, address token) internal view returns (uint256 amount) {
        return _balances[account][token];
    }
}
