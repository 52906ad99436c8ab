// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token anyone can mint.
contract PlainToken is ERC20 {
    constructor() ERC20("Plain", "PLN") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @title A token that keeps one percent of each transfer.
contract TaxedToken is ERC20 {
    constructor() ERC20("Taxed", "TAX") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (from == address(0)) return super._update(from, to, amount);
        uint256 tax = amount / 100;
        super._update(from, address(0), tax);
        super._update(from, to, amount - tax);
    }
}

/// @title A token that calls whom it is told to in the middle of a transfer, as ERC-777 tokens may.
contract CallingToken is ERC20 {
    address private _target;
    bytes private _data;
    bool public reentered;

    constructor() ERC20("Calling", "CLL") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function arm(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (_target != address(0) && from != address(0)) {
            address target = _target;
            _target = address(0);
            (reentered,) = target.call(_data);
        }
        super._update(from, to, amount);
    }
}

/// @title A token whose transfers can be stopped.
contract StoppableToken is ERC20 {
    bool public stopped;

    constructor() ERC20("Stoppable", "STP") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function stop() external {
        stopped = true;
    }

    function _update(address from, address to, uint256 amount) internal override {
        require(!stopped, "stopped");
        super._update(from, to, amount);
    }
}
