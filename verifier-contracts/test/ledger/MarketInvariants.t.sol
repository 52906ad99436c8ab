// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {MarketHandler} from "./support/MarketHandler.sol";

/// @title What stays true of the market whatever five people do.
contract MarketInvariants {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    MarketHandler private handler;

    function setUp() external {
        handler = new MarketHandler();
        handler.setUp();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// More than one entry for what moves requests on.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[19] memory all = [
            MarketHandler.pass.selector,
            MarketHandler.passTo.selector,
            MarketHandler.addStake.selector,
            MarketHandler.unbond.selector,
            MarketHandler.withdrawStake.selector,
            MarketHandler.ask.selector,
            MarketHandler.take.selector,
            MarketHandler.take.selector,
            MarketHandler.answerProved.selector,
            MarketHandler.answerOptimistic.selector,
            MarketHandler.answerOptimistic.selector,
            MarketHandler.dispute.selector,
            MarketHandler.prove.selector,
            MarketHandler.prove.selector,
            MarketHandler.finalize.selector,
            MarketHandler.slash.selector,
            MarketHandler.cancel.selector,
            MarketHandler.withdraw.selector,
            MarketHandler.forward.selector
        ];
        targets = new FuzzSelector[](1);
        targets[0].addr = address(handler);
        targets[0].selectors = new bytes4[](all.length);
        for (uint256 i = 0; i < all.length; ++i) {
            targets[0].selectors[i] = all[i];
        }
    }

    /// The sum of all balances equals what was paid in; nobody withdraws more than is theirs; no slash without a fault and no
    /// fault without a slash; no answer accepted without a proof or an elapsed window.
    function invariant_EveryWeiIsAccountedForAndEveryStepIsTheSpecifications() external view {
        handler.checkBooks();
        handler.checkState();
    }
}
