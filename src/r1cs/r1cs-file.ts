/**
 * iden3's `.r1cs`, version 1 (github.com/iden3/r1csfile, doc/r1cs_bin_format.md): what circom writes, and what snarkjs
 * reads at setup. Section 1 is the header, 2 the constraints, 3 for each wire the label of its signal. The trap: counts
 * are untrusted, of entries in a row as of wires, and one that the file does not hold must not make us allocate or read
 * outside.
 */
import { R1csBuilder } from './builder.js';
import { isCanonical, modulusWords, readWords, smallFromWords, writeWords } from './field.js';
import { R1csFormatError } from './format-error.js';
import { concatBytes, expectField, fileHeader, readSections, sectionHeader, wordsOf } from './sections.js';
import { sourceOf, type ConstraintSource, type R1cs, type SparseMatrix } from './types.js';

export { R1csFormatError } from './format-error.js';

const HEADER_BYTES = 4 + 32 + 4 * 4 + 8 + 4;
const CHUNK_WORDS = 1 << 20;

/** Parses a `.r1cs` file of BN254's scalar field. Throws R1csFormatError. */
export function decodeR1cs(bytes: Uint8Array): R1cs {
  const sections = readSections(bytes, 'r1cs', 1, [1, 2], R1csFormatError);
  const header = sections.get(1)!;
  const at = expectField(header, 0, 'r1cs', R1csFormatError);
  if (header.length < HEADER_BYTES) throw new R1csFormatError('header of the .r1cs file is truncated');
  const view = new DataView(header.buffer, header.byteOffset + at, header.length - at);
  const [wireCount, publicOutputCount, publicInputCount, privateInputCount] = [0, 4, 8, 12].map((i) =>
    view.getUint32(i, true),
  );
  const constraintCount = view.getUint32(24, true);
  if (1 + publicOutputCount + publicInputCount + privateInputCount > wireCount) {
    throw new R1csFormatError(`.r1cs header names more inputs and outputs than its ${wireCount} wires`);
  }

  checkCounts(
    { wires: wireCount, constraints: constraintCount },
    { constraints: sections.get(2)!.length, labels: sections.get(3)?.length ?? 0, file: bytes.length },
  );

  const words = wordsOf(sections.get(2)!);
  const builder = new R1csBuilder();
  let position = 0;
  for (let row = 0; row < constraintCount; row++) {
    for (const matrix of [builder.a, builder.b, builder.c]) {
      const count = position < words.length ? words[position++] : Infinity;
      if (count * 9 > words.length - position) throw new R1csFormatError(`.r1cs constraint ${row} is truncated`);
      for (let i = 0; i < count; i++, position += 9) {
        const wire = words[position];
        if (wire >= wireCount) throw new R1csFormatError(`.r1cs constraint ${row} uses wire ${wire} of ${wireCount}`);
        if (!isCanonical(words, position + 1))
          throw new R1csFormatError(`.r1cs constraint ${row} has a coefficient outside the field`);
        const small = smallFromWords(words, position + 1);
        matrix.push(wire, builder.coefficients.idOf(Number.isNaN(small) ? readWords(words, position + 1) : small));
      }
    }
    builder.endConstraint();
  }
  if (position !== words.length)
    throw new R1csFormatError(`.r1cs holds more constraints than the ${constraintCount} it announces`);
  return builder.finish({ wireCount, publicOutputCount, publicInputCount, privateInputCount });
}

/**
 * Holds a header's counts against the bytes there are: a row has three counts of 4 bytes, a wire a label of 8; where
 * some tool left the labels out, there are at most as many wires as labels would fit the file. Throws R1csFormatError.
 */
export function checkCounts(
  announced: { readonly wires: number; readonly constraints: number },
  bytes: { readonly constraints: number; readonly labels: number; readonly file: number },
): void {
  const { wires, constraints } = announced;
  if (constraints * 12 > bytes.constraints)
    throw new R1csFormatError(`.r1cs constraints are truncated: ${constraints} are announced`);
  if (bytes.labels === 0 ? wires * 8 > bytes.file : wires * 8 !== bytes.labels) {
    throw new R1csFormatError(
      `.r1cs header announces ${wires} wires, and the file of ${bytes.file} bytes labels ${bytes.labels / 8}`,
    );
  }
}

/**
 * The bytes of a `.r1cs` file piece by piece (a large system does not fit one buffer). Labels are the wires' own
 * numbers. `reuse`: a piece is good only until the next one is asked for, which spares gigabytes of fresh memory where
 * each is hashed or written at once.
 */
export function* r1csChunks(system: ConstraintSource, { reuse = false } = {}): Generator<Uint8Array> {
  yield headChunk(system);
  const rows = new RowChunks(reuse);
  for (const batch of system.batches()) yield* rows.of(batch);
  yield* rows.rest();
  yield labelChunk(system);
}

/**
 * A system's batches; meanwhile `take` gets the bytes of the system's `.r1cs` file piece by piece, the last one when all
 * batches were read. A piece is good only until `take` returns. So whoever reads the constraints can know the file's
 * hash without the file.
 */
export function* batchesWithFile(system: ConstraintSource, take: (piece: Uint8Array) => void): Generator<R1cs> {
  take(headChunk(system));
  const rows = new RowChunks(true);
  for (const batch of system.batches()) {
    // First, because the batch's memory is used again for the next one.
    for (const chunk of rows.of(batch)) take(chunk);
    yield batch;
  }
  for (const chunk of rows.rest()) take(chunk);
  take(labelChunk(system));
}

/** The file's header, section 1, and the head of section 2. */
function headChunk(system: ConstraintSource): Uint8Array {
  const header = new Uint32Array(HEADER_BYTES / 4);
  header[0] = 32;
  header.set(modulusWords(), 1);
  header.set(
    [
      system.wireCount,
      system.publicOutputCount,
      system.publicInputCount,
      system.privateInputCount,
      system.wireCount,
      0,
    ],
    9,
  );
  header[15] = system.constraintCount;
  return concatBytes([
    fileHeader('r1cs', 1, 3),
    sectionHeader(1, HEADER_BYTES),
    bytesOf(header),
    sectionHeader(2, system.nonZeros * 36 + system.constraintCount * 12),
  ]);
}

/** Section 3. */
function labelChunk({ wireCount }: ConstraintSource): Uint8Array {
  const labels = new Uint32Array(wireCount * 2);
  for (let wire = 0; wire < wireCount; wire++) labels[wire * 2] = wire;
  return concatBytes([sectionHeader(3, labels.byteLength), bytesOf(labels)]);
}

/** The content of section 2, in pieces that batches need not end with. */
class RowChunks {
  private readonly coefficients = new CoefficientWords();
  private readonly longRows = new LongRows();
  private chunk = new Uint32Array(CHUNK_WORDS);
  private at = 0;

  constructor(private readonly reuse: boolean) {}

  *of(batch: R1cs): Generator<Uint8Array> {
    const words = this.coefficients.of(batch.coefficients);
    for (let row = 0; row < batch.constraintCount; row++) {
      for (const matrix of [batch.a, batch.b, batch.c]) {
        const need = rowWords(matrix, row);
        if (this.at + need > this.chunk.length) {
          yield* this.rest();
          if (!this.reuse || need > this.chunk.length) this.chunk = new Uint32Array(Math.max(CHUNK_WORDS, need));
          this.at = 0;
        }
        if (need >= LONG_WORDS && need <= LONGEST_WORDS)
          this.longRows.write(matrix, row, words, this.chunk.subarray(this.at, this.at + need));
        else writeRow(matrix, row, words, this.chunk, this.at);
        this.at += need;
      }
    }
  }

  *rest(): Generator<Uint8Array> {
    yield bytesOf(this.chunk.subarray(0, this.at));
  }
}

/** Size of the file in bytes. */
export function r1csBytes(system: Pick<ConstraintSource, 'nonZeros' | 'constraintCount' | 'wireCount'>): number {
  return 12 + 12 + HEADER_BYTES + 12 + system.nonZeros * 36 + system.constraintCount * 12 + 12 + system.wireCount * 8;
}

/** The whole `.r1cs` file in one array, for systems of moderate size. */
export function encodeR1cs(system: R1cs): Uint8Array {
  return concatBytes(r1csChunks(sourceOf(system)));
}

/** Coefficients as the file has them, eight words each. The list grows with every batch. */
class CoefficientWords {
  private words = new Uint32Array(8 * 1024);
  private count = 0;

  of(values: readonly bigint[]): Uint32Array {
    if (values.length * 8 > this.words.length) {
      const words = new Uint32Array(values.length * 16);
      words.set(this.words);
      this.words = words;
    }
    for (; this.count < values.length; this.count++) writeWords(values[this.count], this.words, this.count * 8);
    return this.words;
  }
}

function rowWords(matrix: SparseMatrix, row: number): number {
  return 1 + 9 * (matrix.offsets[row + 1] - matrix.offsets[row]);
}

/** Words of a row that is looked for among those before, at least and, to keep memory small, at most. */
const [LONG_WORDS, LONGEST_WORDS] = [1 + 9 * 64, 1 << 18];
/** Rows that are remembered: the windows of a pooling take turns. */
const REMEMBERED = 8;

/** A long row of which others may have the coefficients. */
interface KnownRow {
  readonly length: number;
  /** Its first, middle and last coefficient, by id: other rows seldom have the same. */
  readonly marks: readonly number[];
  /** Not until a second row has the same marks, for in most layers none has. */
  readonly whole?: { readonly ids: Uint32Array; readonly words: Uint32Array };
}

/**
 * Writes long rows. Those of a convolution have the same coefficients over other wires at most positions: such a row is
 * copied from the one before, and only its wires are written.
 */
class LongRows {
  private readonly known: KnownRow[] = [];
  private next = 0;

  /** `out`: the row's words, all of them. */
  write(matrix: SparseMatrix, row: number, coefficients: Uint32Array, out: Uint32Array): void {
    const start = matrix.offsets[row];
    const ids = matrix.values.subarray(start, matrix.offsets[row + 1]);
    const { length } = ids;
    const marks = [ids[0], ids[length >> 1], ids[length - 1]];
    const place = this.known.findIndex(
      (known) => known.length === length && known.marks.every((mark, k) => mark === marks[k]),
    );
    const whole = place < 0 ? undefined : this.known[place].whole;
    if (whole !== undefined && areEqual(whole.ids, ids)) {
      out.set(whole.words);
      for (let k = 0, at = 1; k < length; k += 1, at += 9) out[at] = matrix.wires[start + k];
      return;
    }
    writeRow(matrix, row, coefficients, out, 0);
    if (place >= 0) {
      this.known[place] = { length, marks, whole: { ids: ids.slice(), words: out.slice() } };
      return;
    }
    this.known[this.next] = { length, marks };
    this.next = (this.next + 1) % REMEMBERED;
  }
}

function areEqual(a: Uint32Array, b: Uint32Array): boolean {
  for (let k = 0; k < a.length; k += 1) if (a[k] !== b[k]) return false;
  return true;
}

function writeRow(matrix: SparseMatrix, row: number, coefficients: Uint32Array, out: Uint32Array, at: number): void {
  const end = matrix.offsets[row + 1];
  out[at++] = end - matrix.offsets[row];
  for (let entry = matrix.offsets[row]; entry < end; entry++) {
    out[at++] = matrix.wires[entry];
    const value = matrix.values[entry] * 8;
    // Unrolled: as a loop this took twice as long as the rest of the function.
    out[at] = coefficients[value];
    out[at + 1] = coefficients[value + 1];
    out[at + 2] = coefficients[value + 2];
    out[at + 3] = coefficients[value + 3];
    out[at + 4] = coefficients[value + 4];
    out[at + 5] = coefficients[value + 5];
    out[at + 6] = coefficients[value + 6];
    out[at + 7] = coefficients[value + 7];
    at += 8;
  }
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
