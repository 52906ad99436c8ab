// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IProvenanceLedger} from "./IProvenanceLedger.sol";

/// @title Who is paid for a model: owner, operator, contributors of its provenance graph, and the model it derives from.
/// @dev Shares are in basis points (10,000 is all). The terms of a model version are set once and never change, so that no
/// owner can cut a contributor later. Money in is `distribute`d: the owner's part is credited to the given holder, the
/// contributors' part to a pool from which each `claim`s by weight (cumulative floors: dust stays in the pool and is paid
/// once it amounts to a unit), the parent model's part is split by the parent's own terms, at most 8 models up; what
/// flooring leaves goes to the owner. `token` zero means ether. All payments out are pulled.
///
/// Contributors' shares follow the graph that is shown when terms are set: an artifact passes `parentsBps` of its part on
/// to its parents in equal shares, up to 8 generations; there, and where there is no parent, its own contributors take
/// all. An artifact whose contributors all have weight zero splits equally.
interface IModelRoyalties {
    struct Terms {
        /// The one that answers a request. The four parts add up to 10,000.
        uint16 operatorBps;
        uint16 ownerBps;
        uint16 contributorsBps;
        uint16 parentBps;
        /// Least `parentBps` for models that derive from this one.
        uint16 derivativeBps;
        /// ERC-2981: what a sale of the model's token owes.
        uint16 saleBps;
        /// The model that this one derives from, with terms of its own; 0 and 0 if none.
        uint64 parentModelId;
        uint32 parentVersion;
    }

    event TermsSet(uint256 indexed modelId, uint32 indexed version, Terms terms);
    /// @param share Of 10^18.
    event ContributorShareSet(
        uint256 indexed modelId, uint32 indexed version, address indexed contributor, uint256 share
    );
    /// @notice A model earned; emitted again for each model up the line with the part passed on to it.
    event RevenueDistributed(
        uint256 indexed modelId,
        uint32 indexed version,
        address indexed token,
        address holder,
        uint256 ownerAmount,
        uint256 contributorsAmount,
        uint256 parentAmount
    );
    event ContributorClaimed(
        uint256 indexed modelId, uint32 indexed version, address indexed contributor, address token, uint256 amount
    );
    event Withdrawn(address indexed account, address indexed token, address indexed to, uint256 amount);

    error TermsNotSet(uint256 modelId, uint32 version);
    error TermsAlreadySet(uint256 modelId, uint32 version);
    error ModelVersionNotFound(uint256 modelId, uint32 version);
    error NotModelOwner(uint256 modelId, address caller);
    /// @notice Parts that do not add up to 10,000, a share above it, or a parent's part without a parent.
    error InvalidTerms();
    /// @notice The model derives from one that asks for at least this part.
    error ParentShareTooSmall(uint256 parentModelId, uint32 parentVersion, uint16 required);
    /// @notice More than 8 models in a line of derivation.
    error DerivationTooDeep();
    /// @notice The graph must begin with the artifact linked to the model version.
    error GraphRootMismatch(bytes32 expected, bytes32 actual);
    /// @notice The graph lacks an artifact within 8 generations, or lists a parent before its child.
    error ParentMissing(bytes32 parentId);
    /// @notice No artifact before it has this one as a parent.
    error ArtifactUnreachable(bytes32 artifactId);
    /// @notice At most 64 artifacts and 64 contributors.
    error GraphTooLarge(uint256 size);

    /// @notice Sets the terms of a model version, once. The caller owns the model.
    /// @param graph The linked `ModelVersion` artifact, then its ancestors, each child before its parents, up to 8
    /// generations. Empty only if no artifact is linked, and then `contributorsBps` must be 0.
    function setTerms(
        uint256 modelId,
        uint32 version,
        Terms calldata terms,
        IProvenanceLedger.Artifact[] calldata graph
    ) external;

    /// @notice Pays money in, to be split by the terms without the operator's part, which was taken before.
    /// @param version 0 for the latest version with terms.
    /// @param token Zero for ether, sent along; otherwise pulled from the caller's allowance.
    /// @param holder Who gets the owner's part: the model's owner when the money was earned.
    function distribute(uint256 modelId, uint32 version, address token, address holder, uint256 amount)
        external
        payable;

    /// @notice Credits what a contributor's share of a model's pool has come to. Anyone may call it for anyone.
    /// @return amount What was credited; withdraw it with `withdraw`.
    function claim(uint256 modelId, uint32 version, address token, address contributor)
        external
        returns (uint256 amount);

    /// @notice Pays the caller's whole balance in `token` to `to`.
    function withdraw(address token, address to) external returns (uint256 amount);

    /// @notice Terms of a version; reverts if none are set.
    function termsOf(uint256 modelId, uint32 version) external view returns (Terms memory terms);

    /// @notice Who set the terms of a version; gets the owner's part of ERC-2981 royalties.
    function creatorOf(uint256 modelId, uint32 version) external view returns (address creator);

    /// @notice The latest version that has terms; 0 if none has.
    function latestTermsOf(uint256 modelId) external view returns (uint32 version);

    /// @notice A contributor's share of the contributors' part, of 10^18.
    function shareOf(uint256 modelId, uint32 version, address contributor) external view returns (uint256 share);

    /// @notice What `claim` would credit now.
    function claimable(uint256 modelId, uint32 version, address token, address contributor)
        external
        view
        returns (uint256 amount);

    /// @notice What `withdraw` would pay now.
    function balanceOf(address account, address token) external view returns (uint256 amount);

    /// @notice All that came into a model version's contributors' pool, ever.
    function poolReceived(uint256 modelId, uint32 version, address token) external view returns (uint256 amount);

    /// @notice ERC-2981's answer for the model's token: a receiver made for this model, whose income is distributed by the
    /// terms of the latest version (`SaleRoyalty.forward`).
    function royaltyInfo(uint256 modelId, uint256 salePrice) external view returns (address receiver, uint256 amount);

    /// @notice The ERC-2981 receiver of a model; deployed by `deploySaleReceiver`, payable before that.
    function saleReceiverOf(uint256 modelId) external view returns (address receiver);

    /// @notice Deploys a model's ERC-2981 receiver, if it is not there yet. Anyone may.
    function deploySaleReceiver(uint256 modelId) external returns (address receiver);
}
