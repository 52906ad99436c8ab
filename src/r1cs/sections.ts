/**
 * The container that iden3's binary formats share (`.r1cs`, `.wtns`, `.zkey`, `.ptau`): four bytes of magic, version,
 * number of sections; then per section its type, its length in eight bytes, and its content. Everything is
 * little-endian. The trap: lengths come from untrusted bytes and must be compared with what is there before anything is
 * read or allocated.
 */
import { modulusWords } from './field.js';
import { FormatError } from './format-error.js';

export type Sections = ReadonlyMap<number, Uint8Array>;

type ErrorClass = new (message: string) => FormatError;

/** Finds the sections of a file; with `types`, an absent one of these is an error. Contents are views, not copies. */
export function readSections(
  bytes: Uint8Array,
  magic: string,
  version: number,
  types: readonly number[],
  Failure: ErrorClass,
): Sections {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = bytes.length >= 4 ? new TextDecoder('latin1').decode(bytes.subarray(0, 4)) : '';
  if (found !== magic || bytes.length < 12) {
    throw new Failure(
      `not a .${magic} file: it does not start with the letters "${magic}" and a header of 12 bytes; check the path`,
    );
  }
  const actual = view.getUint32(4, true);
  if (actual !== version) throw new Failure(`.${magic} version ${actual} is not supported, only version ${version}`);
  const count = view.getUint32(8, true);
  const sections = new Map<number, Uint8Array>();
  let at = 12;
  for (let i = 0; i < count; i++) {
    if (at + 12 > bytes.length)
      throw new Failure(`.${magic} file is truncated: section ${i + 1} of ${count} is missing`);
    const type = view.getUint32(at, true);
    const size = Number(view.getBigUint64(at + 4, true));
    at += 12;
    if (size > bytes.length - at) {
      throw new Failure(
        `.${magic} file is truncated: section type ${type} says ${size} bytes, ${bytes.length - at} are left`,
      );
    }
    if (sections.has(type) && types.includes(type)) throw new Failure(`.${magic} file has section type ${type} twice`);
    sections.set(type, bytes.subarray(at, at + size));
    at += size;
  }
  for (const type of types) {
    if (!sections.has(type)) throw new Failure(`.${magic} file has no section of type ${type}`);
  }
  return sections;
}

/** File header with the number of sections, 12 bytes. */
export function fileHeader(magic: string, version: number, sectionCount: number): Uint8Array {
  const bytes = new Uint8Array(12);
  for (let i = 0; i < 4; i++) bytes[i] = magic.charCodeAt(i);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, version, true);
  view.setUint32(8, sectionCount, true);
  return bytes;
}

/** Section header, 12 bytes. */
export function sectionHeader(type: number, size: number): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setBigUint64(4, BigInt(size), true);
  return bytes;
}

export function concatBytes(parts: Iterable<Uint8Array>): Uint8Array {
  const list = [...parts];
  const result = new Uint8Array(list.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of list) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/**
 * A copy as little-endian 32-bit words: sections need not be aligned (and the `slice` of Node's Buffer would not copy).
 */
export function wordsOf(bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(bytes.length >> 2);
  new Uint8Array(words.buffer).set(bytes.subarray(0, words.byteLength));
  return words;
}

/**
 * Checks the size of field elements (32) and the modulus of BN254's scalar field at `at`; returns the position after.
 */
export function expectField(bytes: Uint8Array, at: number, magic: string, Failure: ErrorClass): number {
  if (bytes.length < at + 36) throw new Failure(`header of the .${magic} file is truncated`);
  const words = wordsOf(bytes.subarray(at, at + 36));
  const expected = modulusWords();
  if (words[0] !== 32 || expected.some((word, i) => words[i + 1] !== word)) {
    throw new Failure(`.${magic} file is over another field than BN254's scalar field; compile for bn128`);
  }
  return at + 36;
}
