// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {TokenTransfers} from "./TokenTransfers.sol";
import {IModelLicences} from "./interfaces/IModelLicences.sol";
import {IModelRoyalties} from "./interfaces/IModelRoyalties.sol";

// slither-disable-start timestamp
/// @title Licences as ERC-1155 tokens.
/// @dev No owner, no pause; holds no money between calls. A market that counted a use can give it back, but never more than
/// it had counted: no unit comes from anywhere but a sale.
///
/// Dates are days away: the seconds by which a proposer can shift a block's time decide nothing.
contract ModelLicences is IModelLicences, ERC1155, TokenTransfers, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    struct Sale {
        Offer terms;
        bool closed;
        uint64 sold;
    }

    IModelRegistry private immutable _REGISTRY;
    IModelRoyalties private immutable _ROYALTIES;
    uint256 private _lastLicenceId;
    mapping(uint256 licenceId => Sale) private _sales;
    mapping(uint256 modelId => bool) private _required;
    mapping(address consumer => mapping(address account => mapping(uint256 licenceId => uint256))) private _counted;

    /// @param modelRegistry Where models are registered.
    /// @param modelRoyalties Where proceeds go.
    constructor(IModelRegistry modelRegistry, IModelRoyalties modelRoyalties) ERC1155("") {
        _REGISTRY = modelRegistry;
        _ROYALTIES = modelRoyalties;
    }

    /// @inheritdoc IModelLicences
    function offer(Offer calldata terms) external returns (uint256 licenceId) {
        _requireOwner(terms.modelId);
        bool dateFits = terms.kind == LicenceKind.Until ? terms.until >= block.timestamp : terms.until == 0;
        if (!dateFits || _ROYALTIES.latestTermsOf(terms.modelId) == 0) revert InvalidOffer();
        licenceId = ++_lastLicenceId;
        _sales[licenceId].terms = terms;
        emit LicenceOffered(licenceId, terms.modelId, terms);
    }

    /// @inheritdoc IModelLicences
    function close(uint256 licenceId) external {
        Sale storage sale = _sale(licenceId);
        _requireOwner(sale.terms.modelId);
        sale.closed = true;
        emit LicenceClosed(licenceId);
    }

    /// @inheritdoc IModelLicences
    function setLicenceRequired(uint256 modelId, bool required) external {
        _requireOwner(modelId);
        _required[modelId] = required;
        emit LicenceRequiredSet(modelId, required);
    }

    /// @inheritdoc IModelLicences
    function buy(uint256 licenceId, address to, uint256 units) external payable nonReentrant {
        Sale storage sale = _sale(licenceId);
        Offer memory terms = sale.terms;
        if (sale.closed || units == 0) revert OfferClosed(licenceId);
        uint256 left = (terms.maxSupply == 0 ? type(uint64).max : terms.maxSupply) - sale.sold;
        if (units > left) revert SoldOut(licenceId, left);
        sale.sold += uint64(units);
        uint256 price = uint256(terms.price) * units;
        emit LicenceBought(licenceId, msg.sender, to, units, price);
        uint256 received = _receive(terms.token, price);
        if (received > 0) _payOn(terms.modelId, terms.token, received);
        _mint(to, licenceId, units, "");
    }

    /// @inheritdoc IModelLicences
    function use(uint256 modelId, address account, uint256 licenceId) external {
        if (!isLicensed(modelId, account, licenceId)) revert NotLicensed(modelId, account, licenceId);
        if (_sales[licenceId].terms.kind == LicenceKind.Uses) {
            if (account != msg.sender && !isApprovedForAll(account, msg.sender)) revert NotApproved(account, msg.sender);
            ++_counted[msg.sender][account][licenceId];
            _burn(account, licenceId, 1);
        }
        emit LicenceUsed(licenceId, account, msg.sender);
    }

    /// @inheritdoc IModelLicences
    function giveBack(address account, uint256 licenceId) external nonReentrant {
        if (_sale(licenceId).terms.kind == LicenceKind.Uses) {
            uint256 counted = _counted[msg.sender][account][licenceId];
            if (counted == 0) revert NothingToReturn(licenceId, account, msg.sender);
            _counted[msg.sender][account][licenceId] = counted - 1;
            _mint(account, licenceId, 1, "");
        }
        emit LicenceReturned(licenceId, account, msg.sender);
    }

    /// @inheritdoc IModelLicences
    function licenceRequired(uint256 modelId) external view returns (bool required) {
        return _required[modelId];
    }

    /// @inheritdoc IModelLicences
    function offerOf(uint256 licenceId) external view returns (Offer memory terms, bool closed, uint64 sold) {
        Sale storage sale = _sale(licenceId);
        return (sale.terms, sale.closed, sale.sold);
    }

    /// @inheritdoc IModelLicences
    function isLicensed(uint256 modelId, address account, uint256 licenceId) public view returns (bool licensed) {
        Offer memory terms = _sales[licenceId].terms;
        return terms.modelId == modelId && balanceOf(account, licenceId) > 0
            && (terms.kind != LicenceKind.Until || block.timestamp <= terms.until);
    }

    /// @notice Metadata of a licence: its model's.
    /// @param licenceId The offer.
    /// @return uriOfModel Where it is.
    function uri(uint256 licenceId) public view override returns (string memory uriOfModel) {
        return IERC721Metadata(address(_REGISTRY)).tokenURI(_sale(licenceId).terms.modelId);
    }

    /// Refuses transfers between accounts where the offer says so; sales and uses pass.
    function _update(address from, address to, uint256[] memory ids, uint256[] memory values) internal override {
        if (from != address(0) && to != address(0)) {
            for (uint256 i = 0; i < ids.length; ++i) {
                if (!_sales[ids[i]].terms.transferable) revert LicenceNotTransferable(ids[i]);
            }
        }
        super._update(from, to, ids, values);
    }

    function _payOn(uint256 modelId, address token, uint256 amount) private {
        address holder = IERC721(address(_REGISTRY)).ownerOf(modelId);
        if (token == address(0)) {
            _ROYALTIES.distribute{value: amount}(modelId, 0, token, holder, amount);
        } else {
            IERC20(token).forceApprove(address(_ROYALTIES), amount);
            _ROYALTIES.distribute(modelId, 0, token, holder, amount);
        }
    }

    function _requireOwner(uint256 modelId) private view {
        if (IERC721(address(_REGISTRY)).ownerOf(modelId) != msg.sender) revert NotModelOwner(modelId, msg.sender);
    }

    function _sale(uint256 licenceId) private view returns (Sale storage sale) {
        sale = _sales[licenceId];
        if (sale.terms.modelId == 0) revert OfferNotFound(licenceId);
    }
}
// slither-disable-end timestamp
