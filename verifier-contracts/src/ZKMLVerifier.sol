// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ERC165} from "@openzeppelin/contracts/utils/introspection/ERC165.sol";
import {IAttestations} from "./interfaces/IAttestations.sol";
import {IERCZKMLStorageExtension} from "./interfaces/IERCZKMLStorageExtension.sol";
import {IERCZKMLVerifier} from "./interfaces/IERCZKMLVerifier.sol";
import {IInferenceVerifier} from "./interfaces/IInferenceVerifier.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {InferenceContext} from "./libraries/InferenceContext.sol";
import {ProofSystem} from "./libraries/ProofSystem.sol";

/// @title ERC-7992's verifier and storage extension, and attestations, for every model of one registry.
/// @dev A proof is judged by the verifier generated for its model and version, called by STATICCALL after its code hash was
/// compared with the one that the registry pinned. The context of a caller's proof hashes this chain, this contract and the
/// caller (`InferenceContext`): a proof seen in the mempool, on another chain or in another contract is worth nothing here.
/// Contracts with another rule for contexts use `checkInference`.
/// ERC-7992's opaque `proof` is here the nonce of the caller's context (a word), then the generated verifier's `proof`.
/// The contract has no administrator: nobody but the owner of a model, by retiring it, can stop its verification.
/// Every call out of it is a STATICCALL, so nothing can re-enter and write.
/// Slither on assembly: it hashes and slices calldata without allocating, within bounds checked before.
/// Invariant: a record exists only if the call that made it saw a valid proof; no record changes or disappears.
contract ZKMLVerifier is
    IERCZKMLVerifier,
    IERCZKMLStorageExtension,
    IAttestations,
    ERC165
{
    /// Most inferences in a batch.
    uint256 private constant MAX_BATCH = 128;

    /// A stored inference. Where one word of output and small numbers allow it, `packed` holds everything but the commitment:
    /// bit 255 set, version (11 bits), model (20 bits), output word (224 bits).
    struct StoredInference {
        bytes32 inputCommitment;
        uint256 packed;
        uint256 modelId;
        uint32 version;
        bytes output;
    }

    /// One word: the block (40 bits), then the first 216 bits of keccak256(output).
    struct Attestation {
        uint256 packed;
    }

    /// Slither on names: immutables in capitals, as Solidity's style guide has constants.
    // slither-disable-next-line naming-convention
    IModelRegistry private immutable _REGISTRY;
    mapping(bytes32 attestationId => Attestation) private _attestations;
    mapping(bytes32 inferenceId => StoredInference) private _inferences;

    /// @param modelRegistry Where models are registered.
    constructor(IModelRegistry modelRegistry) {
        _REGISTRY = modelRegistry;
    }

    /// @inheritdoc IERCZKMLVerifier
    function verifyInference(uint256 modelId, bytes32 inputCommitment, bytes calldata output, bytes calldata proof)
        external
    {
        _verifyForCaller(modelId, inputCommitment, output, proof);
        emit InferenceVerified(modelId, inputCommitment, output, msg.sender);
    }

    /// @inheritdoc IERCZKMLStorageExtension
    function verifyAndStoreInference(
        uint256 modelId,
        bytes32 inputCommitment,
        bytes calldata output,
        bytes calldata proof
    ) external returns (bytes32 inferenceId) {
        uint32 version = _verifyForCaller(modelId, inputCommitment, output, proof);
        inferenceId = keccak256(abi.encodePacked(modelId, inputCommitment, output));
        StoredInference storage stored = _inferences[inferenceId];
        if (stored.packed != 0) revert InferenceAlreadyStored(inferenceId);
        stored.inputCommitment = inputCommitment;
        if (output.length == 32 && uint256(bytes32(output)) >> 224 == 0 && modelId >> 20 == 0 && version >> 11 == 0) {
            stored.packed = (1 << 255) | (uint256(version) << 244) | (modelId << 224) | uint256(bytes32(output));
        } else {
            stored.packed = 1;
            stored.modelId = modelId;
            stored.version = version;
            stored.output = output;
        }
        emit InferenceStored(inferenceId);
    }

    /// @inheritdoc IAttestations
    function attest(
        uint256 modelId,
        bytes32 inputCommitment,
        uint256 nonce,
        bytes calldata output,
        bytes calldata proof
    ) external returns (bytes32 id) {
        uint256 context = InferenceContext.encode(msg.sender, nonce);
        uint32 version = _verify(modelId, 0, inputCommitment, context, output, proof);
        id = _record(modelId, version, inputCommitment, context, output);
        emit InferenceAttested(id, modelId, msg.sender, version, inputCommitment, context, output);
    }

    /// @inheritdoc IAttestations
    function attestBatch(
        uint256 modelId,
        bytes32[] calldata inputCommitments,
        uint256[] calldata nonces,
        bytes calldata outputs,
        bytes calldata proofs
    ) external returns (bytes32[] memory ids) {
        uint256 count = inputCommitments.length;
        if (count == 0 || count > MAX_BATCH || count != nonces.length) revert InvalidBatch(count, nonces.length);
        uint256[] memory contexts = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            contexts[i] = InferenceContext.encode(msg.sender, nonces[i]);
        }
        IModelRegistry.Resolution memory model = _resolve(modelId, 0, false);
        _requireValid(
            IInferenceVerifier(model.verifier).checkInferences(inputCommitments, contexts, outputs, proofs)
        );
        ids = _recordBatch(modelId, model.version, inputCommitments, contexts, outputs);
        emit InferencesAttested(modelId, msg.sender, model.version, inputCommitments, contexts, outputs);
    }

    /// @inheritdoc IAttestations
    function checkInference(
        uint256 modelId,
        uint32 version,
        bytes32 inputCommitment,
        uint256 context,
        bytes calldata output,
        bytes calldata proof
    ) external view {
        _verify(modelId, version, inputCommitment, context, output, proof);
    }

    /// @inheritdoc IAttestations
    function checkPinnedInference(
        uint256 modelId,
        uint32 version,
        bytes32 inputCommitment,
        uint256 context,
        bytes calldata output,
        bytes calldata proof
    ) external view {
        if (version == 0) revert VersionNotGiven();
        IModelRegistry.Resolution memory model = _resolve(modelId, version, true);
        _requireValid(IInferenceVerifier(model.verifier).checkInference(inputCommitment, context, output, proof));
    }

    /// @inheritdoc IERCZKMLStorageExtension
    function getInference(bytes32 inferenceId)
        external
        view
        returns (uint256 modelId, bytes32 inputCommitment, bytes memory output)
    {
        StoredInference storage stored = _stored(inferenceId);
        uint256 packed = stored.packed;
        if (packed >> 255 == 0) return (stored.modelId, stored.inputCommitment, stored.output);
        return ((packed >> 224) & 0xfffff, stored.inputCommitment, abi.encode(packed & type(uint224).max));
    }

    /// @inheritdoc IAttestations
    function storedVersion(bytes32 inferenceId) external view returns (uint32 version) {
        StoredInference storage stored = _stored(inferenceId);
        uint256 packed = stored.packed;
        return packed >> 255 == 0 ? stored.version : uint32((packed >> 244) & 0x7ff);
    }

    /// @inheritdoc IAttestations
    function attestationOf(bytes32 id) external view returns (uint256 blockNumber, bytes27 outputDigest) {
        uint256 word = _attestations[id].packed;
        return (word >> 216, bytes27(bytes32(word << 40)));
    }

    /// @inheritdoc IAttestations
    function isAttested(
        uint256 modelId,
        uint32 version,
        bytes32 inputCommitment,
        uint256 context,
        bytes calldata output
    ) external view returns (bool attested) {
        uint256 word = _attestations[attestationId(modelId, version, inputCommitment, context)].packed;
        return word != 0 && word << 40 == (uint256(keccak256(output)) >> 40) << 40;
    }

    /// @inheritdoc IERCZKMLVerifier
    function proofSystemOf(uint256 modelId) external view returns (bytes4 proofSystemId) {
        return _REGISTRY.resolveVerifier(modelId, 0).proofSystemId;
    }

    /// @inheritdoc IERCZKMLVerifier
    function registry() external view returns (address registryAddress) {
        return address(_REGISTRY);
    }

    /// @inheritdoc IAttestations
    // slither-disable-next-line assembly
    function attestationId(uint256 modelId, uint32 version, bytes32 inputCommitment, uint256 context)
        public
        pure
        returns (bytes32 id)
    {
        // keccak256(abi.encode(modelId, version, inputCommitment, context)), without moving the free memory pointer.
        assembly ("memory-safe") {
            let copy := mload(0x40)
            mstore(copy, modelId)
            mstore(add(copy, 0x20), version)
            mstore(add(copy, 0x40), inputCommitment)
            mstore(add(copy, 0x60), context)
            id := keccak256(copy, 0x80)
        }
    }

    /// @notice ERC-165.
    /// @param interfaceId The interface asked for.
    /// @return supported Whether it is here.
    function supportsInterface(bytes4 interfaceId) public view override(ERC165) returns (bool supported) {
        return interfaceId == type(IERCZKMLVerifier).interfaceId
            || interfaceId == type(IERCZKMLStorageExtension).interfaceId || interfaceId == type(IAttestations).interfaceId
            || super.supportsInterface(interfaceId);
    }

    function _record(
        uint256 modelId,
        uint32 version,
        bytes32 inputCommitment,
        uint256 context,
        bytes calldata output
    ) private returns (bytes32 id) {
        id = attestationId(modelId, version, inputCommitment, context);
        _keep(id, _hash(output));
    }

    /// `_record` for each item of a batch that its verifier found valid.
    // slither-disable-next-line assembly
    function _recordBatch(
        uint256 modelId,
        uint32 version,
        bytes32[] calldata inputCommitments,
        uint256[] memory contexts,
        bytes calldata outputs
    ) private returns (bytes32[] memory ids) {
        uint256 count = inputCommitments.length;
        ids = new bytes32[](count);
        uint256 size = outputs.length / count;
        // A generated verifier sees to it; a registered contract that is none may not, and the event would be unreadable.
        if (outputs.length % count != 0) revert OutputMismatch();
        // The words of `attestationId`, of which two stay, and an output.
        bytes memory words = new bytes(0x80 + size);
        assembly ("memory-safe") {
            mstore(add(words, 0x20), modelId)
            mstore(add(words, 0x40), version)
        }
        uint256 output;
        for (uint256 i = 0; i < count; ++i) {
            bytes32 id;
            bytes32 digest;
            // The arrays hold `count` items: no index leaves its bounds.
            assembly ("memory-safe") {
                let word := shl(5, i)
                mstore(add(words, 0x60), calldataload(add(inputCommitments.offset, word)))
                mstore(add(words, 0x80), mload(add(add(contexts, 0x20), word)))
                id := keccak256(add(words, 0x20), 0x80)
                calldatacopy(add(words, 0xa0), add(outputs.offset, output), size)
                digest := keccak256(add(words, 0xa0), size)
                mstore(add(add(ids, 0x20), word), id)
                output := add(output, size)
            }
            _keep(id, digest);
        }
    }

    /// Writes an attestation's word, once.
    function _keep(bytes32 id, bytes32 outputHash) private {
        Attestation storage attestation = _attestations[id];
        if (attestation.packed != 0) revert AlreadyAttested(id);
        attestation.packed = (block.number << 216) | (uint256(outputHash) >> 40);
    }

    /// Verifies under the current version a proof made for the caller; the context's nonce stands before it.
    function _verifyForCaller(uint256 modelId, bytes32 inputCommitment, bytes calldata output, bytes calldata proof)
        private
        view
        returns (uint32 version)
    {
        if (proof.length < 32) revert InvalidProof();
        uint256 context = InferenceContext.encode(msg.sender, uint256(bytes32(proof)));
        return _verify(modelId, 0, inputCommitment, context, output, proof[32:]);
    }

    function _verify(
        uint256 modelId,
        uint32 version,
        bytes32 inputCommitment,
        uint256 context,
        bytes calldata output,
        bytes calldata proof
    ) private view returns (uint32) {
        IModelRegistry.Resolution memory model = _resolve(modelId, version, false);
        _requireValid(IInferenceVerifier(model.verifier).checkInference(inputCommitment, context, output, proof));
        return model.version;
    }

    /// keccak256(data), without moving the free memory pointer.
    // slither-disable-next-line assembly
    function _hash(bytes calldata data) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let copy := mload(0x40)
            calldatacopy(copy, data.offset, data.length)
            hash := keccak256(copy, data.length)
        }
    }

    /// A version that can be verified: Groth16, bound to code that has not changed, of a model that is live unless `evenRetired`.
    function _resolve(uint256 modelId, uint32 version, bool evenRetired)
        private
        view
        returns (IModelRegistry.Resolution memory model)
    {
        model = _REGISTRY.resolveVerifier(modelId, version);
        if (model.deprecated && !evenRetired) revert VerificationRefused_ModelDeprecated(modelId);
        if (model.proofSystemId != ProofSystem.GROTH16_BN254_V1) revert UnsupportedProofSystem(model.proofSystemId);
        if (model.verifier == address(0)) revert VerifierNotBound(modelId, model.version);
        if (model.verifier.codehash != model.codeHash) revert ModelMismatch();
    }

    function _stored(bytes32 inferenceId) private view returns (StoredInference storage stored) {
        stored = _inferences[inferenceId];
        if (stored.packed == 0) revert InferenceNotFound(inferenceId);
    }

    function _requireValid(IInferenceVerifier.Verdict verdict) private pure {
        if (verdict == IInferenceVerifier.Verdict.Valid) return;
        if (verdict == IInferenceVerifier.Verdict.ModelMismatch) revert ModelMismatch();
        if (verdict == IInferenceVerifier.Verdict.InputCommitmentMismatch) revert InputCommitmentMismatch();
        if (verdict == IInferenceVerifier.Verdict.OutputMismatch) revert OutputMismatch();
        revert InvalidProof();
    }
}
