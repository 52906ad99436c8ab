/**
 * A value for every wire. Nearly all wires of a model are bits or small integers, so they are doubles, which checks and
 * provers exploit; the few full-size field elements (hash states) stand beside. `.wtns` is iden3's file format, version
 * 2.
 */
import { isCanonical, modulusWords, readWords, signed, smallFromWords, writeWords } from './field.js';
import { WitnessFormatError } from './format-error.js';
import { concatBytes, expectField, fileHeader, readSections, sectionHeader, wordsOf } from './sections.js';

export { WitnessFormatError } from './format-error.js';

export interface Witness {
  /** By wire: the signed representative where it is a safe integer, else NaN. */
  readonly small: Float64Array;
  /** The signed representatives, in (-r/2, r/2), of the wires where `small` is NaN. */
  readonly big: ReadonlyMap<number, bigint>;
}

/** The value of a wire, in (-r/2, r/2). */
export function wireValue(witness: Witness, wire: number): bigint {
  const small = witness.small[wire];
  return Number.isNaN(small) ? witness.big.get(wire)! : BigInt(small);
}

/** A witness of field elements in any representation. */
export function witnessOf(values: readonly bigint[]): Witness {
  const small = new Float64Array(values.length);
  const big = new Map<number, bigint>();
  values.forEach((value, wire) => {
    const reduced = signed(value);
    small[wire] = Number(reduced);
    if (!Number.isSafeInteger(small[wire])) {
      small[wire] = NaN;
      big.set(wire, reduced);
    }
  });
  return { small, big };
}

/** Every wire as 32 bytes, little-endian, canonical; wire 0 first. */
export function witnessBytes(witness: Witness): Uint8Array {
  const { small, big } = witness;
  const words = new Uint32Array(small.length * 8);
  const modulus = modulusWords();
  for (let wire = 0, at = 0; wire < small.length; wire++, at += 8) {
    const value = small[wire];
    if (value >= 0) {
      if (value > 0) {
        words[at] = value >>> 0;
        words[at + 1] = Math.floor(value / 0x100000000);
      }
    } else if (value < 0) {
      // r + value: the words from the third on are r's unless the subtraction borrows.
      const size = -value;
      const first = modulus[0] - (size >>> 0);
      const second = modulus[1] - Math.floor(size / 0x100000000) - (first < 0 ? 1 : 0);
      if (second >= 0) {
        words[at] = first;
        words[at + 1] = second;
        for (let i = 2; i < 8; i++) words[at + i] = modulus[i];
        continue;
      }
      writeWords(BigInt(value), words, at);
    } else {
      writeWords(big.get(wire)!, words, at);
    }
  }
  return new Uint8Array(words.buffer);
}

/** Reads what `witnessBytes` writes. Throws WitnessFormatError. */
export function witnessFromBytes(bytes: Uint8Array): Witness {
  if (bytes.length % 32 !== 0)
    throw new WitnessFormatError(`a witness has 32 bytes a wire; ${bytes.length} bytes are no multiple`);
  const words = wordsOf(bytes);
  const small = new Float64Array(bytes.length / 32);
  const big = new Map<number, bigint>();
  for (let wire = 0, at = 0; wire < small.length; wire++, at += 8) {
    if (!isCanonical(words, at)) throw new WitnessFormatError(`witness value ${wire} is not below the field's modulus`);
    small[wire] = smallFromWords(words, at);
    if (Number.isNaN(small[wire])) {
      const value = signed(readWords(words, at));
      if (Number.isSafeInteger(Number(value))) small[wire] = Number(value);
      else big.set(wire, value);
    }
  }
  return { small, big };
}

/** A `.wtns` file around `witnessBytes`. */
export function encodeWtns(values: Uint8Array): Uint8Array {
  const header = new Uint32Array(10);
  header[0] = 32;
  header.set(modulusWords(), 1);
  header[9] = values.length / 32;
  return concatBytes([
    fileHeader('wtns', 2, 2),
    sectionHeader(1, 40),
    new Uint8Array(header.buffer),
    sectionHeader(2, values.length),
    values,
  ]);
}

/** The values of a `.wtns` file, as `witnessBytes` writes them (a view). Throws WitnessFormatError. */
export function decodeWtns(bytes: Uint8Array): Uint8Array {
  const sections = readSections(bytes, 'wtns', 2, [1, 2], WitnessFormatError);
  const header = sections.get(1)!;
  const at = expectField(header, 0, 'wtns', WitnessFormatError);
  if (header.length < at + 4) throw new WitnessFormatError('header of the .wtns file is truncated');
  const count = new DataView(header.buffer, header.byteOffset + at, 4).getUint32(0, true);
  const values = sections.get(2)!;
  if (values.length !== count * 32)
    throw new WitnessFormatError(`.wtns announces ${count} values and holds ${values.length} bytes`);
  return values;
}
