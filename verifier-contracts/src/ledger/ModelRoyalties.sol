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
import {IPullPayments} from "./interfaces/IPullPayments.sol";
import {IProvenanceLedger} from "./interfaces/IProvenanceLedger.sol";

// slither-disable-start calls-loop
/// @title Splits what models earn.
/// @dev No owner, no pause. Invariant for each token: what came in equals what was withdrawn, plus balances, plus pools less
/// what was claimed from them. Everything a loop runs over is bounded: 64 artifacts, 64 contributors, 8 models up, 16 claims.
/// What loops
/// call (registry and provenance ledger) was fixed at deployment.
contract ModelRoyalties is IModelRoyalties, PullPayments, ReentrancyGuardTransient {
    uint256 private constant ALL_BPS = 10_000;
    /// The whole of a contributors' pool.
    uint256 private constant WHOLE = 1e18;
    uint256 private constant MAX_ARTIFACTS = 64;
    uint256 private constant MAX_CONTRIBUTORS = 64;
    uint256 private constant MAX_GENERATIONS = 8;
    uint256 private constant MAX_DERIVATIONS = 8;
    uint256 private constant MAX_CLAIMS = 16;

    struct Settled {
        Terms terms;
        /// Who set the terms.
        address creator;
        /// Models above this one, up all lines; not 0 only for derived models.
        uint8 derivations;
        bool set;
        Parent[] parents;
        /// Whom this version descends from that claims a part.
        Version[] claims;
        mapping(address contributor => uint256) shares;
        mapping(address token => uint256) received;
        mapping(address token => mapping(address contributor => uint256)) claimed;
    }

    IModelRegistry private immutable _REGISTRY;
    IProvenanceLedger private immutable _PROVENANCE;
    address private immutable _SALE_ROYALTY;
    mapping(uint256 modelId => mapping(uint32 version => Settled)) private _versions;
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
        Parent[] calldata parents,
        IProvenanceLedger.Artifact[] calldata graph
    ) external {
        if (version == 0 || version > _REGISTRY.versionOf(modelId)) revert ModelVersionNotFound(modelId, version);
        if (_ownerOf(modelId) != msg.sender) revert NotModelOwner(modelId, msg.sender);
        Settled storage v = _versions[modelId][version];
        if (v.set) revert TermsAlreadySet(modelId, version);
        uint32 latest = _latest[modelId];
        if (version < latest) revert TermsOutOfOrder(modelId, latest);
        // Before the version counts as set: it cannot be its own parent.
        v.derivations = _checkTerms(terms, parents);
        Claims memory claims = Claims({list: new Version[](MAX_CLAIMS), count: 0});
        if (latest != 0) _inherit(claims, modelId, modelId, latest);
        for (uint256 i = 0; i < parents.length; ++i) {
            _addClaimsOf(claims, modelId, parents[i].modelId, parents[i].version);
            v.parents.push(parents[i]);
        }
        (v.set, v.terms, v.creator, _latest[modelId]) = (true, terms, msg.sender, version);
        emit TermsSet(modelId, version, terms, parents);
        _setShares(modelId, version, terms, graph, claims);
        _settle(v, claims);
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
        // One for each model up all lines; `setTerms` bounds their number.
        Due[] memory due = new Due[](1 + MAX_DERIVATIONS);
        due[0] = Due({modelId: modelId, version: version, holder: holder, amount: left});
        uint256 count = 1;
        for (uint256 i = 0; i < count; ++i) {
            count = _distribute(due, i, count, token);
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

    /// @inheritdoc IPullPayments
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
    function parentsOf(uint256 modelId, uint32 version) external view returns (Parent[] memory parents) {
        return _withTerms(modelId, version).parents;
    }

    /// @inheritdoc IModelRoyalties
    function claimsOn(uint256 modelId, uint32 version) external view returns (Version[] memory claimants) {
        return _withTerms(modelId, version).claims;
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

    /// @inheritdoc IPullPayments
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
        Settled storage v = _versions[modelId][version];
        return Math.mulDiv(v.received[token], v.shares[contributor], WHOLE) - v.claimed[token][contributor];
    }

    /// @inheritdoc IModelRoyalties
    function saleReceiverOf(uint256 modelId) public view returns (address receiver) {
        return Clones.predictDeterministicAddressWithImmutableArgs(_SALE_ROYALTY, abi.encode(modelId), bytes32(0));
    }

    struct Due {
        uint256 modelId;
        uint32 version;
        address holder;
        uint256 amount;
    }

    /// Splits what is due to one model, and adds to the list what is due to its parents.
    function _distribute(Due[] memory due, uint256 i, uint256 count, address token) private returns (uint256) {
        Due memory d = due[i];
        Settled storage v = _withTerms(d.modelId, d.version);
        Terms memory terms = v.terms;
        (uint256 forContributors, uint256 forParents) = _split(terms, d.amount);
        uint256 passedOn = 0;
        if (forParents > 0) {
            uint256 parents = v.parents.length;
            for (uint256 k = 0; k < parents; ++k) {
                Parent memory parent = v.parents[k];
                uint256 part = forParents * parent.bps / terms.parentsBps;
                if (part == 0) continue;
                due[count++] = Due(parent.modelId, parent.version, _ownerOf(parent.modelId), part);
                passedOn += part;
            }
        }
        uint256 forOwner = d.amount - forContributors - passedOn;
        _credit(d.holder, token, forOwner);
        if (forContributors > 0) v.received[token] += forContributors;
        emit RevenueDistributed(d.modelId, d.version, token, d.holder, forOwner, forContributors, passedOn);
        return count;
    }

    /// Walks the graph, gives each contributor its part of the whole, and collects the ancestors' claims.
    function _setShares(
        uint256 modelId,
        uint32 version,
        Terms calldata terms,
        IProvenanceLedger.Artifact[] calldata graph,
        Claims memory claims
    ) private {
        bytes32 root = _PROVENANCE.linkOf(modelId, version).artifactId;
        if (root == 0) {
            // Linked later, the lineage would be there to see, and nobody in it paid.
            if (!_PROVENANCE.isWithoutLineage(modelId, version)) revert LineageUndeclared(modelId, version);
            if (graph.length == 0 && terms.contributorsBps == 0) return;
        }
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
        for (uint256 i = 0; i < graph.length; ++i) {
            if (generations[i] == 0) revert ArtifactUnreachable(ids[i]);
            bool settled = i > 0 && _addClaimsAt(claims, modelId, ids[i]);
            if (generations[i] > MAX_GENERATIONS) {
                // What lies beyond has no share. Who has claims there must be shown, or was settled before.
                if (!_reach(graph[i].parents, i, ids, generations) && !settled) revert LineageTooDeep(ids[i]);
                if (generations[i] > MAX_GENERATIONS + 1) continue;
            }
            uint256 passedOn = _passOn(graph[i], i, ids, parts, generations);
            _share(tally, graph[i].contributors, parts[i] - passedOn);
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

    /// Follows an artifact's parents without a share for them. Returns whether all are shown.
    function _reach(bytes32[] calldata parents, uint256 i, bytes32[] memory ids, uint256[] memory generations)
        private
        pure
        returns (bool complete)
    {
        complete = true;
        for (uint256 k = 0; k < parents.length; ++k) {
            uint256 j = i + 1;
            while (j < ids.length && ids[j] != parents[k]) {
                ++j;
            }
            if (j == ids.length) complete = false;
            else if (generations[j] == 0) generations[j] = generations[i] + 1;
        }
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

    struct Claims {
        Version[] list;
        uint256 count;
    }

    /// Adds the claims that come with an artifact, if that is a model with terms. Returns whether it is.
    function _addClaimsAt(Claims memory claims, uint256 heirId, bytes32 artifactId) private view returns (bool settled) {
        IProvenanceLedger.Header memory header = _PROVENANCE.headerOf(artifactId);
        if (header.modelId == 0 || !_versions[header.modelId][header.version].set) return false;
        _addClaimsOf(claims, heirId, header.modelId, header.version);
        return true;
    }

    /// Adds a model's own claim, and those on it.
    function _addClaimsOf(Claims memory claims, uint256 heirId, uint64 modelId, uint32 version) private view {
        if (_versions[modelId][version].terms.derivativeBps > 0) _add(claims, heirId, Version(modelId, version));
        _inherit(claims, heirId, modelId, version);
    }

    /// Adds the claims on a model.
    function _inherit(Claims memory claims, uint256 heirId, uint256 modelId, uint32 version) private view {
        Version[] storage inherited = _versions[modelId][version].claims;
        uint256 count = inherited.length;
        for (uint256 i = 0; i < count; ++i) {
            _add(claims, heirId, inherited[i]);
        }
    }

    /// Adds a claim, once. A model claims nothing from itself.
    function _add(Claims memory claims, uint256 heirId, Version memory claimant) private pure {
        if (claimant.modelId == heirId) return;
        for (uint256 i = 0; i < claims.count; ++i) {
            if (claims.list[i].modelId == claimant.modelId && claims.list[i].version == claimant.version) return;
        }
        if (claims.count == MAX_CLAIMS) revert TooManyClaims();
        claims.list[claims.count++] = claimant;
    }

    /// Keeps the claims for those who derive from this version, and requires that it pays them.
    function _settle(Settled storage v, Claims memory claims) private {
        for (uint256 i = 0; i < claims.count; ++i) {
            Version memory claimant = claims.list[i];
            v.claims.push(claimant);
            if (_ownerOf(claimant.modelId) == msg.sender) continue;
            uint16 required = _versions[claimant.modelId][claimant.version].terms.derivativeBps;
            if (_arriving(v, ALL_BPS, claimant) < WHOLE / ALL_BPS * required) {
                revert ParentShareTooSmall(claimant.modelId, claimant.version, required);
            }
        }
    }

    /// The part, of WHOLE, of what comes to a version that arrives at `target`, through all lines. `base`: of what `bps` are parts.
    function _arriving(Settled storage v, uint256 base, Version memory target) private view returns (uint256 part) {
        uint256 count = v.parents.length;
        if (base == 0) return 0;
        for (uint256 i = 0; i < count; ++i) {
            Parent memory parent = v.parents[i];
            uint256 passed = WHOLE * parent.bps / base;
            if (parent.modelId != target.modelId || parent.version != target.version) {
                Settled storage up = _versions[parent.modelId][parent.version];
                passed = passed * _arriving(up, ALL_BPS - up.terms.operatorBps, target) / WHOLE;
            }
            part += passed;
        }
    }

    /// Terms that can be kept. Returns how many models stand above this one.
    function _checkTerms(Terms calldata terms, Parent[] calldata parents) private view returns (uint8 derivations) {
        uint256 sum = uint256(terms.operatorBps) + terms.ownerBps + terms.contributorsBps + terms.parentsBps;
        if (sum != ALL_BPS || terms.derivativeBps > ALL_BPS || terms.saleBps > ALL_BPS) revert InvalidTerms();
        uint256 above = 0;
        uint256 given = 0;
        for (uint256 i = 0; i < parents.length; ++i) {
            for (uint256 j = 0; j < i; ++j) {
                if (parents[j].modelId == parents[i].modelId && parents[j].version == parents[i].version) {
                    revert InvalidTerms();
                }
            }
            if (parents[i].bps == 0) revert InvalidTerms();
            given += parents[i].bps;
            // A parent's terms never change and were set before: no cycle.
            above += 1 + _withTerms(parents[i].modelId, parents[i].version).derivations;
            if (above > MAX_DERIVATIONS) revert DerivationTooDeep();
        }
        if (given != terms.parentsBps) revert InvalidTerms();
        return uint8(above);
    }

    function _withTerms(uint256 modelId, uint32 version) private view returns (Settled storage v) {
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
        returns (uint256 forContributors, uint256 forParents)
    {
        uint256 base = ALL_BPS - terms.operatorBps;
        if (base == 0) return (0, 0);
        forContributors = Math.mulDiv(amount, terms.contributorsBps, base);
        forParents = Math.mulDiv(amount, terms.parentsBps, base);
    }
}
// slither-disable-end calls-loop
