/**
 * Content identifiers: CIDv1 with SHA-256, of one raw block (codec 0x55) or of a dag-pb node (0x70), as the ledger
 * keeps them in a byte and a word. Text form: base32, lower case, as IPFS prints them.
 *
 * The trap: `Qm…` (CIDv0) names the same dag-pb node as some CIDv1 but hashes other leaves, so the file behind it has
 * another CIDv1 in its normal form; it is refused rather than converted.
 */
import { CID } from 'multiformats/cid';
import { create as createDigest } from 'multiformats/hashes/digest';
import { sha256 } from 'multiformats/hashes/sha2';
import { getBytes, hexlify } from 'ethers';
import { CidError } from './errors.js';

export const CODEC_RAW = 0x55;
export const CODEC_DAG_PB = 0x70;

/** A CID as the ledger has it. */
export interface ContentHash {
  /** 0x55 or 0x70. */
  readonly codec: number;
  /** SHA-256 digest, 32 bytes, hex. */
  readonly contentHash: string;
}

export function toContentHash(cid: CID): ContentHash {
  const { version, code, multihash } = cid;
  if (
    version !== 1 ||
    (code !== CODEC_RAW && code !== CODEC_DAG_PB) ||
    multihash.code !== sha256.code ||
    multihash.digest.length !== 32
  ) {
    throw new CidError(
      `${cid} is not a CIDv1 of SHA-256 with codec raw or dag-pb; add the content again with: ipfs add -r --cid-version=1`,
    );
  }
  return { codec: code, contentHash: hexlify(multihash.digest) };
}

export function fromContentHash({ codec, contentHash }: ContentHash): CID {
  return CID.createV1(codec, createDigest(sha256.code, getBytes(contentHash)));
}

/** @throws CidError */
export function parseCid(text: string): CID {
  let cid: CID;
  try {
    cid = CID.parse(text);
  } catch (cause) {
    throw new CidError(
      `${JSON.stringify(text.slice(0, 100))} is not a content identifier (like bafkrei… or bafybei…)`,
      { cause },
    );
  }
  toContentHash(cid);
  return cid;
}
