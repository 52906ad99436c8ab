// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IModelRoyalties} from "./interfaces/IModelRoyalties.sol";

/// @title Where marketplaces pay ERC-2981's royalty of one model.
/// @dev Marketplaces send money without saying for which token, so each model has a receiver: a clone that carries the
/// model's number behind its code. Anyone may forward what lies here; the owner's part goes to who set the model's terms, not
/// to the buyer, who owns the model by then.
contract SaleRoyalty {
    using SafeERC20 for IERC20;

    IModelRoyalties private immutable _ROYALTIES;

    error NothingToForward();

    /// @param royalties What clones pay to.
    constructor(IModelRoyalties royalties) {
        _ROYALTIES = royalties;
    }

    /// @notice Ether of a sale.
    receive() external payable {}

    /// @notice Hands all that lies here to `IModelRoyalties.distribute`.
    /// @param token Zero for ether.
    /// @return amount What was handed over.
    function forward(address token) external returns (uint256 amount) {
        uint256 model = modelId();
        uint32 version = _ROYALTIES.latestTermsOf(model);
        address creator = _ROYALTIES.creatorOf(model, version);
        if (token == address(0)) {
            amount = address(this).balance;
            // Ether forced upon this contract is forwarded like any other.
            // slither-disable-next-line incorrect-equality
            if (amount == 0) revert NothingToForward();
            _ROYALTIES.distribute{value: amount}(model, version, token, creator, amount);
        } else {
            amount = IERC20(token).balanceOf(address(this));
            // slither-disable-next-line incorrect-equality
            if (amount == 0) revert NothingToForward();
            IERC20(token).forceApprove(address(_ROYALTIES), amount);
            _ROYALTIES.distribute(model, version, token, creator, amount);
        }
    }

    /// @notice The model whose sales are paid here.
    /// @return model Its number in the registry.
    function modelId() public view returns (uint256 model) {
        return abi.decode(Clones.fetchCloneArgs(address(this)), (uint256));
    }
}
