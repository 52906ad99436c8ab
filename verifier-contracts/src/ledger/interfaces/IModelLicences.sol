// SPDX-License-Identifier: MIT
pragma solidity ^0.8.4;

import {IModelErrors} from "../../interfaces/IModelErrors.sol";

/// @title Licences to use a model: ERC-1155 tokens sold by the model's owner.
/// @dev A token number is an offer: model, kind, price and transferability, fixed for good when it is made; an owner can
/// only close it. The price goes to `IModelRoyalties.distribute` at once. A model may require a licence of whoever
/// asks it (`use`).
interface IModelLicences is IModelErrors {
    enum LicenceKind {
        /// Holding one suffices, for ever.
        Perpetual,
        /// Holding one suffices until the offer's date.
        Until,
        /// Each unit is one use.
        Uses
    }

    struct Offer {
        uint64 modelId;
        LicenceKind kind;
        bool transferable;
        /// Last second at which it is valid; 0 unless `Until`.
        uint40 until;
        /// Zero for ether.
        address token;
        /// Of one unit.
        uint128 price;
        /// Units ever sold at most; 0 for no limit.
        uint64 maxSupply;
    }

    event LicenceOffered(uint256 indexed licenceId, uint256 indexed modelId, Offer offer);
    event LicenceClosed(uint256 indexed licenceId);
    event LicenceBought(
        uint256 indexed licenceId, address indexed buyer, address indexed to, uint256 units, uint256 paid
    );
    event LicenceRequiredSet(uint256 indexed modelId, bool required);
    /// @notice `consumer` (a market) counted a use of `account`.
    event LicenceUsed(uint256 indexed licenceId, address indexed account, address indexed consumer);
    /// @notice ... and gave it back, because nothing came of it.
    event LicenceReturned(uint256 indexed licenceId, address indexed account, address indexed consumer);

    error InvalidOffer();
    error OfferNotFound(uint256 licenceId);
    error OfferClosed(uint256 licenceId);
    error SoldOut(uint256 licenceId, uint256 left);
    error LicenceNotTransferable(uint256 licenceId);
    /// @notice `account` holds no such licence, or it is for another model, or its date has passed.
    error NotLicensed(uint256 modelId, address account, uint256 licenceId);
    /// @notice A use is spent by its holder, or by whom the holder approved (ERC-1155 `setApprovalForAll`).
    error NotApproved(address account, address caller);
    error NothingToReturn(uint256 licenceId, address account, address consumer);

    /// @notice Makes an offer. The caller owns the model, which needs terms (`IModelRoyalties`).
    function offer(Offer calldata terms) external returns (uint256 licenceId);

    /// @notice Ends sales. What was sold stays valid. The caller owns the model.
    function close(uint256 licenceId) external;

    /// @notice Says whether asking the model needs a licence. The caller owns the model.
    function setLicenceRequired(uint256 modelId, bool required) external;

    /// @notice Buys `units` for `to`.
    function buy(uint256 licenceId, address to, uint256 units) external payable;

    /// @notice Reverts unless `account` may use the model by this licence; spends a unit if it counts uses, which only the
    /// account and whom it approved may do.
    function use(uint256 modelId, address account, uint256 licenceId) external;

    /// @notice Gives back a use that the caller had counted.
    function giveBack(address account, uint256 licenceId) external;

    function isLicensed(uint256 modelId, address account, uint256 licenceId) external view returns (bool licensed);

    function licenceRequired(uint256 modelId) external view returns (bool required);

    function offerOf(uint256 licenceId) external view returns (Offer memory terms, bool closed, uint64 sold);
}
