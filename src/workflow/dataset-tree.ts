/**
 * The tree of a data set's chunks, as the contract `ScoreBoard` walks it. Leaf i is keccak256(0x00, i, commitment), a
 * node above keccak256(0x01, left, right), with zero words for leaves beyond the last up to the next power of two.
 *
 * The trap: the root alone does not say how many chunks there are, and a score of the first few would look complete. A
 * data set's identifier hashes the root with the numbers of chunks and of labelled rows.
 */
import { concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { keccak, wordHex } from '../solidity/key.js';

export interface DatasetTree {
  /** bytes32, as is everything here. */
  readonly root: string;
  /** What the contract calls the data set: keccak256(abi.encode(root, chunks, rows)). */
  readonly id: string;
  /** Sisters of leaf i and of the nodes above it, from the leaf up. */
  path(chunk: number): string[];
}

const word = (value: number | bigint): string => `0x${wordHex(BigInt(value))}`;
const ZERO = word(0);
const bytesOf = (text: string): Uint8Array => hexToBytes(text.slice(2));

/** `commitments`: field elements, one for each chunk, in order. `rows`: labelled rows in all of them. */
export function datasetTree(commitments: readonly bigint[], rows: number): DatasetTree {
  const leaves = commitments.map((commitment, i) => leaf(i, commitment));
  const levels: string[][] = [leaves];
  while (levels[levels.length - 1].length > 1) {
    const below = levels[levels.length - 1];
    levels.push(
      Array.from({ length: Math.ceil(below.length / 2) }, (_, i) =>
        node(below[2 * i], below[2 * i + 1] ?? emptyAt(levels.length - 1)),
      ),
    );
  }
  const [root] = levels[levels.length - 1];
  return {
    root,
    id: datasetId(root, commitments.length, rows),
    path: (chunk) => levels.slice(0, -1).map((level, height) => level[(chunk >> height) ^ 1] ?? emptyAt(height)),
  };
}

/** What the contract calls a data set. */
export function datasetId(root: string, chunks: number, rows: number): string {
  return keccak(concatBytes(bytesOf(root), bytesOf(word(chunks)), bytesOf(word(rows))));
}

/** What stands for nodes of this height that have no leaf below them. */
function emptyAt(height: number): string {
  let empty = ZERO;
  for (let i = 0; i < height; i += 1) empty = node(empty, empty);
  return empty;
}

function leaf(chunk: number, commitment: bigint): string {
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, chunk);
  return keccak(concatBytes(Uint8Array.of(0), number, bytesOf(word(commitment))));
}

function node(left: string, right: string): string {
  return keccak(concatBytes(Uint8Array.of(1), bytesOf(left), bytesOf(right)));
}
