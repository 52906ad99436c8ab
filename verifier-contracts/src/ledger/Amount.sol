// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @dev One more than what is held, once something was; zero before.
struct Amount {
    uint256 word;
}

/// @title Amounts that are paid out again and again.
/// @dev A word that goes from zero to not zero costs 17,100 gas more than one that changes. Kept so, only the first payment does.
library Amounts {
    function add(Amount storage self, uint256 added) internal {
        uint256 word = self.word;
        self.word = (word == 0 ? 1 : word) + added;
    }

    /// Sets it to nothing. Returns what it was.
    function empty(Amount storage self) internal returns (uint256 held) {
        held = value(self);
        if (held > 0) self.word = 1;
    }

    function value(Amount storage self) internal view returns (uint256 held) {
        uint256 word = self.word;
        return word == 0 ? 0 : word - 1;
    }
}
