// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title A contract wallet of one key (ERC-1271).
contract ContractWallet is IERC1271 {
    address private immutable _SIGNER;

    constructor(address signer) {
        _SIGNER = signer;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        return ECDSA.recoverCalldata(hash, signature) == _SIGNER ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}

/// @title An account that can do anything and refuses ether.
contract RefusingAccount {
    function run(address target, uint256 value, bytes calldata data) external payable returns (bytes memory) {
        (bool ok, bytes memory result) = target.call{value: value}(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(result, 32), mload(result))
            }
        }
        return result;
    }
}

/// @title An account that answers ether with a call of its own, once.
contract ReenteringAccount is RefusingAccount {
    address private _target;
    bytes private _data;
    bool public tried;
    bool public succeeded;

    function arm(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    receive() external payable {
        if (_target == address(0)) return;
        address target = _target;
        _target = address(0);
        tried = true;
        (succeeded,) = target.call(_data);
    }
}
