// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title Ether and ERC-20 tokens in and out.
/// @dev `token` zero is ether. Both functions may call foreign code: inheritors guard their entry points against
/// reentrancy and have written their state before they send.
abstract contract TokenTransfers {
    using SafeERC20 for IERC20;

    /// @notice The ether sent along is not what the call needs.
    error WrongValue(uint256 expected, uint256 actual);
    error PaymentFailed(address to, uint256 amount);

    /// Takes in `amount` from the caller. Returns what arrived: less, where a token keeps a part of each transfer.
    function _receive(address token, uint256 amount) internal returns (uint256 received) {
        uint256 expected = token == address(0) ? amount : 0;
        if (msg.value != expected) revert WrongValue(expected, msg.value);
        if (token == address(0) || amount == 0) return amount;
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        return IERC20(token).balanceOf(address(this)) - before;
    }

    function _send(address token, address to, uint256 amount) internal {
        if (to == address(0)) revert PaymentFailed(to, amount);
        if (token == address(0)) {
            // All gas: wallets that are contracts need it, and every entry point is guarded.
            // slither-disable-next-line low-level-calls
            (bool sent,) = to.call{value: amount}("");
            if (!sent) revert PaymentFailed(to, amount);
        } else {
            IERC20(token).safeTransfer(to, amount);
        }
    }
}
