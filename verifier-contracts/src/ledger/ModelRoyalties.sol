// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {PullPayments} from "./PullPayments.sol";
import {SaleRoyalty} from "./SaleRoyalty.sol";
import {IModelRoyalties} from "./interfaces/IModelRoyalties.sol";
import {IProvenanceLedger} from "./interfaces/IProvenanceLedger.sol";

// slither-disable-start calls-loop
/// @title Splits what models earn.
/// @dev No owner, no pause. Invariant for each token: what came in equals what was withdrawn, plus balances, plus pools less
/// what was claimed from them. Everything a loop runs over is bounded: 64 artifacts, 64 contributors, 8 models. What loops
/// call (registry and provenance ledger) was fixed at deployment.
contract ModelRoyalties is IModelRoyalties, PullPayments, ReentrancyGuardTransient {
    uint256 private constant ALL_BPS = 10_000;
    /// The whole of a contributors' pool.
    uint256 private constant WHOLE = 1e18;
    uint256 private constant MAX_ARTIFACTS = 64;
    uint256 private constant MAX_CONTRIBUTORS = 64;
    uint256 private constant MAX_GENERATIONS = 8;
    uint256 private constant MAX_DERIVATIONS = 8;

    struct Version {
        Terms terms;
        /// Who set the terms.
        address creator;
        /// Models above this one; not 0 only for derived models.
        uint8 derivations;
        bool set;
        mapping(address contributor => uint256) shares;
        mapping(address token => uint256) received;
        mapping(address token => mapping(address contributor => uint256)) claimed;
    }

    IModelRegistry private immutable _REGISTRY;
    IProvenanceLedger private immutable _PROVENANCE;
    address private immutable _SALE_ROYALTY;
    mapping(uint256 modelId => mapping(uint32 version => Version)) private _versions;
    mapping(uint256 modelId => uint32) private _latest;

    /// @param modelRegistry Where models are registered.
    /// @param provenanceLedger Where artifacts are recorded.
    constructor(IModelRegistry modelRegistry, IProvenanceLedger provenanceLedger) {
        _REGISTRY = modelRegistry;
        _PROVENANCE = provenanceLedger;
        _SALE_ROYALTY = address(new SaleRoyalty(this));
    }

    /// @inheritdoc IModelRoyalties
    function setTerms(
        uint256 modelId,
        uint32 version,
        Terms calldata terms,
        IProvenanceLedger.Artifact[] calldata graph
    ) external {
        if (version == 0 || version > _REGISTRY.versionOf(modelId)) revert ModelVersionNotFound(modelId, version);
        if (_ownerOf(modelId) != msg.sender) revert NotModelOwner(modelId, msg.sender);
        Version storage v = _versions[modelId][version];
        if (v.set) revert TermsAlreadySet(modelId, version);
        // Before the version counts as set: it cannot be its own parent.
        v.derivations = _checkTerms(terms);
        v.set = true;
        v.terms = terms;
        v.creator = msg.sender;
        if (version > _latest[modelId]) _latest[modelId] = version;
        emit TermsSet(modelId, version, terms);
        _setShares(modelId, version, terms, graph);
    }

    /// @inheritdoc IModelRoyalties
    function distribute(uint256 modelId, uint32 version, address token, address holder, uint256 amount)
        external
        payable
        nonReentrant
    {
        if (holder == address(0)) revert PaymentFailed(holder, amount);
        if (version == 0) version = _latest[modelId];
        uint256 left = _receive(token, amount);
        // What arrived; no balance that a stranger could nudge.
        // slither-disable-next-line incorrect-equality
        if (left == 0) revert NothingToPay();
        // One turn for each model up the line; `setTerms` bounds its length.
        while (left > 0) {
            Version storage v = _withTerms(modelId, version);
            Terms memory terms = v.terms;
            (uint256 forContributors, uint256 forParent) = _split(terms, left);
            uint256 forOwner = left - forContributors - forParent;
            _credit(holder, token, forOwner);
            if (forContributors > 0) v.received[token] += forContributors;
            emit RevenueDistributed(modelId, version, token, holder, forOwner, forContributors, forParent);
            left = forParent;
            if (left > 0) {
                modelId = terms.parentModelId;
                version = terms.parentVersion;
                holder = _ownerOf(modelId);
            }
        }
    }

    /// @inheritdoc IModelRoyalties
    function claim(uint256 modelId, uint32 version, address token, address contributor)
        external
        returns (uint256 amount)
    {
        amount = claimable(modelId, version, token, contributor);
        if (amount == 0) revert NothingToPay();
        _versions[modelId][version].claimed[token][contributor] += amount;
        _credit(contributor, token, amount);
        emit ContributorClaimed(modelId, version, contributor, token, amount);
    }

    /// @inheritdoc IModelRoyalties
    function withdraw(address token, address to) external nonReentrant returns (uint256 amount) {
        amount = _withdraw(msg.sender, token, to);
        emit Withdrawn(msg.sender, token, to, amount);
    }

    /// @inheritdoc IModelRoyalties
    function deploySaleReceiver(uint256 modelId) external returns (address receiver) {
        receiver = saleReceiverOf(modelId);
        if (receiver.code.length == 0) {
            receiver = Clones.cloneDeterministicWithImmutableArgs(_SALE_ROYALTY, abi.encode(modelId), bytes32(0));
        }
    }

    /// @inheritdoc IModelRoyalties
    function termsOf(uint256 modelId, uint32 version) external view returns (Terms memory terms) {
        return _withTerms(modelId, version).terms;
    }

    /// @inheritdoc IModelRoyalties
    function creatorOf(uint256 modelId, uint32 version) external view returns (address creator) {
        return _withTerms(modelId, version).creator;
    }

    /// @inheritdoc IModelRoyalties
    function latestTermsOf(uint256 modelId) external view returns (uint32 version) {
        return _latest[modelId];
    }

    /// @inheritdoc IModelRoyalties
    function shareOf(uint256 modelId, uint32 version, address contributor) external view returns (uint256 share) {
        return _versions[modelId][version].shares[contributor];
    }

    /// @inheritdoc IModelRoyalties
    function balanceOf(address account, address token) external view returns (uint256 amount) {
        return _balanceOf(account, token);
    }

    /// @inheritdoc IModelRoyalties
    function poolReceived(uint256 modelId, uint32 version, address token) external view returns (uint256 amount) {
        return _versions[modelId][version].received[token];
    }

    /// @inheritdoc IModelRoyalties
    function royaltyInfo(uint256 modelId, uint256 salePrice) external view returns (address receiver, uint256 amount) {
        uint32 version = _latest[modelId];
        if (version == 0) return (address(0), 0);
        amount = Math.mulDiv(salePrice, _versions[modelId][version].terms.saleBps, ALL_BPS);
        return (saleReceiverOf(modelId), amount);
    }

    /// @inheritdoc IModelRoyalties
    function claimable(uint256 modelId, uint32 version, address token, address contributor)
        public
        view
        returns (uint256 amount)
    {
        Version storage v = _versions[modelId][version];
        return Math.mulDiv(v.received[token], v.shares[contributor], WHOLE) - v.claimed[token][contributor];
    }

    /// @inheritdoc IModelRoyalties
    function saleReceiverOf(uint256 modelId) public view returns (address receiver) {
        return Clones.predictDeterministicAddressWithImmutableArgs(_SALE_ROYALTY, abi.encode(modelId), bytes32(0));
    }

    /// Walks the graph and gives each contributor its part of the whole.
    function _setShares(
        uint256 modelId,
        uint32 version,
        Terms calldata terms,
        IProvenanceLedger.Artifact[] calldata graph
    ) private {
        bytes32 root = _PROVENANCE.linkOf(modelId, version).artifactId;
        if (root == 0 && graph.length == 0 && terms.contributorsBps == 0) return;
        if (graph.length == 0 || graph.length > MAX_ARTIFACTS) revert GraphTooLarge(graph.length);
        bytes32[] memory ids = new bytes32[](graph.length);
        // A part of WHOLE for each artifact, and its distance from the root plus 1 (0: not reached yet).
        uint256[] memory parts = new uint256[](graph.length);
        uint256[] memory generations = new uint256[](graph.length);
        for (uint256 i = 0; i < graph.length; ++i) {
            ids[i] = _PROVENANCE.idOf(graph[i]);
        }
        if (root == 0 || ids[0] != root) revert GraphRootMismatch(root, ids[0]);
        (parts[0], generations[0]) = (WHOLE, 1);
        Tally memory tally = Tally({modelId: modelId, version: version, contributors: 0, given: 0});
        bool derived = false;
        for (uint256 i = 0; i < graph.length; ++i) {
            if (generations[i] == 0) revert ArtifactUnreachable(ids[i]);
            uint256 passedOn = _passOn(graph[i], i, ids, parts, generations);
            _share(tally, graph[i].contributors, parts[i] - passedOn);
            if (i > 0 && !derived) derived = _requireParentPaid(ids[i], terms);
        }
        // What flooring left goes to the root's first contributor: the shares add up to the whole.
        if (tally.given < WHOLE) {
            _versions[modelId][version].shares[graph[0].contributors[0].account] += WHOLE - tally.given;
        }
        _announceShares(modelId, version, graph);
    }

    struct Tally {
        uint256 modelId;
        uint32 version;
        uint256 contributors;
        uint256 given;
    }

    /// Hands an artifact's part on to its parents, as `parentsBps` says. Returns what was handed on.
    function _passOn(
        IProvenanceLedger.Artifact calldata artifact,
        uint256 i,
        bytes32[] memory ids,
        uint256[] memory parts,
        uint256[] memory generations
    ) private pure returns (uint256 passedOn) {
        uint256 count = artifact.parents.length;
        if (count == 0 || generations[i] > MAX_GENERATIONS) return 0;
        // Floored on purpose: what is handed on is what arrives, and the rest stays with the artifact.
        // slither-disable-next-line divide-before-multiply
        uint256 each = parts[i] * artifact.parentsBps / ALL_BPS / count;
        for (uint256 k = 0; k < count; ++k) {
            uint256 j = _find(artifact.parents[k], i, ids);
            parts[j] += each;
            if (generations[j] == 0 || generations[j] > generations[i] + 1) generations[j] = generations[i] + 1;
        }
        return each * count;
    }

    function _find(bytes32 id, uint256 i, bytes32[] memory ids) private pure returns (uint256 j) {
        for (j = i + 1; j < ids.length; ++j) {
            if (ids[j] == id) return j;
        }
        revert ParentMissing(id);
    }

    /// Splits an artifact's part among its contributors by weight.
    function _share(Tally memory tally, IProvenanceLedger.Contributor[] calldata contributors, uint256 part) private {
        mapping(address contributor => uint256) storage shares = _versions[tally.modelId][tally.version].shares;
        uint256 count = contributors.length;
        tally.contributors += count;
        if (tally.contributors > MAX_CONTRIBUTORS) revert GraphTooLarge(tally.contributors);
        uint256 weights = 0;
        for (uint256 i = 0; i < count; ++i) {
            weights += contributors[i].weight;
        }
        for (uint256 i = 0; i < count; ++i) {
            uint256 share = weights == 0 ? part / count : part * contributors[i].weight / weights;
            if (share == 0) continue;
            shares[contributors[i].account] += share;
            tally.given += share;
        }
    }

    function _announceShares(uint256 modelId, uint32 version, IProvenanceLedger.Artifact[] calldata graph) private {
        for (uint256 i = 0; i < graph.length; ++i) {
            for (uint256 k = 0; k < graph[i].contributors.length; ++k) {
                address contributor = graph[i].contributors[k].account;
                emit ContributorShareSet(
                    modelId, version, contributor, _versions[modelId][version].shares[contributor]
                );
            }
        }
    }

    /// An ancestor that is a registered model with a claim on its derivatives must be the declared parent. Returns whether
    /// this ancestor is such a model: only the nearest one counts, because it pays its own parents.
    function _requireParentPaid(bytes32 artifactId, Terms calldata terms) private view returns (bool claims) {
        IProvenanceLedger.Header memory header = _PROVENANCE.headerOf(artifactId);
        if (header.modelId == 0) return false;
        Version storage parent = _versions[header.modelId][header.version];
        uint16 required = parent.terms.derivativeBps;
        if (!parent.set || required == 0) return false;
        bool declared = terms.parentModelId == header.modelId && terms.parentVersion == header.version;
        if (!declared || terms.parentBps < required) {
            revert ParentShareTooSmall(header.modelId, header.version, required);
        }
        return true;
    }

    /// Terms that can be kept. Returns how many models stand above this one.
    function _checkTerms(Terms calldata terms) private view returns (uint8 derivations) {
        uint256 sum =
            uint256(terms.operatorBps) + terms.ownerBps + terms.contributorsBps + terms.parentBps;
        if (sum != ALL_BPS || terms.derivativeBps > ALL_BPS || terms.saleBps > ALL_BPS) revert InvalidTerms();
        if (terms.parentModelId == 0) {
            if (terms.parentBps != 0 || terms.parentVersion != 0) revert InvalidTerms();
            return 0;
        }
        // The parent's terms never change and were set before: no cycle.
        Version storage parent = _withTerms(terms.parentModelId, terms.parentVersion);
        if (terms.parentBps < parent.terms.derivativeBps) {
            revert ParentShareTooSmall(terms.parentModelId, terms.parentVersion, parent.terms.derivativeBps);
        }
        derivations = parent.derivations + 1;
        if (derivations > MAX_DERIVATIONS) revert DerivationTooDeep();
    }

    function _withTerms(uint256 modelId, uint32 version) private view returns (Version storage v) {
        v = _versions[modelId][version];
        if (!v.set) revert TermsNotSet(modelId, version);
    }

    function _ownerOf(uint256 modelId) private view returns (address owner) {
        return IERC721(address(_REGISTRY)).ownerOf(modelId);
    }

    /// The operator's part was taken before: the other three keep their proportions.
    function _split(Terms memory terms, uint256 amount)
        private
        pure
        returns (uint256 forContributors, uint256 forParent)
    {
        uint256 base = ALL_BPS - terms.operatorBps;
        if (base == 0) return (0, 0);
        forContributors = Math.mulDiv(amount, terms.contributorsBps, base);
        forParent = Math.mulDiv(amount, terms.parentBps, base);
    }
}
// slither-disable-end calls-loop
