/** What a proved inference says: its outputs as integers and as reals, and the class where they are scores. */
import type { Manifest } from '../manifest.js';
import { unpackIntegers } from '../compile/packing.js';
import { classOf } from '../quantize/accuracy.js';
import { dequantize } from '../integer/encode.js';
import { sizeOf } from '../tensor/shape.js';

export interface OutputReport {
  readonly name: string;
  readonly shape: readonly number[];
  /** real = scale * integer */
  readonly scale: number;
  readonly integers: readonly number[];
  readonly values: readonly number[];
  /**
   * Index of the largest score, where the output is known to be scores of classes, and what the class is called; of an
   * output of labels, the labels.
   */
  readonly class?: number;
  readonly label?: string;
  /** The same of a batch: of each row. */
  readonly classes?: readonly number[];
  /** Set where the network ended in a softmax that the proof leaves out: the values are the scores before it. */
  readonly omitted?: 'Softmax' | 'LogSoftmax' | 'Sigmoid';
}

export function describeOutputs(
  manifest: Pick<Manifest, 'outputs' | 'batch'>,
  integers: readonly Float64Array[],
): OutputReport[] {
  return manifest.outputs.map(({ name, shape, scale, scores, labels, omitted }, k) => ({
    name,
    shape,
    scale,
    integers: Array.from(integers[k]),
    values: Array.from(dequantize(integers[k], scale)),
    ...(scores
      ? classesAmong(integers[k], labels, manifest.batch)
      : labels === undefined
        ? {}
        : { label: namedBy(integers[k], labels) }),
    ...(omitted ? { omitted } : {}),
  }));
}

/** What a tensor of strings says: its elements are positions among the labels. */
function namedBy(positions: Float64Array, labels: readonly string[]): string {
  return Array.from(positions, (position) => labels[position] ?? String(position)).join(', ');
}

function classesAmong(
  scores: Float64Array,
  labels: readonly string[] | undefined,
  batch: number | undefined,
): Pick<OutputReport, 'class' | 'label' | 'classes'> {
  if (batch === undefined) return classAmong(scores, labels);
  const inRow = scores.length / batch;
  const classes = Array.from({ length: batch }, (_, row) => classOf(scores.subarray(row * inRow, (row + 1) * inRow)));
  return { classes, ...(labels === undefined ? {} : { label: namedBy(Float64Array.from(classes), labels) }) };
}

function classAmong(
  scores: Float64Array,
  labels: readonly string[] | undefined,
): { readonly class: number; readonly label?: string } {
  const index = classOf(scores);
  return { class: index, ...(labels?.[index] === undefined ? {} : { label: labels[index] }) };
}

/** The outputs that public signals carry; undefined where the build keeps them hashed or private. */
export function outputsFromSignals(
  manifest: Pick<Manifest, 'outputs' | 'publicSignals' | 'visibility' | 'batch'>,
  signals: readonly string[],
): OutputReport[] | undefined {
  if (manifest.visibility.output !== 'public') return undefined;
  const words = manifest.outputs.map((_, tensor) =>
    signals
      .filter((_, i) => manifest.publicSignals[i].kind === 'output' && manifest.publicSignals[i].tensor === tensor)
      .map(BigInt),
  );
  return describeOutputs(
    manifest,
    manifest.outputs.map(({ shape, packing }, tensor) => unpackIntegers(words[tensor], sizeOf(shape), packing)),
  );
}
