/** How results read on a terminal. */
import type { ComparedAccuracy } from '../workflow/compile.js';
import type { LayerReport } from '../workflow/report.js';
import type { OutputReport } from '../workflow/outputs.js';
import { table } from './table.js';

export function printLayers(layers: readonly LayerReport[]): string {
  return table(
    ['layer', 'op', 'shape', 'constraints', 'bits'],
    layers.map(({ name, op, shape, constraints, bits }) => [name, op ?? '', shape?.join('×') ?? '', constraints, bits]),
  );
}

/** Share of the outputs' range, or of the samples, from which on a difference gets a warning. */
const STRAYED = 0.1;

export function printAccuracy(accuracy: ComparedAccuracy): string {
  const share = (value: number): string => `${(100 * value).toFixed(2)} %`;
  const lines = [
    `against ${accuracy.reference === 'onnxruntime' ? 'float32 (onnxruntime)' : "this package's own float evaluator (onnxruntime refused the file)"} on ${accuracy.samples} samples, outputs spanning ${accuracy.outputRange.toPrecision(4)}:`,
    `  maximum error ${accuracy.maximumError.toPrecision(3)}, mean error ${accuracy.meanError.toPrecision(3)}`,
  ];
  if (accuracy.classAgreement !== undefined) lines.push(`  same class: ${share(accuracy.classAgreement)}`);
  if (accuracy.maximumError > STRAYED * accuracy.outputRange || (accuracy.classAgreement ?? 1) < 1 - STRAYED) {
    lines.push('  warning: the integer model is far from the float network here; calibrate with samples like those it will see (--calibration), or take more --activation-bits');
  }
  return lines.join('\n');
}

/** Elements of an output shown before the rest is counted. */
const SHOWN = 12;

export function printOutputs(outputs: readonly OutputReport[]): string {
  return outputs
    .map(({ name, integers, values, class: predicted, omitted }) => {
      const shown = values.slice(0, SHOWN).map((value) => value.toPrecision(5));
      const rest = values.length > SHOWN ? ` … ${values.length - SHOWN} more` : '';
      return [
        `output ${name}${omitted ? ` (scores before ${omitted}, which is not proved)` : ''}:`,
        `  integers ${integers.slice(0, SHOWN).join(' ')}${rest}`,
        `  values   ${shown.join(' ')}${rest}`,
        ...(predicted === undefined ? [] : [`  class    ${predicted}`]),
      ].join('\n');
    })
    .join('\n');
}

export function printSeconds(seconds: number): string {
  return seconds < 1 ? `${(1000 * seconds).toFixed(0)} ms` : `${seconds.toFixed(2)} s`;
}

export function printNotes(notes: readonly string[]): string {
  return notes.map((note) => `note: ${note}`).join('\n');
}
