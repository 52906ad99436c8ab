// SPDX-License-Identifier: MIT
pragma solidity ^0.8.4;

/// @title Balances that their owners withdraw. `token` zero is ether.
interface IPullPayments {
    event Withdrawn(address indexed account, address indexed token, address indexed to, uint256 amount);

    /// @notice There is nothing to pay, split or forward.
    error NothingToPay();

    /// @notice Pays the caller's whole balance in `token` to `to`.
    function withdraw(address token, address to) external returns (uint256 amount);

    /// @notice What `withdraw` would pay now.
    function balanceOf(address account, address token) external view returns (uint256 amount);
}
