/**
 * Artifacts as `IProvenanceLedger` defines them: their identifier is the EIP-712 digest of the struct, which is what
 * every contributor signs. So an identifier commits to content, parents, licence and contributors on one ledger of one
 * chain.
 */
import { Signature, type TypedDataDomain, TypedDataEncoder, verifyTypedData } from 'ethers';
import type { Signer } from '../chain/signer.js';
import { fromContentHash } from './cid.js';
import { SignatureError } from './errors.js';
import { ARTIFACT_KINDS, type ArtifactKind } from './kinds.js';

export { ARTIFACT_KINDS, type ArtifactKind } from './kinds.js';

export interface Contributor {
  /** Address, with checksum. */
  readonly account: string;
  /** Part of what the artifact earns, relative to the other weights; 32 bits. */
  readonly weight: number;
}

export interface Artifact {
  readonly kind: ArtifactKind;
  /** Multicodec of the CID: 0x55 or 0x70; 0 for a Merkle root. */
  readonly codec: number;
  /** SHA-256 digest of the CID, or Merkle root of a batch; 32 bytes, hex. */
  readonly contentHash: string;
  /** Artifact identifiers, at most 16. */
  readonly parents: readonly string[];
  /** SPDX identifier, or URI of the licence or of the consent given. */
  readonly licence: string;
  /** Part of the earnings that goes on to the parents, in 1/10,000. */
  readonly parentsBps: number;
  /** 1 to 16. */
  readonly contributors: readonly Contributor[];
}

/** Which ledger an artifact is for. */
export interface LedgerAddress {
  readonly chainId: number;
  /** Address of the `ProvenanceLedger`. */
  readonly ledger: string;
}

const TYPES = {
  Artifact: [
    { name: 'kind', type: 'uint8' },
    { name: 'codec', type: 'uint8' },
    { name: 'contentHash', type: 'bytes32' },
    { name: 'parents', type: 'bytes32[]' },
    { name: 'licence', type: 'string' },
    { name: 'parentsBps', type: 'uint16' },
    { name: 'contributors', type: 'Contributor[]' },
  ],
  Contributor: [
    { name: 'account', type: 'address' },
    { name: 'weight', type: 'uint32' },
  ],
};

function domain({ chainId, ledger }: LedgerAddress): TypedDataDomain {
  return { name: 'zkinfer provenance', version: '1', chainId, verifyingContract: ledger };
}

/** The artifact as the contract's ABI and its typed data take it. */
export function toStruct(artifact: Artifact): Omit<Artifact, 'kind'> & { readonly kind: number } {
  return { ...artifact, kind: ARTIFACT_KINDS.indexOf(artifact.kind) };
}

/** The identifier, 32 bytes, hex; equals the contract's `idOf`. */
export function artifactId(at: LedgerAddress, artifact: Artifact): string {
  return TypedDataEncoder.hash(domain(at), TYPES, toStruct(artifact));
}

/** A contributor's EIP-712 signature, 65 bytes, hex. */
export async function signArtifact(signer: Signer, at: LedgerAddress, artifact: Artifact): Promise<string> {
  if (!artifact.contributors.some(({ account }) => account === signer.address)) {
    throw new SignatureError(
      `${signer.address} is not among the artifact's contributors, whose signatures count; name it with --contributor`,
    );
  }
  return await signer.signTypedData(domain(at), TYPES, toStruct(artifact));
}

/**
 * Whether `signature` is that of the key of `account`. False for a wallet contract's, which only the chain can judge.
 */
export function isKeySignature(at: LedgerAddress, artifact: Artifact, account: string, signature: string): boolean {
  try {
    return verifyTypedData(domain(at), TYPES, toStruct(artifact), Signature.from(signature)) === account;
  } catch {
    return false;
  }
}

/** The content's name for people: its CID, or the Merkle root of a batch. */
export function contentName({ codec, contentHash }: Pick<Artifact, 'codec' | 'contentHash'>): string {
  return codec === 0 ? `merkle:${contentHash}` : String(fromContentHash({ codec, contentHash }));
}
