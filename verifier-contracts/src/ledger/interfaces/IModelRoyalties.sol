// SPDX-License-Identifier: MIT
pragma solidity ^0.8.4;

import {IModelErrors} from "../../interfaces/IModelErrors.sol";
import {IPullPayments} from "./IPullPayments.sol";
import {IProvenanceLedger} from "./IProvenanceLedger.sol";

/// @title Who is paid for a model: owner, operator, contributors of its provenance graph, and the model it derives from.
/// @dev Shares are in basis points (10,000 is all). The terms of a model version are set once and never change, so that no
/// owner can cut a contributor later. Money in is `distribute`d: the owner's part is credited to the given holder, the
/// contributors' part to a pool from which each `claim`s by weight (cumulative floors: dust stays in the pool and is paid
/// once it amounts to a unit), each parent model's part is split by the parent's own terms, at most 8 models up; what
/// flooring leaves goes to the owner. `token` zero means ether. All payments out are pulled.
///
/// Contributors' shares follow the graph that is shown when terms are set: an artifact passes `parentsBps` of its part on
/// to its parents in equal shares, up to 8 generations; there, and where there is no parent, its own contributors take
/// all. An artifact whose contributors all have weight zero splits equally.
///
/// A model with `derivativeBps` claims that part of what every model earns that descends from it, at whatever distance: not
/// of what some model in between passes on. Claims follow the lineage on record. So that none is left behind:
///   - A version is linked to its artifact before its terms are set, or declared to have no lineage for good.
///   - Every ancestor that is a model with terms counts, not the nearest alone, and so does the checkpoint it was made from.
///   - The graph goes back to data, or, after 8 generations, to models with terms: claims on these were settled when their
///     terms were set. What is shown beyond 8 generations has no share, but its claims count.
///   - Terms are set in the order of versions, and a version inherits the claims on earlier ones: licences and sales pay by
///     the latest. Claims of models that the caller owns are not asked for.
/// What is never put on record cannot be claimed from: a model that is declared to have no lineage shows none either.
interface IModelRoyalties is IModelErrors, IPullPayments {
    struct Terms {
        /// The one that answers a request. The four parts add up to 10,000.
        uint16 operatorBps;
        uint16 ownerBps;
        uint16 contributorsBps;
        /// All parents' together.
        uint16 parentsBps;
        /// What this model claims of the earnings of every model that descends from it.
        uint16 derivativeBps;
        /// ERC-2981: what a sale of the model's token owes.
        uint16 saleBps;
    }

    /// A version of a model.
    struct Version {
        uint64 modelId;
        uint32 version;
    }

    /// A model that this one derives from, with terms of its own, and its part.
    struct Parent {
        uint64 modelId;
        uint32 version;
        uint16 bps;
    }

    event TermsSet(uint256 indexed modelId, uint32 indexed version, Terms terms, Parent[] parents);
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
        uint256 parentsAmount
    );
    event ContributorClaimed(
        uint256 indexed modelId, uint32 indexed version, address indexed contributor, address token, uint256 amount
    );

    error TermsNotSet(uint256 modelId, uint32 version);
    error TermsAlreadySet(uint256 modelId, uint32 version);
    /// @notice Parts that do not add up to 10,000, a share above it, or a parent that is listed twice or gets nothing.
    error InvalidTerms();
    /// @notice The model descends from one that claims at least this part of its earnings, directly or through parents.
    error ParentShareTooSmall(uint256 parentModelId, uint32 parentVersion, uint16 required);
    /// @notice More than 8 models up all lines of derivation together.
    error DerivationTooDeep();
    /// @notice More than 16 models claim a part.
    error TooManyClaims();
    /// @notice A later version has terms already.
    error TermsOutOfOrder(uint256 modelId, uint32 latest);
    /// @notice The version is neither linked to an artifact nor declared to have no lineage (`IProvenanceLedger`).
    error LineageUndeclared(uint256 modelId, uint32 version);
    /// @notice After 8 generations stands an artifact whose parents are not shown and that is no model with terms: who has
    /// claims beyond it is not known.
    error LineageTooDeep(bytes32 artifactId);
    /// @notice The graph must begin with the artifact linked to the model version.
    error GraphRootMismatch(bytes32 expected, bytes32 actual);
    /// @notice The graph lacks an artifact within 8 generations, or lists a parent before its child.
    error ParentMissing(bytes32 parentId);
    /// @notice No artifact before it has this one as a parent.
    error ArtifactUnreachable(bytes32 artifactId);
    /// @notice At most 64 artifacts and 64 contributors.
    error GraphTooLarge(uint256 size);

    /// @notice Sets the terms of a model version, once. The caller owns the model.
    /// @param parents Models that get a part, at most 8 with all of theirs; `parentsBps` in sum.
    /// @param graph The linked `ModelVersion` artifact, then its ancestors, each child before its parents, 8
    /// generations and on to what was settled. Empty only if the version is declared to have no lineage, and then `contributorsBps` must be 0.
    function setTerms(
        uint256 modelId,
        uint32 version,
        Terms calldata terms,
        Parent[] calldata parents,
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

    /// @notice Terms of a version; reverts if none are set.
    function termsOf(uint256 modelId, uint32 version) external view returns (Terms memory terms);

    /// @notice The models that a version pays a part to; reverts if no terms are set.
    function parentsOf(uint256 modelId, uint32 version) external view returns (Parent[] memory parents);

    /// @notice The models that claim a part of what a version and its descendants earn, itself not among them.
    function claimsOn(uint256 modelId, uint32 version) external view returns (Version[] memory claimants);

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
