/**
 * A proved score: how a model does on a data set with labels. The data set is cut into chunks of as many rows as the
 * build's batch has, each committed to with its labels; the commitments are the leaves of a tree, and a proof of a chunk
 * says how many of its rows the model takes for which class.
 *
 * The trap: salts decide the commitments, and so the data set's identity. They are written before the first proof, and
 * a run that goes on must find the same rows under them.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAtomic, makeFolder, writeAtomic } from '../atomic-file.js';
import type { Groth16Backend } from '../groth16/types.js';
import { encodeRun } from '../integer/batch.js';
import { uncounted } from '../integer/tally.js';
import type { Manifest } from '../manifest.js';
import { FIELD_MODULUS } from '../r1cs/types.js';
import { arrayOf, decimalAt, fieldAt, integerAt, literal, objectAt, ShapeMismatch, textLike } from '../json-shape.js';
import { parseJson } from '../user-json.js';
import { joinSamples } from './batch-input.js';
import { samplesHash } from './compile.js';
import { datasetTree, type DatasetTree } from './dataset-tree.js';
import { ScoreError } from './errors.js';
import { randomSalt } from './inference.js';
import type { Sample } from './input-json.js';
import { proofFromJson, proofToJson, type ProofFile } from './proof-file.js';
import { openProver, type Prover } from './prove.js';
import { publicSignalsOf } from './public-signals.js';
import { verifyProof } from './verify.js';

/** Rows, and the position of each one's class among the scores. */
export interface LabelledRows {
  readonly rows: readonly Sample[];
  readonly labels: readonly number[];
}

/** A chunk that was proved. */
export interface ProvedChunk {
  readonly commitment: bigint;
  readonly file: ProofFile;
  /** Sisters in the data set's tree. */
  readonly path: readonly string[];
}

export interface Score {
  readonly dataset: Omit<DatasetTree, 'path'>;
  readonly rows: number;
  readonly right: number;
  /** Element [label][taken]: rows with this label that the model takes for that class. */
  readonly confusion: readonly (readonly number[])[];
  readonly chunks: readonly ProvedChunk[];
  /** Chunks that an earlier run had proved. */
  readonly resumed: number;
}

export interface ScoreOptions extends LabelledRows {
  readonly backend: Groth16Backend;
  /** Where salts and proofs are kept, and found again. */
  readonly out: string;
  readonly onChunk?: (done: number, of: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Proves what is not proved yet, chunk by chunk, and adds up. @throws ScoreError where the build tallies nothing, the
 * data do not fit, or the folder holds the score of others
 */
export async function scoreBuild(folder: string, options: ScoreOptions): Promise<Score> {
  const { backend, out, onChunk, signal } = options;
  const prover = await openProver(folder, backend);
  try {
    const { manifest } = prover;
    const classes = classesOfTally(folder, manifest);
    const samples = chunksOf(options, classes, manifest);
    const salts = await saltsOf(out, options, manifest, samples.length);
    const signals = publicSignalsOf(prover.model, manifest.visibility);
    const commitments = samples.map(
      (sample, i) => signals.ofPort('input', encodeRun(prover.model, sample), salts[i])[0],
    );
    const tree = datasetTree(commitments, options.rows.length);
    const chunks: ProvedChunk[] = [];
    let resumed = 0;
    for (const [i, sample] of samples.entries()) {
      signal?.throwIfAborted();
      const path = join(out, `chunk-${i}.json`);
      const known = await provedBefore(folder, backend, { path, manifest, commitment: commitments[i] });
      if (known !== undefined) resumed += 1;
      const file = known ?? (await proveChunk(prover, path, sample, salts[i], signal));
      chunks.push({ commitment: commitments[i], file, path: tree.path(i) });
      onChunk?.(i + 1, samples.length);
    }
    const confusion = await addUp(folder, backend, chunks, classes);
    const counted = confusion.flat().reduce((sum, count) => sum + count, 0);
    if (counted !== options.rows.length)
      throw new ScoreError(`${counted} rows are counted of ${options.rows.length}; please report it with the model`);
    return {
      dataset: { root: tree.root, id: tree.id },
      rows: counted,
      right: confusion.reduce((sum, row, label) => sum + row[label], 0),
      confusion,
      chunks,
      resumed,
    };
  } finally {
    await prover.close();
  }
}

/** Labels from a JSON array of numbers, or from the `labels` of a file of samples. @throws ScoreError */
export function parseRowLabels(text: string, source: string): number[] {
  try {
    const value: unknown = parseJson(text);
    return arrayOf(integerAt)(Array.isArray(value) ? value : objectAt(value, '').labels, 'labels');
  } catch (cause) {
    if (!(cause instanceof ShapeMismatch || cause instanceof SyntaxError)) throw cause;
    throw new ScoreError(
      `${source} names no labels (${cause.message}); give a JSON array with the position of each row's class, --labels FILE`,
      { cause },
    );
  }
}

/** @throws ScoreError */
function classesOfTally(folder: string, { summed, outputs, visibility }: Manifest): number {
  if (!summed)
    throw new ScoreError(`${folder} proves outputs, not scores; compile the model with --tally and --batch ROWS`);
  if (visibility.input !== 'hashed' || visibility.output !== 'public') {
    throw new ScoreError(
      `${folder}: a score needs a commitment to its rows and public counts; compile with --input-visibility hashed and --output-visibility public`,
    );
  }
  return outputs[0].shape[0];
}

/** Batches with their labels; the last is filled up with rows that are not counted. @throws ScoreError */
function chunksOf({ rows, labels }: LabelledRows, classes: number, { inputs, batch = 1 }: Manifest): Sample[] {
  if (rows.length === 0 || rows.length !== labels.length)
    throw new ScoreError(
      `${rows.length} rows and ${labels.length} labels; give one label for each row, and one row at least`,
    );
  const wrong = labels.findIndex((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  if (wrong >= 0) {
    throw new ScoreError(
      `label ${wrong} is ${labels[wrong]}; labels are the positions of classes among the scores, 0 to ${classes - 1}`,
    );
  }
  return Array.from({ length: Math.ceil(rows.length / batch) }, (_, chunk) => {
    const labelled = Array.from({ length: batch }, (__, i): Sample => {
      const row = chunk * batch + i;
      const isRow = row < rows.length;
      return [...rows[isRow ? row : rows.length - 1], Float64Array.of(isRow ? labels[row] : uncounted(classes))];
    });
    return joinSamples(labelled, { inputs, batch });
  });
}

/** Salts of the chunks: those on file, else new ones, put on file. @throws ScoreError where they are of other data */
async function saltsOf(
  out: string,
  { rows, labels }: LabelledRows,
  { circuitHash }: Manifest,
  count: number,
): Promise<bigint[]> {
  const path = join(out, 'dataset.json');
  const dataHash = samplesHash([...rows, [Float64Array.from(labels)]]);
  if ((await readIfThere(path)) === undefined) {
    const salts = Array.from({ length: count }, randomSalt);
    await makeFolder(out);
    const text = JSON.stringify({ format: FORMAT, circuitHash, dataHash, salts: salts.map(String) }, null, 1);
    // Where another run was first, its salts are the data set's: whoever replaced them could never open what it records.
    await createAtomic(path, [`${text}\n`], 0o600);
  }
  const known = datasetFrom(await readFile(path, 'utf8'), path);
  if (known.circuitHash !== circuitHash || known.dataHash !== dataHash || known.salts.length !== count) {
    throw new ScoreError(
      `${path} is of another circuit or of other rows; name another folder with --out, or remove it with its chunks`,
    );
  }
  return known.salts;
}

const FORMAT = 'zkinfer-score-dataset';
const hashAt = textLike(/^0x[0-9a-f]{64}$/, 'not a SHA-256 in hex');

function datasetFrom(text: string, path: string) {
  try {
    const object = objectAt(parseJson(text), '');
    fieldAt(object, 'format', '', literal(FORMAT));
    const salts = fieldAt(object, 'salts', '', arrayOf(decimalAt)).map(BigInt);
    if (salts.some((salt) => salt >= FIELD_MODULUS)) throw new ShapeMismatch('salts', 'not field elements');
    return {
      circuitHash: fieldAt(object, 'circuitHash', '', hashAt),
      dataHash: fieldAt(object, 'dataHash', '', hashAt),
      salts,
    };
  } catch (cause) {
    if (!(cause instanceof ShapeMismatch || cause instanceof SyntaxError)) throw cause;
    throw new ScoreError(`${path} is not what \`zkinfer score\` writes (${cause.message})`, { cause });
  }
}

/** A chunk's proof on file, if it is one: of this commitment, for anybody, and valid. */
async function provedBefore(
  folder: string,
  backend: Groth16Backend,
  { path, manifest, commitment }: { readonly path: string; readonly manifest: Manifest; readonly commitment: bigint },
): Promise<ProofFile | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  let file: ProofFile;
  try {
    file = proofFromJson(text, path);
  } catch {
    // A proof that cannot be read is made again, as one that is missing.
    return undefined;
  }
  const stated = file.publicSignals.filter((_, i) => manifest.publicSignals[i]?.kind === 'inputCommitment');
  const isOfChunk = stated.length === 1 && BigInt(stated[0]) === commitment && file.publicSignals.at(-1) === '0';
  return isOfChunk && (await verifyProof(folder, backend, file)).valid ? file : undefined;
}

async function proveChunk(
  prover: Prover,
  path: string,
  sample: Sample,
  salt: bigint,
  signal: AbortSignal | undefined,
): Promise<ProofFile> {
  const { proof, publicSignals } = await prover.prove(sample, { context: 0n, salts: { input: String(salt) }, signal });
  const file = { proof, publicSignals };
  await writeAtomic(path, [proofToJson(file)]);
  return file;
}

/** The sum of what the chunks' proofs say. @throws ScoreError where one is not valid */
async function addUp(
  folder: string,
  backend: Groth16Backend,
  chunks: readonly ProvedChunk[],
  classes: number,
): Promise<number[][]> {
  const sums = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (const [i, { file }] of chunks.entries()) {
    const { valid, outputs } = await verifyProof(folder, backend, file);
    if (!valid || outputs === undefined) throw new ScoreError(`the proof of chunk ${i} is not valid; run score again`);
    outputs[0].integers.forEach((count, cell) => (sums[Math.floor(cell / classes)][cell % classes] += count));
  }
  return sums;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
