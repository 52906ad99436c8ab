// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IModelRegistry} from "../../interfaces/IModelRegistry.sol";
import {IInferenceMarket} from "../interfaces/IInferenceMarket.sol";
import {IModelLicences} from "../interfaces/IModelLicences.sol";
import {IModelRoyalties} from "../interfaces/IModelRoyalties.sol";

/// @title What a market was deployed with.
/// @dev For good: nobody can change a window or a bond under a request that is under way. All of it lies in the code, so that
/// reading it costs no storage.
abstract contract MarketParameters is IInferenceMarket {
    struct Config {
        IModelRegistry registry;
        IModelRoyalties royalties;
        IModelLicences licences;
        uint32 challengeWindow;
        uint32 proveWindow;
        uint32 maxWindow;
        uint32 unbondingDelay;
        uint96 minBond;
        uint96 challengeBond;
    }

    IModelRegistry internal immutable _REGISTRY;
    IModelRoyalties internal immutable _ROYALTIES;
    IModelLicences internal immutable _LICENCES;
    uint32 internal immutable _CHALLENGE_WINDOW;
    uint32 internal immutable _PROVE_WINDOW;
    uint32 internal immutable _MAX_WINDOW;
    uint32 internal immutable _UNBONDING_DELAY;
    uint96 internal immutable _MIN_BOND;
    uint96 internal immutable _CHALLENGE_BOND;

    /// @param config Contracts and parameters, for good.
    constructor(Config memory config) {
        uint256 longest = uint256(config.maxWindow) + config.challengeWindow + config.proveWindow;
        if (config.unbondingDelay <= longest) revert UnbondingTooShort(config.unbondingDelay, longest);
        if (config.minBond < 2) revert BondTooSmall(config.minBond, 2);
        _REGISTRY = config.registry;
        _ROYALTIES = config.royalties;
        _LICENCES = config.licences;
        _CHALLENGE_WINDOW = config.challengeWindow;
        _PROVE_WINDOW = config.proveWindow;
        _MAX_WINDOW = config.maxWindow;
        _UNBONDING_DELAY = config.unbondingDelay;
        _MIN_BOND = config.minBond;
        _CHALLENGE_BOND = config.challengeBond;
    }

    /// @inheritdoc IInferenceMarket
    function challengeWindow() external view returns (uint32 window) {
        return _CHALLENGE_WINDOW;
    }

    /// @inheritdoc IInferenceMarket
    function proveWindow() external view returns (uint32 window) {
        return _PROVE_WINDOW;
    }

    /// @inheritdoc IInferenceMarket
    function maxWindow() external view returns (uint32 window) {
        return _MAX_WINDOW;
    }

    /// @inheritdoc IInferenceMarket
    function unbondingDelay() external view returns (uint32 delay) {
        return _UNBONDING_DELAY;
    }

    /// @inheritdoc IInferenceMarket
    function minBond() external view returns (uint96 bond) {
        return _MIN_BOND;
    }

    /// @inheritdoc IInferenceMarket
    function challengeBond() external view returns (uint96 bond) {
        return _CHALLENGE_BOND;
    }

    /// @inheritdoc IInferenceMarket
    function registry() external view returns (address registryAddress) {
        return address(_REGISTRY);
    }

    /// @inheritdoc IInferenceMarket
    function royalties() external view returns (address royaltiesAddress) {
        return address(_ROYALTIES);
    }

    /// @inheritdoc IInferenceMarket
    function licences() external view returns (address licencesAddress) {
        return address(_LICENCES);
    }
}
