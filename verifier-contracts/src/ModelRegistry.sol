// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {AccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IERCZKMLRegistry, ModelDeprecated as ModelIsDeprecated} from "./interfaces/IERCZKMLRegistry.sol";
import {IInferenceVerifier} from "./interfaces/IInferenceVerifier.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {ProofSystem} from "./libraries/ProofSystem.sol";

/// @title Registry of machine-learning models: ERC-7992, with versions and the generated verifier of each.
/// @notice Versioning policy (ERC-7992 asks for it): one model number for all versions; an update adds a version and
/// never changes an earlier one. A retired model stays retired.
/// @dev Each model is an ERC-721 token; its holder owns the model. A transfer in two steps is `approve` by the holder and
/// `transferFrom` by the new one. The administrator (two steps and a delay to change, OpenZeppelin's rules) appoints
/// pausers; a pause stops registrations and updates and touches nothing registered.
///
/// What binding a verifier proves: that the code at its address returned key words with the registered hash, and which
/// code that was (`codeHash`, checked again at every verification, so that code cannot be exchanged later). That this
/// code also uses these words is shown by compiling the generated source: same source, same `codeHash`.
contract ModelRegistry is IModelRegistry, ERC721, AccessControlDefaultAdminRules, Pausable {
    /// @notice May pause and unpause registrations.
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");

    /// What a verification reads, in two words; `verifier`, `proofSystemId` and `codeHash` are the current version's.
    struct Head {
        address verifier;
        uint32 version;
        bytes4 proofSystemId;
        bool deprecated;
        bytes32 codeHash;
    }

    struct Version {
        address verifier;
        bytes4 proofSystemId;
        uint64 registeredAt;
        bytes32 codeHash;
        bytes32 modelHash;
        bytes32 circuitHash;
        bytes32 vkHash;
        string uri;
    }

    uint256 private _lastModelId;
    mapping(uint256 modelId => Head) private _heads;
    mapping(uint256 modelId => mapping(uint32 version => Version)) private _versions;
    mapping(uint256 modelId => IERC2981) private _royaltyPolicies;

    /// @notice Who answers what a sale of the model's token owes; zero for nobody.
    event RoyaltyPolicySet(uint256 indexed modelId, address indexed policy);

    /// @param admin First administrator and pauser.
    /// @param adminDelay Seconds between proposing a new administrator and its acceptance.
    constructor(address admin, uint48 adminDelay)
        ERC721("zkinfer model", "MODEL")
        AccessControlDefaultAdminRules(adminDelay, admin)
    {
        _grantRole(PAUSER_ROLE, admin);
    }

    /// @notice Stops registrations, updates and bindings.
    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    /// @notice Resumes them.
    function unpause() external onlyRole(PAUSER_ROLE) {
        _unpause();
    }

    /// @inheritdoc IERCZKMLRegistry
    function registerModel(ModelCommitment calldata commitment) external whenNotPaused returns (uint256 modelId) {
        return _register(commitment);
    }

    /// @inheritdoc IModelRegistry
    function registerModelWithVerifier(ModelCommitment calldata commitment, address verifier)
        external
        whenNotPaused
        returns (uint256 modelId)
    {
        modelId = _register(commitment);
        _bind(modelId, verifier);
    }

    /// @inheritdoc IERCZKMLRegistry
    function updateModel(uint256 modelId, ModelCommitment calldata newCommitment) external whenNotPaused {
        _updateModel(modelId, newCommitment);
    }

    /// @inheritdoc IModelRegistry
    function updateModelWithVerifier(uint256 modelId, ModelCommitment calldata newCommitment, address verifier)
        external
        whenNotPaused
    {
        _updateModel(modelId, newCommitment);
        _bind(modelId, verifier);
    }

    /// @inheritdoc IModelRegistry
    function bindVerifier(uint256 modelId, address verifier) external whenNotPaused {
        _requireChangeable(modelId);
        _bind(modelId, verifier);
    }

    /// @inheritdoc IERCZKMLRegistry
    function deprecateModel(uint256 modelId) external {
        _requireChangeable(modelId);
        _heads[modelId].deprecated = true;
        emit ModelDeprecated(modelId);
    }

    /// @notice Names the contract that `royaltyInfo` asks. Owner only.
    /// @param modelId Registry's number of the model.
    /// @param policy ERC-2981 for this model's number, e.g. `ModelRoyalties`; zero for no royalty.
    function setRoyaltyPolicy(uint256 modelId, IERC2981 policy) external {
        if (ownerOf(modelId) != msg.sender) revert NotModelOwner(modelId, msg.sender);
        _royaltyPolicies[modelId] = policy;
        emit RoyaltyPolicySet(modelId, address(policy));
    }

    /// @notice ERC-2981.
    /// @param modelId Registry's number of the model.
    /// @param salePrice Price of its token.
    /// @return receiver Whom a marketplace pays.
    /// @return amount How much, in the price's unit.
    function royaltyInfo(uint256 modelId, uint256 salePrice) external view returns (address receiver, uint256 amount) {
        IERC2981 policy = _royaltyPolicies[modelId];
        if (address(policy) == address(0)) return (address(0), 0);
        return policy.royaltyInfo(modelId, salePrice);
    }

    /// @inheritdoc IERCZKMLRegistry
    function getModel(uint256 modelId)
        external
        view
        returns (ModelCommitment memory commitment, bool deprecated, address owner)
    {
        Head storage head = _head(modelId);
        return (_commitment(_versions[modelId][head.version]), head.deprecated, ownerOf(modelId));
    }

    /// @inheritdoc IModelRegistry
    function versionOf(uint256 modelId) external view returns (uint32 version) {
        return _head(modelId).version;
    }

    /// @inheritdoc IModelRegistry
    function getModelVersion(uint256 modelId, uint32 version)
        external
        view
        returns (ModelCommitment memory commitment, address verifier, bytes32 codeHash, uint256 registeredAt)
    {
        if (version == 0 || version > _head(modelId).version) revert ModelVersionNotFound(modelId, version);
        Version storage v = _versions[modelId][version];
        return (_commitment(v), v.verifier, v.codeHash, v.registeredAt);
    }

    /// @inheritdoc IModelRegistry
    function resolveVerifier(uint256 modelId, uint32 version) external view returns (Resolution memory resolution) {
        Head storage head = _head(modelId);
        uint32 current = head.version;
        if (version == 0 || version == current) {
            return Resolution(current, head.deprecated, head.proofSystemId, head.verifier, head.codeHash);
        }
        if (version > current) revert ModelVersionNotFound(modelId, version);
        Version storage v = _versions[modelId][version];
        return Resolution(version, head.deprecated, v.proofSystemId, v.verifier, v.codeHash);
    }

    /// @notice The current version's `uri`.
    /// @param modelId Registry's number of the model.
    /// @return uri Where its metadata is.
    function tokenURI(uint256 modelId) public view override returns (string memory uri) {
        return _versions[modelId][_head(modelId).version].uri;
    }

    /// @notice ERC-165.
    /// @param interfaceId The interface asked for.
    /// @return supported Whether it is here.
    function supportsInterface(bytes4 interfaceId)
        public
        view
        override(ERC721, AccessControlDefaultAdminRules)
        returns (bool supported)
    {
        return interfaceId == type(IERCZKMLRegistry).interfaceId || interfaceId == type(IModelRegistry).interfaceId
            || interfaceId == type(IERC2981).interfaceId || ERC721.supportsInterface(interfaceId)
            || AccessControlDefaultAdminRules.supportsInterface(interfaceId);
    }

    function _register(ModelCommitment calldata commitment) private returns (uint256 modelId) {
        modelId = ++_lastModelId;
        _addVersion(modelId, commitment);
        emit ModelRegistered(modelId, msg.sender, commitment);
        // No call to the owner: a contract that owns models need not know ERC-721.
        _mint(msg.sender, modelId);
    }

    function _updateModel(uint256 modelId, ModelCommitment calldata newCommitment) private {
        _requireChangeable(modelId);
        emit ModelUpdated(modelId, _commitment(_versions[modelId][_heads[modelId].version]), newCommitment);
        _addVersion(modelId, newCommitment);
    }

    function _addVersion(uint256 modelId, ModelCommitment calldata commitment) private {
        if (
            commitment.modelHash == 0 || commitment.circuitHash == 0 || commitment.vkHash == 0
                || commitment.proofSystemId == 0
        ) revert IncompleteCommitment();
        uint32 version = _heads[modelId].version + 1;
        _heads[modelId] = Head({
            verifier: address(0),
            version: version,
            proofSystemId: commitment.proofSystemId,
            deprecated: false,
            codeHash: 0
        });
        _versions[modelId][version] = Version({
            verifier: address(0),
            proofSystemId: commitment.proofSystemId,
            registeredAt: uint64(block.number),
            codeHash: 0,
            modelHash: commitment.modelHash,
            circuitHash: commitment.circuitHash,
            vkHash: commitment.vkHash,
            uri: commitment.uri
        });
        emit ModelVersionAdded(modelId, version, commitment.vkHash);
    }

    function _bind(uint256 modelId, address verifier) private {
        Head storage head = _heads[modelId];
        uint32 version = head.version;
        Version storage v = _versions[modelId][version];
        if (v.verifier != address(0)) revert VerifierAlreadyBound(modelId, version);
        if (v.proofSystemId != ProofSystem.GROTH16_BN254_V1) revert NotGroth16(v.proofSystemId);
        if (verifier.code.length == 0) revert VerifierHasNoCode(verifier);
        bytes32 deployed = _vkHashOf(verifier);
        if (deployed != v.vkHash) revert VerificationKeyMismatch(v.vkHash, deployed);
        bytes32 codeHash = verifier.codehash;
        (v.verifier, head.verifier) = (verifier, verifier);
        (v.codeHash, head.codeHash) = (codeHash, codeHash);
        emit VerifierBound(modelId, version, verifier, codeHash);
    }

    /// The hash of the key words that a verifier returns; zero if it returns none.
    function _vkHashOf(address verifier) private view returns (bytes32 hash) {
        try IInferenceVerifier(verifier).verificationKey() returns (uint256[] memory words) {
            hash = keccak256(abi.encodePacked(words));
        } catch {
            hash = 0;
        }
    }

    function _requireChangeable(uint256 modelId) private view {
        Head storage head = _head(modelId);
        if (ownerOf(modelId) != msg.sender) revert NotModelOwner(modelId, msg.sender);
        if (head.deprecated) revert ModelIsDeprecated(modelId);
    }

    function _head(uint256 modelId) private view returns (Head storage head) {
        head = _heads[modelId];
        if (head.version == 0) revert ModelNotFound(modelId);
    }

    function _commitment(Version storage v) private view returns (ModelCommitment memory) {
        return ModelCommitment({
            modelHash: v.modelHash,
            circuitHash: v.circuitHash,
            vkHash: v.vkHash,
            proofSystemId: v.proofSystemId,
            uri: v.uri
        });
    }
}
